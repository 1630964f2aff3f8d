"""A shop of one reward whose units are codes, and what must hold of it after any import."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest

from chalicelib.catalog.codes import service, store
from chalicelib.catalog.codes.model import Import, State
from chalicelib.catalog.codes.service import Request
from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.stock.model import Mode, StockPlan
from chalicelib.kernel.errors import Contended, Unavailable
from chalicelib.storage.table import connection
from chalicelib.storage.work import Work
from tests.builders import NOW, REWARD_ID, a_reward
from tests.crashes import Hours
from tests.faults import faults
from tests.rows import of_sort

FEW: Final = [f"SPRING-{number:04d}" for number in range(120)]
"""Three batches."""
MANY: Final = [f"AUTUMN-{number:04d}" for number in range(1_020)]
"""One chunk and a batch of the next."""


@dataclass
class Watch:
    """A monotonic clock that goes on by so much at each look."""

    step: float
    seconds: float = 0.0

    def elapsed(self) -> float:
        """Return how late it is."""
        self.seconds += self.step
        return self.seconds


def a_work() -> Work:
    hours = Hours()
    return Work(NOW, pause=hours.pause, elapsed=hours.elapsed)


@dataclass
class Shop:
    """One reward of codes, and whoever imports them."""

    work: Work = field(default_factory=a_work)

    def open(self) -> None:
        """Put the reward on the shelf, without codes."""
        wanted = a_reward(stock=StockPlan(REWARD_ID, Mode.CODED))
        rewards.create(self.work, wanted, by="op", fingerprint=b"f")

    def upload(self, codes: Sequence[str], key: str = "k") -> Import:
        """Look a file over."""
        request = Request("op", "POST /codes", key, fingerprint=key.encode())
        return service.upload(self.work, request, reward_id=REWARD_ID, csv="\n".join(codes)).told

    def execute(self, told: Import, work: Work | None = None) -> Import:
        """Execute an import."""
        return service.execute(work or self.work, REWARD_ID, import_id=told.id, by="op")

    def insist(self, told: Import) -> Import:
        """Execute an import until nothing is left of it, as an operator does."""
        while True:
            try:
                told = self.execute(told)
            except (Contended, Unavailable):
                continue
            if told.state is State.DONE:
                return told

    def show(self, told: Import) -> Import:
        """Return an import as anybody sees it."""
        return service.show(self.work, REWARD_ID, import_id=told.id)

    def plan(self) -> StockPlan:
        """Return the reward's supply as it is now."""
        return rewards.present(self.work, REWARD_ID).stock


def shelf() -> dict[int, str]:
    """Return every code by its number."""
    numbers = sorted(int(item["s"]["S"][2:]) for item in of_sort("U#"))
    codes = service.reveal(a_work(), REWARD_ID, numbers=numbers)
    return dict(zip(numbers, codes, strict=True))


def assert_exact(codes: Sequence[str], shop: Shop) -> None:
    """Assert that each code is there once, under its claim's number, sellable, and only there."""
    found = shelf()
    assert sorted(found.values()) == sorted(codes)
    claims = store.claims_of(shop.work, REWARD_ID, codes=codes)
    assert claims == {code: number for number, code in found.items()}
    assert len(of_sort("C")) - len(of_sort("C#")) == len(codes)
    assert shop.plan().made == max(found, default=-1) + 1
    assert [item for item in of_sort("C#") if "c" in item] == []


@contextmanager
def between(call: int, deed: Callable[[], object]) -> Iterator[list[str]]:
    """Let something happen right before the call of that number, which counts from 0."""
    made: list[str] = []

    def before_send(request: AWSPreparedRequest, **_: object) -> None:
        made.append(str(request.headers["X-Amz-Target"]))
        if len(made) == call + 1:
            events.unregister("before-send.dynamodb", handler)
            deed()
            events.register_first("before-send.dynamodb", handler)

    events = connection().connection.client.meta.events
    handler: Any = before_send
    events.register_first("before-send.dynamodb", handler)
    try:
        yield made
    finally:
        events.unregister("before-send.dynamodb", handler)


def calls_of(shop: Shop, told: Import) -> int:
    """Return how many calls an execution makes that nobody disturbs."""
    with faults() as calls:
        assert shop.execute(told).state is State.DONE
    return len(calls.made)

"""The real program under the state machine's hands, beside the model of it.

Every request is sent through the app to a real engine, under the faults that were drawn for it: it
is sent again when the process "died", as any client would. Then its answer is compared with what
the model expects, and where nothing should be written, the table is compared byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from botocore.awsrequest import AWSPreparedRequest

from chalicelib.ledger.wallets import service as wallets
from chalicelib.storage.table import connection
from chalicelib.storage.work import Work
from tests.books import Raw, scan
from tests.events import Api, Json, Reply
from tests.faults import Crashed, Fault, faults
from tests.invariants import check_all
from tests.mall import Mall, id_of, made
from tests.properties.deeds import CHANNELS, Deed, as_member
from tests.properties.facts import Expected, Name
from tests.properties.model import Program
from tests.properties.shelves import CODED, NUMBERED, Shelves

ADDRESS: Final = {
    "name": "林小雨",
    "phone": "+8613800000001",
    "line1": "南京西路 1 号",
    "city": "上海",
    "country": "CN",
}
STRANGE_REWARD: Final = "rwd_00000000000"
CHANGING: Final = frozenset(
    (
        *("status", "fulfilment", "tracking", "returned", "numbers"),
        *("made", "free", "taken", "withdrawn", "shards"),
    )
)
"""What an answer tells as of now, also where the request came before."""
PAGE: Final = 100
SECOND: Final = timedelta(seconds=1)

Plans = Sequence[Mapping[int, Fault]]
"""The faults of each attempt at a request, by the number of the call; then it goes undisturbed."""
T = TypeVar("T")


@dataclass
class World:
    """A mall, the model of it, and the first answer to everything that has one for ever.

    `done` are the deeds with such an answer, `seen` the codes that each order's member saw.
    """

    mall: Mall
    program: Program
    answers: dict[object, Json] = field(default_factory=dict)
    done: dict[object, Deed] = field(default_factory=dict)
    seen: dict[Name, list[str]] = field(default_factory=dict)

    @classmethod
    def opened(cls, mall: Mall) -> World:
        """Return a mall with two channels and a shelf, and its model."""
        document = mall.marketing.get("/admin/program")
        body = document.json | {"channels": {who.client: name for name, who in CHANNELS.items()}}
        tag = {"If-Match": document.headers["etag"]}
        made(mall.marketing.put("/admin/program", body, headers=tag), 200)
        world = cls(mall, Program(mall.clock.instant))
        Shelves(mall, world.program).fill()
        return world

    @property
    def rewards(self) -> list[str]:
        return list(self.program.rewards)

    @property
    def work(self) -> Work:
        return Work(self.mall.clock.instant)

    def tick(self) -> None:
        """Let a second pass, so that no two requests come at once."""
        self.move_to(self.program.now + SECOND)

    def move_to(self, instant: datetime) -> None:
        self.mall.clock.instant = instant
        self.program.move_to(instant)

    def do(self, deed: Deed, plans: Plans) -> Reply:
        """Send a request through its faults, and compare what came of it with the model."""
        expected = deed.judge(self.program)
        before = [] if expected.writes else written()
        reply = endured(plans, deed.send)
        fault = disagreement(expected, reply, again=bool(plans))
        assert not fault, (fault, expected, reply.text)
        assert expected.writes or written() == before, "something was written"
        self._remember(deed, reply)
        return reply

    def race(self, first: Deed, second: Deed) -> None:
        """Let the second request through just before the first one writes.

        Both answers must be those of one order or the other. The second one's own writes came
        first; only a refusal of the first may have been decided before.
        """
        replies: list[Reply] = []
        with just_before_a_write(lambda: replies.append(second.send())):
            reply = first.send()
        other = replies[0] if replies else second.send()
        orders = ((second, first), (first, second)) if replies else ((first, second),)
        faults: list[str] = []
        for order in orders:
            program = deepcopy(self.program)
            expected = {id(deed): deed.judge(program) for deed in order}
            found = [
                disagreement(expected[id(first)], reply),
                disagreement(expected[id(second)], other),
            ]
            if not any(found):
                self.program = program
                self._remember(first, reply)
                self._remember(second, other)
                return
            faults += found
        raise AssertionError(faults)

    def _remember(self, deed: Deed, reply: Reply) -> None:
        """Hold the first good answer to a request against every further one."""
        if deed.name is None or reply.status >= 300:
            return
        lasts = {name: fact for name, fact in reply.json.items() if name not in CHANGING}
        assert self.answers.setdefault(deed.name, lasts) == lasts
        self.done[deed.name] = deed
        for order in [one for name, one in self.program.orders.items() if name == deed.name]:
            order.id = reply["id"]

    def saw(self, name: Name, codes: list[str]) -> None:
        """Remember what somebody saw of an order: the same codes for ever, or the first of them.

        No code is ever shown with two orders.
        """
        known = self.seen.get(name, codes)
        few, many = sorted((known, codes), key=len)
        assert many[: len(few)] == few, (name, known, codes)
        assert len(set(codes)) == len(codes), codes
        others = {code for other, told in self.seen.items() if other != name for code in told}
        assert others.isdisjoint(codes), (name, codes)
        assert set(codes) <= self.program.rewards[self.rewards[CODED]].codes
        self.seen[name] = many

    def exempt(self, subject: str, until: date | None, plans: Plans) -> None:
        """Set an exemption, which no route does yet."""
        self.program.exempt(subject, until)
        endured(plans, lambda: wallets.exempt(self.work, id_of(subject), until=until))

    def wallets_agree(self) -> None:
        """Compare every wallet with the model's."""
        for subject in self.program.members:
            told = as_member(self.mall, subject).get("/me/wallet")
            assert told.json == self.program.wallet(subject), subject

    def all_agrees(self) -> None:
        """Compare orders, journals and stock with the model's, and check every invariant."""
        numbers: list[int] = []
        for subject in self.program.members:
            numbers += self._orders_agree(subject)
        for subject, member in self.program.members.items():
            entries = self._pages(as_member(self.mall, subject), "/me/journal")
            seen = [(entry["reason"], entry["balance_after"]) for entry in reversed(entries)]
            assert seen == member.journal, subject
        for reward in self.program.rewards.values():
            if reward.free is not None:
                told = self.mall.marketing.get(f"/admin/rewards/{reward.id}/stock").json
                assert told == {**reward.told(), "shards": told["shards"]}, reward
        made_so_far = self.program.rewards[self.rewards[NUMBERED]].made
        assert len(set(numbers)) == len(numbers), numbers
        assert set(numbers) <= set(range(1, made_so_far + 1)), numbers
        queue = [order["id"] for order in self._pages(self.mall.support, "/admin/orders")]
        assert queue == [order.id for order in self.program.waiting()]
        check_all(self.work)

    def _orders_agree(self, subject: str) -> list[int]:
        """Compare a member's orders with the model's; return the numbers of their units.

        Listing them ends those that waited too long, newest first.
        """
        placed = {o.id: o for o in self.program.orders.values() if o.subject == subject}
        listed = self._pages(as_member(self.mall, subject), "/orders")
        assert [one["id"] for one in listed if one["id"] not in placed] == []
        assert len(listed) == len(placed), subject
        instants = [one["placed_at"] for one in listed]
        assert instants == sorted(instants, reverse=True)
        numbers: list[int] = []
        for one in listed:
            order = placed[one["id"]]
            self.program.look(order)
            assert {**one, **order.told()} == one, (one, order)
            known = one["numbers"] or []
            numbered = order.reward.mode == "numbered"
            assert len(known) == (order.kept if numbered else 0), one
            numbers += known
        return numbers

    def _pages(self, api: Api, path: str) -> list[Json]:
        found: list[Json] = []
        cursor = ""
        while True:
            page = api.get(f"{path}?limit={PAGE}{cursor}").json
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"


def written() -> list[Raw]:
    """Return the whole table, without what a refusal may write: tries, and drawn numbers."""
    return [item for item in scan() if item["s"]["S"] != "N" and item["p"]["S"][:6] != "tries#"]


def disagreement(expected: Expected, reply: Reply, *, again: bool = False) -> str:
    """Return how an answer differs from the model's; `again` allows that of a request repeated."""
    if again and expected.again and reply.status == expected.again != expected.status:
        return "" if reply.status >= 400 else _facts_apart(expected, reply)
    if (reply.status, reply.code) != (expected.status, expected.code):
        return f"{reply.status} {reply.code} is not {expected.status} {expected.code}"
    return _facts_apart(expected, reply)


def _facts_apart(expected: Expected, reply: Reply) -> str:
    apart = {name for name, fact in expected.facts.items() if reply[name] != fact}
    return f"{sorted(apart)} are not {expected.facts}: {reply.text}" if apart else ""


@contextmanager
def just_before_a_write(action: Callable[[], None]) -> Iterator[None]:
    """Run an action when the first transaction within is about to be sent."""
    done: list[bool] = []

    def interrupt(request: AWSPreparedRequest, **_: object) -> None:
        if not done and b"TransactWriteItems" in bytes(str(request.headers), "utf-8"):
            done.append(True)
            action()

    events = connection().connection.client.meta.events
    # The stubs know only handlers without an answer.
    handler: Any = interrupt
    events.register_first("before-send.dynamodb", handler)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb", handler)


def endured(plans: Plans, request: Callable[[], T]) -> T:
    """Return what a request returns when it is sent again after each death of the process."""
    for plan in plans:
        try:
            with faults(plan):
                return request()
        except Crashed:
            continue
    return request()

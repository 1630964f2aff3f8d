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
from tests.events import Api, Json, Reply
from tests.faults import Crashed, Fault, faults
from tests.invariants import check_all, snapshot
from tests.mall import Mall, a_reward, id_of, made
from tests.properties.deeds import CHANNELS, Deed, as_member
from tests.properties.facts import Expected, Reward
from tests.properties.model import Program

ADDRESS: Final = {
    "name": "林小雨",
    "phone": "+8613800000001",
    "line1": "南京西路 1 号",
    "city": "上海",
    "country": "CN",
}
STRANGE_REWARD: Final = "rwd_00000000000"
PAGE: Final = 100
SECOND: Final = timedelta(seconds=1)

Plans = Sequence[Mapping[int, Fault]]
"""The faults of each attempt at a request, by the number of the call; then it goes undisturbed."""
T = TypeVar("T")


@dataclass
class World:
    """A mall, the model of it, and the first answer to everything that has one for ever."""

    mall: Mall
    program: Program
    rewards: list[str] = field(default_factory=list)
    answers: dict[object, Json] = field(default_factory=dict)

    @classmethod
    def opened(cls, mall: Mall) -> World:
        """Return a mall with two channels and a shelf, and its model."""
        document = mall.marketing.get("/admin/program")
        body = document.json | {"channels": {who.client: name for name, who in CHANNELS.items()}}
        tag = {"If-Match": document.headers["etag"]}
        made(mall.marketing.put("/admin/program", body, headers=tag), 200)
        world = cls(mall, Program(mall.clock.instant))
        world._fill_the_shelf()
        return world

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
        before = b"" if expected.writes else snapshot(self.work)
        reply = endured(plans, deed.send)
        fault = disagreement(expected, reply, again=bool(plans))
        assert not fault, (fault, expected, reply.text)
        assert expected.writes or snapshot(self.work) == before, "something was written"
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
        if deed.name is not None and reply.status < 300:
            assert self.answers.setdefault(deed.name, reply.json) == reply.json

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
        """Compare journals, orders and stock with the model's, and check every invariant."""
        for subject, member in self.program.members.items():
            api = as_member(self.mall, subject)
            entries = self._pages(api, "/me/journal")
            seen = [(entry["reason"], entry["balance_after"]) for entry in reversed(entries)]
            assert seen == member.journal, subject
            orders = self._pages(api, "/orders")
            placed = [self.answers[name] for name in self.program.orders if name[0] == subject]
            instants = [order["placed_at"] for order in orders]
            assert instants == sorted(instants, reverse=True)
            assert {order["id"]: order for order in orders} == {one["id"]: one for one in placed}
        for reward in self.program.rewards.values():
            if reward.free is not None:
                told = self.mall.marketing.get(f"/admin/rewards/{reward.id}/stock")
                assert (told["made"], told["free"]) == (reward.made, reward.free)
        check_all(self.work)

    def _pages(self, api: Api, path: str) -> list[Json]:
        found: list[Json] = []
        cursor = ""
        while True:
            page = api.get(f"{path}?limit={PAGE}{cursor}").json
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def _fill_the_shelf(self) -> None:
        opens, closes = self.program.now + timedelta(days=30), self.program.now + timedelta(400)
        window = {"from": f"{opens:%FT%TZ}", "until": f"{closes:%FT%TZ}"}
        few = {"mode": "counted", "units": 3}
        self._shelve([50, 3])
        self._shelve([2], stock=few)
        self._shelve([5], limits={"day": 2, "month": 3})
        self._shelve([1], stock=few | {"units": 5, "peak_per_second": 4}, limits={"ever": 3})
        self._shelve([1], limits={"week": 2})
        self._shelve([1], redeemable=window)
        self._shelve([1], audience={"standing": "gold"})

    def _shelve(
        self, prices: list[int], limits: Mapping[str, int] | None = None, **more: Any
    ) -> None:
        told = [{"per": per, "units": units} for per, units in (limits or {}).items()]
        options = [{"points": points} for points in prices]
        body = a_reward(options=options, limits=told, **more)
        key = f"reward-{len(self.rewards)}"
        reward_id = made(self.mall.marketing.post("/admin/rewards", body, key=key), 201)["id"]
        units = more.get("stock", {}).get("units")
        reward = Reward(reward_id, prices, units, units or 0, limits or {})
        if window := more.get("redeemable"):
            reward.opens = datetime.fromisoformat(window["from"])
            reward.closes = datetime.fromisoformat(window["until"])
        reward.for_everyone = "audience" not in more
        self.program.rewards[reward_id] = reward
        self.rewards.append(reward_id)


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

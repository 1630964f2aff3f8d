"""What must be true in every world, and of what becomes of it when everybody dies there.

- Everywhere: all invariants of the table; who is released can no longer be paid; who has settled
  was paid as asked; nobody is answered with a mistake of ours.
- From everywhere: all actors stop for ever, and only what comes by itself goes on: the jobs, and
  with them or without them Stripe's webhooks. When that is quiet, nothing waits any more, and an
  order is settled exactly if one payment of its amount was taken and not given back.

Recovery begins with the deadline's passing; what a key's kept failure holds up goes on a day later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chalicelib.gateways.payments.model import Intent, IntentStatus
from chalicelib.program.documents import service as documents
from chalicelib.storage.work import Work
from tests.books import books_of, plain, shape_of
from tests.events import Reply
from tests.interleavings.actors import Send
from tests.interleavings.engine import raw_of
from tests.interleavings.scheduler import BATCH_READ, NAMES, TRANSACTION, Scheduler, World
from tests.invariants import INVARIANTS
from tests.saga.ground import Place, Whole, outside_of
from tests.saga.parts import A_DAY, Parts
from tests.saga.stripe import PAYABLE, Account

SETTLED: Final = frozenset({"settled", "partly_refunded"})
DEAD: Final = frozenset({"cancelled", "expired"})
WAITING: Final = frozenset({"awaiting_payment", "in_review"})
UNAVAILABLE: Final = 503
BROKEN: Final = 500
WHOLE: Final = frozenset({TRANSACTION, BATCH_READ})
"""Operations that take one step: what is seen between the parts of one, `tests.interleavings`
shows for every two requests, and `make explore` here."""

Row = Mapping[str, Any]


def state_of(world: World) -> tuple[object, ...]:
    """Return what tells worlds apart here: of who is done only how he was answered."""
    return (world.stand.digest, *(_state(one.next, one) for one in world.players))


def _state(end: object, player: Any) -> object:
    if isinstance(end, Reply):
        return end.status
    return (player.heard, player.begun, player.parts)


@dataclass
class Verdict:
    """Judges the worlds of one tale; `may_fail`: Stripe is spoiled in it.

    `is_dishonest`: its Stripe lets a cancelled payment be paid, so only webhooks tell of it.
    `is_deep`: a recovery, too, stops behind each step of its first day, and another one begins.
    """

    parts: Parts
    ids: Mapping[str, str]
    may_fail: bool = False
    is_dishonest: bool = False
    is_deep: bool = False
    recoveries: int = 0
    ends: set[str] = field(default_factory=set)
    _seen: set[bytes] = field(default_factory=set)
    _tables: set[bytes] = field(default_factory=set)
    _recoveries: list[Scheduler] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare those who come when everybody is dead."""
        parts, ids = self.parts, self.ids
        jobs = [parts.ends_overdue(), parts.finishes_refunds()]
        told = [send for one in ids.values() for send in (parts.tells(one), parts.follows(one))]
        scripts: list[list[Send]] = [[*told, *jobs]] + [jobs] * (not self.is_dishonest)
        names = NAMES.lower()
        self._recoveries = [
            Scheduler(
                parts.stage,
                [parts.passes(), *script, parts.passes(A_DAY), *script],
                whole=WHOLE,
                names=names,
            )
            for script in scripts
        ]

    def look(self, world: World) -> None:
        """Judge a world, and what becomes of it when everybody stops there for ever."""
        self._answers(world)
        self._stand(world)

    def judge(self, world: World) -> None:
        """Keep how a world ended in which nobody has anything left to do."""
        told = (f"{key} {self._status(world, name)}" for key, name in self.ids.items())
        self.ends.add(", ".join(told))

    @property
    def stands(self) -> int:
        """Return how many different stands were recovered from."""
        return len(self._seen)

    def _status(self, world: World, name: str) -> str:
        found = (str(order["st"]) for order in orders_in(world) if _id(order) == name)
        return next(found, "not placed")

    def _answers(self, world: World) -> None:
        for reply in world.replies:
            is_fine = reply.status < BROKEN or (reply.status == UNAVAILABLE and self.may_fail)
            assert is_fine, f"somebody was answered {reply.status}: {reply.text}"

    def _stand(self, world: World) -> None:
        """Judge how everything stands, and recover from there, once."""
        open_ends = [world]
        while open_ends:
            now = open_ends.pop()
            if now.stand.digest in self._seen:
                continue
            self._seen.add(now.stand.digest)
            self._invariants(now)
            self._here(now)
            for recovery in self._recoveries:
                open_ends += self._recover(now, recovery)

    def _recover(self, world: World, recovery: Scheduler) -> list[World]:
        """Let what comes by itself go on until all is quiet; return the worlds on the way."""
        self.recoveries += 1
        gone = World(world.stand, recovery.start.players, "", world.trace)
        the_same_day, on_the_way = len(gone.players) // 2, []
        for who in range(len(gone.players)):
            if who == the_same_day and not self._unsettled(gone):
                break
            while who in gone.ready():
                gone = recovery.step(gone, who)
                if self.is_deep and who < the_same_day:
                    stopped = replace(gone, players=world.players, schedule=world.schedule)
                    on_the_way.append(stopped)
        fault = self._unsettled(gone)
        assert not fault, _told(fault, gone, since=len(world.trace))
        return on_the_way

    def _invariants(self, world: World) -> None:
        stand = world.stand
        assert isinstance(stand, Whole)
        if stand.table.digest in self._tables:
            return
        self._tables.add(stand.table.digest)
        ground = self.parts.stage.engine
        assert isinstance(ground, Place)
        ground.put_back(stand)
        zone = documents.present(Work(stand.outside.now)).zone
        books = books_of(raw_of(stand), zone=zone)
        faults = [fault for invariant in INVARIANTS for fault in invariant(books)]
        assert not faults, "\n".join(faults)

    def _here(self, world: World) -> None:
        """Hold what is true at every moment."""
        account = outside_of(world.stand).account
        for order in orders_in(world):
            name, paid = _id(order), kept(account, order)
            open_ = [one for one in account.of_order(name) if one.status in PAYABLE]
            if order["st"] in DEAD and not self.is_dishonest:
                assert not open_, f"{name} is {order['st']} and can still be paid"
            if order["st"] in SETTLED:
                assert paid, f"{name} has settled without a payment"

    def _unsettled(self, world: World) -> str:
        """Return what is not as it has to be when all is quiet."""
        account = outside_of(world.stand).account
        faults = []
        for order in orders_in(world):
            name, paid = _id(order), kept(account, order)
            is_held = order["st"] in SETTLED
            if order["st"] in WAITING:
                faults.append(f"{name} waits for ever")
            elif len(paid) != is_held:
                faults.append(f"{name} is {order['st']}, and {len(paid)} payments of it are kept")
            open_ = [one for one in account.of_order(name) if one.status in PAYABLE]
            if open_ and not self.is_dishonest:
                faults.append(f"{name} is {order['st']}, and can still be paid")
        refunds = _rows(world, "order refund")
        pending = (row for row in refunds if row.get("sa") == "pending")
        faults += [f"{row['s']} never comes back" for row in pending]
        return "; ".join(faults)


def kept(account: Account, order: Row) -> list[Intent]:
    """Return the payments of an order's amount that were taken and not given back."""
    cash = (order["ca"], order["cc"])
    return [
        one
        for one in account.of_order(_id(order))
        if one.status is IntentStatus.SUCCEEDED
        and (one.received.amount, one.received.currency) == cash
        and account.given_back(one.id) < one.received.amount
    ]


def orders_in(world: World) -> list[Row]:
    """Return the orders that there are."""
    return _rows(world, "order")


def _rows(world: World, shape: str) -> list[Row]:
    found: list[Row] = []
    for text in world.stand.rows.values():
        row = {name: plain(value) for name, value in json.loads(text).items()}
        if shape_of(row) == shape:
            found.append(row)
    return found


def _id(order: Row) -> str:
    return str(order["s"]).removeprefix("O#")


def _told(fault: str, world: World, *, since: int) -> str:
    steps = "\n".join(f"  {line}" for line in world.trace[since:])
    return f"{fault}, after all stopped and this came by itself:\n{steps}"

"""What the model knows: members with their lots, purchases, rewards, orders; all plain and mutable.

Points lie in lots of (date, points), one for each time they came in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from tests.properties.days import EARLIEST, LATEST

GRACE: Final = timedelta(days=30)
REVIEW: Final = timedelta(hours=72)
DATES_MAX: Final = 72
HOLDING: Final = ("settled", "partly_refunded")
"""States of an order in which its member has something of it."""

Name = tuple[str, str]
"""Of a purchase: its channel and id. Of an order: who placed it, and under which key."""


@dataclass(frozen=True)
class Expected:
    """What must come back. `facts` are members of the answer; `again` is the status of a replay."""

    status: int
    code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    again: int = 0
    writes: bool = False


@dataclass
class Lot:
    """Points that came in together; out of a wallet they may pass their date."""

    expires_on: date
    points: int
    expired: bool = False


@dataclass
class Member:
    """A wallet, and the reason of each of its changes with the balance after it.

    `tries` are wrong claims by the hour of the clock; `unbooked` is whether points have expired
    since the last change, which the next one books. `visits` are the days of check-ins, `shares`
    how often a task was done on a day, and `shown` what was shown for it.
    """

    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    frozen: bool = False
    exempt_until: date | None = None
    journal: list[tuple[str, int]] = field(default_factory=list)
    tries: dict[int, int] = field(default_factory=dict)
    unbooked: bool = False
    visits: set[date] = field(default_factory=set)
    shares: dict[date, int] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)

    @property
    def available(self) -> int:
        return sum(lot.points for lot in self.lots)

    def through(self, day: date) -> date:
        return max(day, self.exempt_until + GRACE) if self.exempt_until else day

    def note(self, reason: str) -> None:
        """Remember that the wallet changed, and what it holds since."""
        self.unbooked = False
        self.journal.append((reason, self.available))

    def bring(self, points: int, expires_on: date) -> int:
        """Bring points in; return how many of them paid debt."""
        paid = min(points, self.debt)
        self.debt -= paid
        if points > paid:
            self.lots.append(Lot(expires_on, points - paid))
            self.merge()
        return paid

    def take(self, points: int, *, first: date | None = None) -> list[Lot]:
        """Take points, those of one date first and then the soonest, as many as there are."""
        taken: list[Lot] = []
        for lot in sorted(self.lots, key=lambda lot: (lot.expires_on != first, lot.expires_on)):
            part = min(points, lot.points)
            lot.points -= part
            points -= part
            taken.append(Lot(lot.expires_on, part))
        self.lots = [lot for lot in self.lots if lot.points]
        return [lot for lot in taken if lot.points]

    def claw_back(self, points: int, *, first: date | None = None) -> int:
        """Take points back; what is missing becomes debt, and is returned."""
        missing = points - sum(lot.points for lot in self.take(points, first=first))
        self.debt += missing
        return missing

    def merge(self) -> None:
        """Give the earlier of the two closest dates the later one, until few enough are left."""
        while len(days := sorted({lot.expires_on for lot in self.lots})) > DATES_MAX:
            gaps = [(later - earlier, earlier, later) for earlier, later in pairwise(days)]
            _, earlier, later = min(gaps)
            for lot in self.lots:
                if lot.expires_on == earlier:
                    lot.expires_on = later


@dataclass
class Purchase:
    """What a till reported, what it earned, and what went back since.

    Until somebody claims it, a guest's has no `subject`, and `through` is the last day of that.
    """

    report: Mapping[str, Any]
    subject: str | None
    amount: int
    answer: Mapping[str, Any]
    expires_on: date
    through: date | None = None
    expired: bool = False
    refunded: int = 0
    refunds: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)


@dataclass
class Referral:
    """What somebody new brought, by which purchase; nothing where it was heard of too late."""

    of: Name
    points: int
    expires_on: date
    expired: bool = False
    is_back: bool = False


@dataclass
class Reward:
    """What can be had. `free` is None where stock is unlimited."""

    id: str
    prices: list[int]
    mode: str = "unlimited"
    free: int | None = None
    made: int = 0
    withdrawn: int = 0
    codes: set[str] = field(default_factory=set)
    limits: Mapping[str, int] = field(default_factory=dict)
    opens: datetime = EARLIEST
    closes: datetime = LATEST
    for_everyone: bool = True

    def told(self) -> Mapping[str, int]:
        """Return the stock as operators are told."""
        free = self.free or 0
        taken = self.made - free - self.withdrawn
        assert min(free, taken, self.withdrawn) >= 0, self
        return {"made": self.made, "free": free, "taken": taken, "withdrawn": self.withdrawn}

    def add(self, units: int) -> None:
        assert self.free is not None, self
        self.free += units
        self.made += units

    def withdraw(self, units: int) -> None:
        assert self.free is not None, self
        self.free -= units
        self.withdrawn += units


@dataclass
class Order:
    """What was redeemed. `ask` is the request, and `lots` are the points that it keeps.

    `id` is what the program calls it. `back` units came back, and of these `restocked` ones count
    no longer.
    """

    subject: str
    ask: Mapping[str, Any]
    reward: Reward
    quantity: int
    price: int
    placed_at: datetime
    placed_on: date
    lots: list[Lot]
    status: str
    fulfilment: str
    concerns: list[str]
    settled_at: datetime | None
    id: str = ""
    tracking: str | None = None
    fetched: bool = False
    back: int = 0
    restocked: int = 0
    debt_paid: int = 0
    expired: int = 0

    @property
    def kept(self) -> int:
        return self.quantity - self.back

    @property
    def counted(self) -> int:
        return self.quantity - self.restocked

    @property
    def deadline(self) -> datetime:
        return self.placed_at + REVIEW

    def told(self) -> Mapping[str, Any]:
        """Return the order as answers tell it."""
        returned = {
            "quantity": self.back,
            "points": self.back * self.price,
            "debt_paid": self.debt_paid,
            "expired": self.expired,
            "cash": None,
        }
        named = {"id": self.id} if self.id else {}
        return named | {
            "reward_id": self.reward.id,
            "option": self.ask["option"],
            "quantity": self.quantity,
            "points": self.quantity * self.price,
            "status": self.status,
            "fulfilment": self.fulfilment,
            "tracking": self.tracking,
            "returned": returned,
        }

    def part_with(self, quantity: int) -> list[Lot]:
        """Take the points of so many units out of the order, the latest dates first.

        Where nothing is left of it, nothing is sent any more.
        """
        points = quantity * self.price
        going: list[Lot] = []
        for lot in sorted(self.lots, key=lambda lot: lot.expires_on, reverse=True):
            part = min(points, lot.points)
            lot.points -= part
            points -= part
            going.append(Lot(lot.expires_on, part, lot.expired))
        assert not points, self
        self.back += quantity
        if not self.kept and self.fulfilment == "pending":
            self.fulfilment = "none"
        self.lots = [lot for lot in self.lots if lot.points]
        return sorted((lot for lot in going if lot.points), key=lambda lot: lot.expires_on)

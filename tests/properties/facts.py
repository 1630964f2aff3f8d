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
DATES_MAX: Final = 72


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
    """Points that came in together."""

    expires_on: date
    points: int


@dataclass
class Member:
    """A wallet, and the reason of each of its changes with the balance after it."""

    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    frozen: bool = False
    exempt_until: date | None = None
    journal: list[tuple[str, int]] = field(default_factory=list)

    @property
    def available(self) -> int:
        return sum(lot.points for lot in self.lots)

    def through(self, day: date) -> date:
        return max(day, self.exempt_until + GRACE) if self.exempt_until else day

    def note(self, reason: str) -> None:
        """Remember that the wallet changed, and what it holds since."""
        self.journal.append((reason, self.available))

    def take(self, points: int, *, first: date | None = None) -> int:
        """Take points, those of one date first and then the soonest; return what is missing."""
        for lot in sorted(self.lots, key=lambda lot: (lot.expires_on != first, lot.expires_on)):
            part = min(points, lot.points)
            lot.points -= part
            points -= part
        self.lots = [lot for lot in self.lots if lot.points]
        return points

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
    """What a till reported, what it earned, and what went back since."""

    report: Mapping[str, Any]
    subject: str
    amount: int
    answer: Mapping[str, Any]
    expires_on: date
    expired: bool = False
    refunded: int = 0
    refunds: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)


@dataclass
class Reward:
    """What can be had. `free` is None where stock is unlimited."""

    id: str
    prices: list[int]
    free: int | None = None
    made: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)
    opens: datetime = EARLIEST
    closes: datetime = LATEST
    for_everyone: bool = True


@dataclass(frozen=True)
class Order:
    """What was redeemed. `ask` is the request, and `placed_on` its day."""

    subject: str
    ask: Mapping[str, Any]
    reward: Reward
    quantity: int
    placed_on: date

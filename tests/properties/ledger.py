"""The model's first part: time, members and their wallets, and what operators do to both.

Everything is a list in memory, and nothing is shared with the product: no import, no formula, no
shape. Time passes for the whole program at once, so that what is past its date is thrown away at
that very midnight.

A method is one request. It returns what the answer must be, and changes the model where the
request succeeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from tests.properties.days import SHANGHAI, end_of_month
from tests.properties.facts import Expected, Member, Name, Order, Purchase, Referral

VALID_MONTHS: Final = 24
SHARES: Final = 3
"""As many a day are paid."""
REFERRER: Final = "lin"
NEWCOMER: Final = "zhou"
"""Whom lin referred, whenever that one joins."""
REUSED: Final = Expected(422, "idempotency_key_reused")
NOT_FOUND: Final = Expected(404, "not_found")
NOT_ENROLLED: Final = Expected(404, "not_enrolled")


@dataclass
class Ledger:
    """Members, and what lies outside of their wallets and may pass its date there.

    `receipts` are the keys that were spent: by route, caller and key, what was asked for. `booked`
    is what somebody new bought or claimed, and on which day, and `referral` what came of that.
    """

    now: datetime
    members: dict[str, Member] = field(default_factory=dict)
    purchases: dict[Name, Purchase] = field(default_factory=dict)
    orders: dict[Name, Order] = field(default_factory=dict)
    receipts: dict[tuple[str, str, str], object] = field(default_factory=dict)
    booked: list[tuple[Name, date]] = field(default_factory=list)
    referral: Referral | None = None

    @property
    def today(self) -> date:
        return (self.now + SHANGHAI).date()

    def move_to(self, instant: datetime) -> None:
        """Let time pass."""
        self.now = instant
        for subject in self.members:
            self.bury(subject)

    def bury(self, subject: str) -> None:
        """Throw away for ever what is past its date."""
        member = self.members[subject]
        left = [lot for lot in member.lots if member.through(lot.expires_on) >= self.today]
        member.unbooked = member.unbooked or len(left) < len(member.lots)
        member.lots = left
        for purchase in self.purchases.values():
            if purchase.subject == subject and member.through(purchase.expires_on) < self.today:
                purchase.expired = True
        if self.referral and subject == REFERRER:
            gone = member.through(self.referral.expires_on) < self.today
            self.referral.expired = self.referral.expired or gone
        for order in self.orders.values():
            for lot in order.lots if order.subject == subject else []:
                lot.expired = lot.expired or member.through(lot.expires_on) < self.today

    def enrol(self, subject: str) -> Expected:
        if subject in self.members:
            return Expected(200)
        self.members[subject] = Member()
        self.members[subject].note("enrolled")
        return Expected(201, again=200, writes=True)

    def set_frozen(self, subject: str, *, frozen: bool) -> Expected:
        """Stop or allow spending."""
        if subject not in self.members:
            return NOT_FOUND
        member = self.members[subject]
        changes = member.frozen != frozen
        member.frozen = frozen
        if changes:
            member.note("frozen" if frozen else "thawed")
        return Expected(200, facts={"frozen": frozen}, writes=changes)

    def exempt(self, subject: str, until: date | None) -> None:
        """Set an exemption's last day, or end it."""
        member = self.members[subject]
        if member.exempt_until != until:
            member.exempt_until = until
            member.note("exemption")
            self.bury(subject)

    def sweep(self) -> Expected:
        """Book what has expired and nobody has booked."""
        for member in self.members.values():
            if member.unbooked:
                member.note("expiry")
        return Expected(200, writes=True)

    def adjust(self, subject: str, key: str, points: int) -> Expected:
        """Give points by hand, or take them back."""
        member, receipt = self.members[subject], ("adjust", subject, key)
        writes = receipt not in self.receipts
        if writes:
            self.receipts[receipt] = points
            if points > 0:
                member.bring(points, end_of_month(self.today, VALID_MONTHS))
            else:
                member.claw_back(-points)
            member.note("adjustment")
        return Expected(200, facts={"available": member.available}, writes=writes)

    def check_in(self, subject: str, key: str) -> Expected:
        """Let a member in, once a day; every seventh day in a row brings more."""
        if subject not in self.members:
            return NOT_ENROLLED
        member, receipt = self.members[subject], ("check-in", subject, key)
        if receipt in self.receipts:
            return Expected(201, again=201)
        if self.today in member.visits:
            return Expected(409, "already_checked_in")
        member.visits.add(self.today)
        days = 1
        while self.today - timedelta(days=days) in member.visits:
            days += 1
        points = 10 if days % 7 else 1_010
        paid = member.bring(points, end_of_month(self.today, VALID_MONTHS))
        member.note("check_in")
        self.receipts[receipt] = points
        after = {"days_left": 7 - days % 7, "points": 1_000}
        told = {"points": points, "debt_paid": paid, "streak": {"days": days, "next_bonus": after}}
        return Expected(201, facts=told, again=201, writes=True)

    def share(self, subject: str, key: str, evidence: str) -> Expected:
        """Give points for something that was never shown before, three times a day."""
        if subject not in self.members:
            return NOT_ENROLLED
        member, receipt = self.members[subject], ("share", subject, key)
        if receipt in self.receipts:
            return Expected(201, again=201) if self.receipts[receipt] == evidence else REUSED
        if evidence in member.shown:
            return Expected(409, "evidence_used")
        done = member.shares.get(self.today, 0)
        if done >= SHARES:
            return Expected(422, "limit_reached", {"limit": SHARES, "used": SHARES})
        member.shares[self.today] = done + 1
        member.shown.add(evidence)
        self.receipts[receipt] = evidence
        expires_on = end_of_month(self.today, VALID_MONTHS)
        paid = member.bring(20, expires_on)
        member.note("task")
        told = {"points": 20, "debt_paid": paid, "expires_on": expires_on.isoformat()}
        return Expected(201, facts=told, again=201, writes=True)

    def wallet(self, subject: str) -> Mapping[str, Any]:
        """Return what the wallet must look like."""
        member = self.members[subject]
        points: dict[date, int] = {}
        for lot in sorted(member.lots, key=lambda lot: lot.expires_on):
            points[lot.expires_on] = points.get(lot.expires_on, 0) + lot.points
        lots = [
            {
                "expires_on": day.isoformat(),
                "usable_through": member.through(day).isoformat(),
                "points": points[day],
            }
            for day in points
        ]
        return {
            "available": member.available,
            "held": self._held(subject),
            "debt": member.debt,
            "lots": lots,
            "next_expiry": lots[0]["usable_through"] if lots else None,
        }

    def _held(self, subject: str) -> int:
        """Return the points in orders that somebody has to look at."""
        return sum(
            order.quantity * order.price
            for order in self.orders.values()
            if (order.subject, order.status) == (subject, "in_review")
        )

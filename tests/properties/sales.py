"""The model's second part: what tills report, and what members claim of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from tests.properties.days import end_of_month, midnight_after
from tests.properties.facts import Expected, Name, Purchase, Referral
from tests.properties.ledger import (
    NEWCOMER,
    NOT_ENROLLED,
    NOT_FOUND,
    REFERRER,
    REUSED,
    VALID_MONTHS,
    Ledger,
)

CLAIMABLE: Final = timedelta(days=30)
COUNTED_FOR: Final = timedelta(days=30)
"""How long after its month a purchase can still be counted."""
WRONG_TRIES: Final = 10
"""As many an hour are answered."""


@dataclass
class Sales(Ledger):
    """Purchases, their refunds, and claims."""

    def report(self, subject: str | None, report: Mapping[str, Any]) -> Expected:
        """Take a purchase, nobody's where there is no subject."""
        name = (report["channel"], report["purchase_id"])
        if name in self.purchases:
            known = self.purchases[name]
            if known.report != report:
                return Expected(409, "purchase_conflict")
            return Expected(200, facts=known.answer)
        if subject is not None and subject not in self.members:
            return NOT_FOUND
        refused = self._refuse_report(report)
        return refused or self._earn(name, subject, report)

    def refund(self, name: Name, refund_id: str, amount: int) -> Expected:
        """Take back what refunded money had earned."""
        purchase = self.purchases.get(name)
        if purchase is None:
            return NOT_FOUND
        if refund_id in purchase.refunds:
            known, answer = purchase.refunds[refund_id]
            same = known == amount
            return Expected(200, facts=answer) if same else Expected(409, "purchase_conflict")
        left = purchase.amount - purchase.refunded
        if amount > left:
            return Expected(422, "refund_exceeds_purchase", {"refundable": left})
        points = 0 if self._is_gone(purchase) else left // 100 - (left - amount) // 100
        debt = 0
        if purchase.subject is not None:
            member = self.members[purchase.subject]
            debt = member.claw_back(points, first=purchase.expires_on)
            member.note("purchase_refund")
        purchase.refunded += amount
        answer = {"points_clawed_back": points, "debt": debt}
        purchase.refunds[refund_id] = (amount, answer)
        return Expected(201, facts=answer, again=200, writes=True)

    def claim(self, subject: str, key: str, name: Name | None) -> Expected:
        """Bring a purchase to a member who has its code; a code of nothing has no name."""
        if subject not in self.members:
            return NOT_ENROLLED
        member, receipt = self.members[subject], ("claim", subject, key)
        if receipt in self.receipts:
            known = self.receipts[receipt]
            return Expected(201, again=201) if known == name else REUSED
        hour = int(self.now.timestamp()) // 3600
        if member.tries.get(hour, 0) >= WRONG_TRIES:
            return Expected(429, "too_many_tries")
        purchase = None if name is None else self.purchases[name]
        if purchase is None:
            member.tries[hour] = member.tries.get(hour, 0) + 1
            return NOT_FOUND
        refused = self._refuse_claim(purchase)
        if refused is None:
            self.receipts[receipt] = name
        return refused or self._bring(subject, purchase)

    def hear(self) -> Expected:
        """Let the referrer hear of whatever the newcomer bought and gave back."""
        kept = [(name, day) for name, day in self.booked if self.left(name)]
        referral, member = self.referral, self.members[REFERRER]
        if referral is None and kept:
            self.referral = self._referred(*kept[0])
            if self.referral.points:
                member.bring(self.referral.points, self.referral.expires_on)
                member.note("referral")
            return Expected(200, writes=True)
        if referral and referral.points and not referral.is_back and not self.left(referral.of):
            referral.is_back = True
            points = 0 if referral.expired else referral.points
            member.claw_back(points, first=referral.expires_on)
            member.note("referral_refund")
            return Expected(200, writes=True)
        return Expected(200)

    def left(self, name: Name) -> int:
        """Return what of a purchase has not gone back."""
        return self.purchases[name].amount - self.purchases[name].refunded

    def _referred(self, name: Name, booked_on: date) -> Referral:
        """Return what the newcomer brings by a purchase, unless it was too long ago."""
        ends = midnight_after(end_of_month(booked_on, 0)) + COUNTED_FOR
        points = 0 if self.now >= ends else 500
        return Referral(name, points, end_of_month(self.today, VALID_MONTHS))

    def _earn(self, name: Name, subject: str | None, report: Mapping[str, Any]) -> Expected:
        amount = report["paid"]["amount"]
        points, paid, through = amount // 100, 0, None
        expires_on = end_of_month(self.today, VALID_MONTHS)
        if subject is None:
            through = self.today + CLAIMABLE
        else:
            member = self.members[subject]
            paid = member.bring(points, expires_on)
            member.note("purchase")
            self._book(subject, name)
        answer = {"points": points, "debt_paid": paid}
        self.purchases[name] = Purchase(report, subject, amount, answer, expires_on, through)
        return Expected(201, facts=answer, again=200, writes=True)

    def _bring(self, subject: str, purchase: Purchase) -> Expected:
        member, points = self.members[subject], (purchase.amount - purchase.refunded) // 100
        purchase.subject, purchase.expires_on = subject, end_of_month(self.today, VALID_MONTHS)
        paid = member.bring(points, purchase.expires_on)
        member.note("purchase_claim")
        self._book(subject, (purchase.report["channel"], purchase.report["purchase_id"]))
        day = purchase.expires_on.isoformat() if points else None
        told = {"points": points, "debt_paid": paid, "expires_on": day}
        return Expected(201, facts=told, again=201, writes=True)

    def _book(self, subject: str, name: Name) -> None:
        if subject == NEWCOMER:
            self.booked.append((name, self.today))

    def _refuse_report(self, report: Mapping[str, Any]) -> Expected | None:
        if report["paid"]["currency"] != "cny":
            return Expected(422, "currency_not_supported", {"currency": "cny"})
        if "occurred_at" in report:
            age = self.now - datetime.fromisoformat(report["occurred_at"])
            if not timedelta(minutes=-5) <= age <= timedelta(days=30):
                return Expected(422, "occurred_at_out_of_range")
        return None

    def _refuse_claim(self, purchase: Purchase) -> Expected | None:
        if purchase.subject is not None:
            return Expected(409, "already_claimed")
        assert purchase.through is not None, purchase
        if self.today > purchase.through:
            return Expected(409, "claim_expired", {"through": purchase.through.isoformat()})
        return None

    def _is_gone(self, purchase: Purchase) -> bool:
        """Tell whether nothing of what a purchase earned can be taken back any more."""
        if purchase.subject is not None:
            return purchase.expired
        assert purchase.through is not None, purchase
        return self.today > purchase.through

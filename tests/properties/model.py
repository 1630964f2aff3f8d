"""The program on one page, as simple as it can be said: what the state machine compares with.

Everything is a list in memory, and nothing is shared with the product: no import, no formula, no
shape. Time passes for the whole program at once, so that what is past its date is thrown away at
that very midnight.

A method is one request. It returns what the answer must be, and changes the model where the
request succeeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from tests.properties.days import SHANGHAI, begin_of, end_of, end_of_month, midnight_after
from tests.properties.facts import Expected, Lot, Member, Order, Purchase, Reward

VALID_MONTHS: Final = 24


@dataclass
class Program:
    """The whole program."""

    now: datetime
    members: dict[str, Member] = field(default_factory=dict)
    purchases: dict[tuple[str, str], Purchase] = field(default_factory=dict)
    rewards: dict[str, Reward] = field(default_factory=dict)
    orders: dict[tuple[str, str], Order] = field(default_factory=dict)
    restocks: dict[str, tuple[str, int]] = field(default_factory=dict)

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
        member.lots = [lot for lot in member.lots if member.through(lot.expires_on) >= self.today]
        for purchase in self.purchases.values():
            if purchase.subject == subject and member.through(purchase.expires_on) < self.today:
                purchase.expired = True

    def enrol(self, subject: str) -> Expected:
        if subject in self.members:
            return Expected(200)
        self.members[subject] = Member()
        self.members[subject].note("enrolled")
        return Expected(201, again=200, writes=True)

    def report(self, subject: str, report: Mapping[str, Any]) -> Expected:
        """Take a purchase."""
        name = (report["channel"], report["purchase_id"])
        if name in self.purchases:
            known = self.purchases[name]
            if known.report != report:
                return Expected(409, "purchase_conflict")
            return Expected(200, facts=known.answer)
        if subject not in self.members:
            return Expected(404, "not_found")
        refused = self._refuse_report(report)
        return refused or self._earn(name, subject, report)

    def _refuse_report(self, report: Mapping[str, Any]) -> Expected | None:
        if report["paid"]["currency"] != "cny":
            return Expected(422, "currency_not_supported", {"currency": "cny"})
        if "occurred_at" in report:
            age = self.now - datetime.fromisoformat(report["occurred_at"])
            if not timedelta(minutes=-5) <= age <= timedelta(days=30):
                return Expected(422, "occurred_at_out_of_range")
        return None

    def _earn(self, name: tuple[str, str], subject: str, report: Mapping[str, Any]) -> Expected:
        member, amount = self.members[subject], report["paid"]["amount"]
        points = amount // 100
        paid = min(points, member.debt)
        member.debt -= paid
        expires_on = end_of_month(self.today, VALID_MONTHS)
        if points > paid:
            member.lots.append(Lot(expires_on, points - paid))
            member.merge()
        member.note("purchase")
        answer = {"points": points, "debt_paid": paid}
        self.purchases[name] = Purchase(report, subject, amount, answer, expires_on)
        return Expected(201, facts=answer, again=200, writes=True)

    def refund(self, name: tuple[str, str], refund_id: str, amount: int) -> Expected:
        """Take back what refunded money had earned."""
        purchase = self.purchases.get(name)
        if purchase is None:
            return Expected(404, "not_found")
        if refund_id in purchase.refunds:
            known, answer = purchase.refunds[refund_id]
            same = known == amount
            return Expected(200, facts=answer) if same else Expected(409, "purchase_conflict")
        left = purchase.amount - purchase.refunded
        if amount > left:
            return Expected(422, "refund_exceeds_purchase", {"refundable": left})
        points = 0 if purchase.expired else left // 100 - (left - amount) // 100
        member = self.members[purchase.subject]
        debt = member.take(points, first=purchase.expires_on)
        member.debt += debt
        member.note("purchase_refund")
        purchase.refunded += amount
        answer = {"points_clawed_back": points, "debt": debt}
        purchase.refunds[refund_id] = (amount, answer)
        return Expected(201, facts=answer, again=200, writes=True)

    def quote(self, subject: str, ask: Mapping[str, Any]) -> Expected:
        """Say what an order would cost, or why not."""
        if subject not in self.members:
            return Expected(404, "not_enrolled")
        if (reward := self.rewards.get(ask["reward_id"])) is None:
            return Expected(404, "not_found")
        if ask["option"] >= len(reward.prices):
            return Expected(422, "invalid")
        points = reward.prices[ask["option"]] * ask["quantity"]
        available = self.members[subject].available
        told = {"points": points, "available": available, "available_after": available - points}
        return self._refuse(subject, reward, ask["quantity"], points) or Expected(200, facts=told)

    def place(self, subject: str, key: str, ask: Mapping[str, Any]) -> Expected:
        """Redeem."""
        if (subject, key) in self.orders:
            same = self.orders[subject, key].ask == ask
            return Expected(201, again=201) if same else Expected(422, "idempotency_key_reused")
        quoted = self.quote(subject, ask)
        if quoted.status != 200:
            return quoted
        reward, quantity = self.rewards[ask["reward_id"]], ask["quantity"]
        missing = self.members[subject].take(quoted.facts["points"])
        assert not missing
        self.members[subject].note("redemption")
        if reward.free is not None:
            reward.free -= quantity
        self.orders[subject, key] = Order(subject, ask, reward, quantity, self.today)
        told = {
            "reward_id": reward.id,
            "option": ask["option"],
            "quantity": quantity,
            "points": quoted.facts["points"],
            "status": "settled",
            "fulfilment": "pending" if "address" in ask else "none",
        }
        return Expected(201, facts=told, again=201, writes=True)

    def _refuse(self, subject: str, reward: Reward, quantity: int, points: int) -> Expected | None:
        """Return the first thing that stands against an order."""
        member = self.members[subject]
        reached = self._reached(subject, reward, quantity)
        missing = points - member.available
        sold_out = reward.free is not None and reward.free < quantity
        table: list[tuple[object, int, str, Mapping[str, Any]]] = [
            (member.frozen, 403, "member_frozen", {}),
            (member.debt, 422, "debt_open", {"debt": member.debt}),
            (not reward.opens <= self.now < reward.closes, 422, "not_redeemable_now", {}),
            (not reward.for_everyone, 422, "not_eligible", {}),
            (reached, 422, "limit_reached", reached),
            (missing > 0, 422, "insufficient_points", {"missing_points": missing}),
            (sold_out, 409, "sold_out", {"left": reward.free}),
        ]
        stands = (Expected(status, code, facts) for so, status, code, facts in table if so)
        return next(stands, None)

    def _reached(self, subject: str, reward: Reward, quantity: int) -> Mapping[str, Any]:
        """Return the limit that is reached, the last to reset where there are several."""
        found: list[tuple[date, Mapping[str, Any]]] = []
        for per, units in reward.limits.items():
            used = sum(
                order.quantity
                for order in self.orders.values()
                if (order.subject, order.reward.id) == (subject, reward.id)
                and begin_of(per, order.placed_on) == begin_of(per, self.today)
            )
            if used + quantity > units:
                told = {"per": per, "limit": units, "used": used}
                found.append((end_of(per, self.today), told | {"resets_at": self._resets(per)}))
        return max(found, key=lambda one: one[0])[1] if found else {}

    def _resets(self, per: str) -> str | None:
        """Return when a limit's period ends, as answers write it."""
        last = end_of(per, self.today)
        return None if last == date.max else f"{midnight_after(last):%Y-%m-%dT%H:%M:%S.%f}Z"

    def restock(self, key: str, reward_id: str, units: int) -> Expected:
        """Add units to a reward."""
        reward = self.rewards[reward_id]
        if key in self.restocks:
            same = self.restocks[key] == (reward_id, units)
            return self._stock(reward) if same else Expected(422, "idempotency_key_reused")
        if reward.free is None:
            return Expected(409, "stock_unlimited")
        self.restocks[key] = (reward_id, units)
        reward.free += units
        reward.made += units
        return replace(self._stock(reward), writes=True)

    def _stock(self, reward: Reward) -> Expected:
        told = {"made": reward.made, "free": reward.free}
        return Expected(200, facts=told, again=200)

    def reprice(self, reward_id: str, points: int, *, behind: bool) -> Expected:
        """Edit a price. Sent again by somebody who does not know it succeeded, it is stale."""
        if behind:
            return Expected(412, "stale")
        self.rewards[reward_id].prices[0] = points
        return Expected(200, again=412, writes=True)

    def set_frozen(self, subject: str, *, frozen: bool) -> Expected:
        """Stop or allow spending."""
        if subject not in self.members:
            return Expected(404, "not_found")
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
            "held": 0,
            "debt": member.debt,
            "lots": lots,
            "next_expiry": lots[0]["usable_through"] if lots else None,
        }

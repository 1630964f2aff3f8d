"""The model's third part: rewards and their stock, what redeeming costs, and placing orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from tests.properties.days import begin_of, end_of, midnight_after
from tests.properties.facts import Expected, Name, Order, Reward
from tests.properties.ledger import NOT_ENROLLED, NOT_FOUND, REUSED
from tests.properties.sales import Sales

HOUR: Final = timedelta(hours=1)
NUMBERED_AT_ONCE: Final = 90
"""As many numbered units are withdrawn at once."""


@dataclass(frozen=True)
class Thresholds:
    """Beyond which orders somebody looks at; None looks at nothing."""

    per_hour: int | None = None
    worth: int | None = None


@dataclass
class Shelf(Sales):
    """Rewards, and the orders that were placed."""

    rewards: dict[str, Reward] = field(default_factory=dict)
    thresholds: Thresholds = Thresholds()

    def set_thresholds(self, thresholds: Thresholds) -> Expected:
        """Let somebody look at orders from now on; sent again, the edit is stale."""
        self.thresholds = thresholds
        return Expected(200, again=412, writes=True)

    def quote(self, subject: str, ask: Mapping[str, Any]) -> Expected:
        """Say what an order would cost, or why not."""
        if subject not in self.members:
            return NOT_ENROLLED
        if (reward := self.rewards.get(ask["reward_id"])) is None:
            return NOT_FOUND
        if ask["option"] >= len(reward.prices):
            return Expected(422, "invalid")
        points = reward.prices[ask["option"]] * ask["quantity"]
        available = self.members[subject].available
        told = {"points": points, "available": available, "available_after": available - points}
        return self._refuse(subject, reward, ask["quantity"], points) or Expected(200, facts=told)

    def place(self, subject: str, key: str, ask: Mapping[str, Any]) -> Expected:
        """Redeem."""
        if (subject, key) in self.orders:
            order = self.orders[subject, key]
            if order.ask != ask:
                return REUSED
            ended = self.look(order)
            return Expected(201, facts=order.told(), again=201, writes=ended)
        quoted = self.quote(subject, ask)
        if quoted.status != 200:
            return quoted
        order = self._pay(subject, ask, points=quoted.facts["points"])
        self.orders[subject, key] = order
        return Expected(201, facts=order.told(), again=201, writes=True)

    def look(self, order: Order) -> bool:
        """End an order that waited too long; return whether it did."""
        late = order.status == "in_review" and order.deadline <= self.now
        if late:
            self.give_back(order, order.kept, reason="order_rejected")
            order.status = "cancelled"
        return late

    def give_back(self, order: Order, quantity: int, *, reason: str, restock: bool = True) -> int:
        """Take units out of an order; return how many of their points paid debt.

        Points past their date are good for a week, unless the member wanted it so.
        """
        member, paid = self.members[order.subject], 0
        for lot in order.part_with(quantity):
            if not lot.expired:
                paid += member.bring(lot.points, lot.expires_on)
            elif reason != "cancellation":
                paid += member.bring(lot.points, self.today + timedelta(days=7))
            else:
                order.expired += lot.points
        member.note(reason)
        order.debt_paid += paid
        if restock:
            order.restocked += quantity
        if restock and order.reward.free is not None:
            order.reward.free += quantity
            if order.fetched:
                order.reward.withdraw(quantity)
        return paid

    def restock(self, key: str, reward_id: str, units: int) -> Expected:
        """Add units to a reward."""
        reward, receipt = self.rewards[reward_id], ("restock", "", key)
        if receipt in self.receipts:
            return self._stocked_before(receipt, (reward_id, units))
        if reward.mode in {"unlimited", "coded"}:
            return Expected(409, f"stock_{reward.mode}")
        self.receipts[receipt] = (reward_id, units)
        reward.add(units)
        return replace(self._stock(reward), writes=True)

    def withdraw(self, key: str, reward_id: str, units: int) -> Expected:
        """Take free units off the shelf for ever."""
        reward, receipt = self.rewards[reward_id], ("withdraw", "", key)
        if receipt in self.receipts:
            return self._stocked_before(receipt, (reward_id, units))
        if reward.free is None:
            return Expected(409, "stock_unlimited")
        if reward.mode != "counted" and units > NUMBERED_AT_ONCE:
            return Expected(422, "invalid")
        if reward.free < units:
            return Expected(409, "sold_out", {"left": reward.free})
        self.receipts[receipt] = (reward_id, units)
        reward.withdraw(units)
        return replace(self._stock(reward), writes=True)

    def load(self, key: str, reward_id: str, codes: Sequence[str]) -> Expected:
        """Import codes; those that are known already are left out."""
        reward, receipt = self.rewards[reward_id], ("load", "", key)
        if receipt in self.receipts:
            same = self.receipts[receipt] == (reward_id, codes)
            return Expected(200) if same else REUSED
        if reward.mode != "coded":
            return Expected(409, "stock_not_coded")
        fresh = set(codes) - reward.codes
        self.receipts[receipt] = (reward_id, codes)
        reward.codes |= fresh
        reward.add(len(fresh))
        told = {"state": "done", "valid": len(fresh), "imported": len(fresh), "skipped": 0}
        return Expected(200, facts=told, writes=True)

    def reprice(self, reward_id: str, points: int, *, behind: bool) -> Expected:
        """Edit a price. Sent again by somebody who does not know it succeeded, it is stale."""
        if behind:
            return Expected(412, "stale")
        self.rewards[reward_id].prices[0] = points
        return Expected(200, again=412, writes=True)

    def _pay(self, subject: str, ask: Mapping[str, Any], *, points: int) -> Order:
        member, reward, quantity = self.members[subject], self.rewards[ask["reward_id"]], 0
        concerns = self._concerns(subject, points)
        lots = member.take(points)
        quantity = ask["quantity"]
        member.note("order_held" if concerns else "redemption")
        if reward.free is not None:
            reward.free -= quantity
        return Order(
            subject=subject,
            ask=ask,
            reward=reward,
            quantity=quantity,
            price=points // quantity,
            placed_at=self.now,
            placed_on=self.today,
            lots=lots,
            status="in_review" if concerns else "settled",
            fulfilment="pending" if "address" in ask else "none",
            concerns=concerns,
            settled_at=None if concerns else self.now,
        )

    def _concerns(self, subject: str, points: int) -> list[str]:
        """Return why somebody has to look at an order."""
        hour_ago = self.now - HOUR
        recent = [one for one in self._of(subject) if one.placed_at > hour_ago]
        per_hour, worth = self.thresholds.per_hour, self.thresholds.worth
        found = {
            "redemptions_per_hour": per_hour is not None and len(recent) >= per_hour,
            "worth": worth is not None and points > worth,
        }
        return [concern for concern, holds in found.items() if holds]

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
                order.counted
                for order in self._of(subject)
                if order.reward.id == reward.id
                and begin_of(per, order.placed_on) == begin_of(per, self.today)
            )
            if used + quantity > units:
                told = {"per": per, "limit": units, "used": used}
                found.append((end_of(per, self.today), told | {"resets_at": self._resets(per)}))
        return max(found, key=lambda one: one[0])[1] if found else {}

    def _resets(self, per: str) -> str | None:
        """Return when a limit's period ends, as answers write it."""
        last = end_of(per, self.today)
        return None if last == date.max else f"{midnight_after(last):%Y-%m-%dT%H:%M:%S}Z"

    def _of(self, subject: str) -> list[Order]:
        return [order for order in self.orders.values() if order.subject == subject]

    def _stocked_before(
        self, receipt: tuple[str, str, str], request: Name | tuple[str, int]
    ) -> Expected:
        known = self.receipts[receipt] == request
        return self._stock(self.rewards[request[0]]) if known else REUSED

    def _stock(self, reward: Reward) -> Expected:
        return Expected(200, facts=reward.told(), again=200)

"""Points plus cash on a few pages: what the second state machine compares with.

Nothing is shared with the product: no import, no formula, no shape. It knows the bank's side, too:
what was paid, what went back, what is disputed, and which of that the program has looked at.

A method is one request, or one thing that happens at Stripe. It returns what the answer must be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tests.properties.facts import Expected

POINTS: Final = 7
CASH: Final = 2990
"""Of a unit. Neither divides the other, so that every part has something to round."""
UNITS: Final = 6
PAY_WITHIN: Final = timedelta(minutes=15)
CANCEL_WITHIN: Final = timedelta(minutes=30)
HOLDING: Final = ("settled", "partly_refunded")
DISPUTED: Final = Expected(409, "order_disputed")


@dataclass
class Member:
    """Points that can be spent, and those that are owed."""

    available: int
    debt: int = 0

    def bring(self, points: int) -> int:
        """Bring points in; return how many of them paid debt."""
        paid = min(points, self.debt)
        self.debt -= paid
        self.available += points - paid
        return paid


@dataclass
class Refund:
    """Cash that is owed, and what Stripe makes of it; what it refuses has failed."""

    amount: int
    state: str
    is_there: bool = True


@dataclass
class Order:
    """An order, its payment at Stripe, and its dispute, there and as the program knows it."""

    owner: str
    quantity: int
    placed_at: datetime
    id: str = ""
    intent: str = ""
    status: str = "awaiting_payment"
    payment: str = "open"
    is_slow: bool = False
    settled_at: datetime | None = None
    is_sent: bool = False
    units_back: int = 0
    points_back: int = 0
    cash_back: int = 0
    debt_paid: int = 0
    refunds: list[Refund] = field(default_factory=list)
    dispute_there: str | None = None
    dispute: str | None = None
    taken: int = 0
    owed: int = 0

    @property
    def points(self) -> int:
        return self.quantity * POINTS

    @property
    def cash(self) -> int:
        return self.quantity * CASH

    @property
    def kept(self) -> int:
        return self.quantity - self.units_back

    @property
    def is_frozen(self) -> bool:
        return self.dispute in {"open", "lost"}

    @property
    def gone_there(self) -> int:
        """How much of the payment went back at Stripe, or is on its way."""
        return sum(refund.amount for refund in self.refunds if refund.state != "failed")

    def told(self) -> dict[str, Any]:
        """Return the order as answers tell it."""
        returned = {
            "quantity": self.units_back,
            "points": self.points_back,
            "debt_paid": self.debt_paid,
            "expired": 0,
            "cash": {"amount": self.cash_back, "currency": "cny"},
        }
        return {"status": self.status, "returned": returned, "dispute": self.dispute}


@dataclass
class Till:
    """The program as far as cash goes, and its bank."""

    now: datetime
    members: dict[str, Member]
    free: int = UNITS
    orders: list[Order] = field(default_factory=list)

    def held(self, subject: str) -> int:
        return sum(
            one.points
            for one in self.orders
            if (one.owner, one.status) == (subject, "awaiting_payment")
        )

    def place(self, subject: str, quantity: int) -> Expected:
        member, points = self.members[subject], quantity * POINTS
        if member.debt:
            return Expected(422, "debt_open", {"debt": member.debt})
        if points > member.available:
            missing = points - member.available
            return Expected(422, "insufficient_points", {"missing_points": missing})
        if quantity > self.free:
            return Expected(409, "sold_out", {"left": self.free})
        member.available -= points
        self.free -= quantity
        order = Order(subject, quantity, self.now)
        self.orders.append(order)
        return Expected(201, facts=order.told())

    def advance(self, order: Order) -> None:
        """Look at Stripe: paid settles, and past the deadline what can be cancelled is released."""
        is_overdue = order.placed_at + PAY_WITHIN <= self.now
        if order.status != "awaiting_payment":
            return
        if order.payment == "paid":
            order.status, order.settled_at = "settled", self.now
        elif is_overdue:
            order.payment = "canceled"
            self._release(order, "expired")

    def look(self, order: Order) -> None:
        """Come upon an order for another reason: it moves on where it is overdue."""
        if order.placed_at + PAY_WITHIN <= self.now:
            self.advance(order)

    def show(self, order: Order) -> Expected:
        self.advance(order)
        return Expected(200, facts=order.told())

    def run_deadlines(self) -> None:
        for order in self.orders:
            self.look(order)

    def cancel(self, order: Order) -> Expected:
        self.look(order)
        if order.status == "awaiting_payment":
            if order.payment == "paid":
                self.advance(order)
            else:
                order.payment = "canceled"
        if order.is_frozen:
            return DISPUTED
        if reason := self._against_cancelling(order):
            return Expected(409, "order_not_cancellable", {"reason": reason})
        cash = order.cash if order.status == "settled" else 0
        self._release(order, "cancelled")
        if cash:
            self._owe(order, cash)
        return Expected(200, facts=order.told())

    def send(self, order: Order) -> Expected:
        self.look(order)
        if order.is_frozen:
            return DISPUTED
        if order.status not in HOLDING:
            return Expected(409, "order_not_settled", {"order_status": order.status})
        order.is_sent = True
        return Expected(200, facts=order.told())

    def refund(self, order: Order, *, quantity: int | None, amount: int | None) -> Expected:
        self.look(order)
        if order.is_frozen:
            return DISPUTED
        if order.status not in HOLDING:
            return Expected(409, "order_not_settled", {"order_status": order.status})
        left = order.cash - order.cash_back
        if amount is not None and amount > left:
            return Expected(422, "cash_refund_exceeds_order", {"refundable": left})
        units = 0 if amount is not None else order.kept if quantity is None else quantity
        if units > order.kept:
            return Expected(422, "refund_exceeds_order", {"refundable": order.kept})
        if amount is None:
            back = order.units_back + units
            part, of = back, order.quantity
            amount = max(0, order.cash * back // order.quantity - order.cash_back)
        else:
            part, of = order.cash_back + amount, order.cash
        points = max(0, order.points * part // of - order.points_back)
        self._part_with(order, units=units, points=points)
        if amount:
            self._owe(order, amount)
        whole = (order.points_back, order.cash_back) == (order.points, order.cash)
        order.status = "refunded" if whole else "partly_refunded"
        told = {"amount": amount, "currency": "cny"} if amount else None
        status = order.refunds[-1].state if amount else "succeeded"
        facts = {"quantity": units, "points": points, "cash": told, "status": status}
        return Expected(201, facts=facts)

    def follow(self, order: Order) -> None:
        """Bring an order to where its dispute stands."""
        self.advance(order)
        if order.dispute_there is None or order.dispute == order.dispute_there:
            return
        if order.dispute is None and order.dispute_there != "won":
            self._open(order)
        if order.dispute_there == "won":
            self._win(order)
        if order.dispute_there == "lost":
            self._lose(order)

    def _open(self, order: Order) -> None:
        is_used = order.status in HOLDING and order.is_sent
        worth = order.cash if is_used else order.gone_there
        member = self.members[order.owner]
        order.taken = min(worth, member.available)
        order.owed = worth - order.taken
        member.available -= order.taken
        member.debt += order.owed
        order.dispute = "open"

    def _win(self, order: Order) -> None:
        member = self.members[order.owner]
        still = min(order.owed, member.debt)
        member.debt -= still
        member.bring(order.taken + order.owed - still)
        order.taken = order.owed = 0
        order.dispute = "won"

    def _lose(self, order: Order) -> None:
        order.dispute = "lost"
        if order.status in HOLDING and not order.is_sent:
            self._part_with(order, units=order.kept, points=order.points - order.points_back)
            order.status = "refunded"

    def _against_cancelling(self, order: Order) -> str:
        if order.status == "awaiting_payment":
            return ""
        if order.status != "settled":
            return order.status
        assert order.settled_at is not None, order
        if order.is_sent:
            return "sent"
        return "too_late" if self.now > order.settled_at + CANCEL_WITHIN else ""

    def _release(self, order: Order, status: str) -> None:
        self._part_with(order, units=order.kept, points=order.points)
        order.status = status

    def _part_with(self, order: Order, *, units: int, points: int) -> None:
        order.units_back += units
        order.points_back += points
        order.debt_paid += self.members[order.owner].bring(points)
        self.free += units

    def _owe(self, order: Order, amount: int) -> None:
        """Ask for cash back; Stripe refuses while a dispute is open, or was lost."""
        order.cash_back += amount
        if order.dispute_there in {"open", "lost"}:
            order.refunds.append(Refund(amount, "failed", is_there=False))
            return
        order.refunds.append(Refund(amount, "pending" if order.is_slow else "succeeded"))

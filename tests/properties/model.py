"""The program on a few pages, as simple as it can be said: what the state machine compares with.

`ledger` has time and wallets, `sales` purchases and claims, `shelf` rewards and placing; this last
part has what becomes of orders. Whatever is said of an order that waited too long, it is ended
first, and that is written whatever the answer is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from tests.properties.facts import HOLDING, Expected, Name, Order
from tests.properties.ledger import NOT_ENROLLED, NOT_FOUND, REUSED
from tests.properties.shelf import Shelf

HALF_AN_HOUR: Final = timedelta(minutes=30)


@dataclass
class Program(Shelf):
    """The whole program."""

    def cancel(self, subject: str, key: str, name: Name) -> Expected:
        """Change one's mind."""
        if subject not in self.members:
            return NOT_ENROLLED
        receipt = ("cancel", subject, key)
        if receipt in self.receipts:
            return self._told_again(receipt, (name,))
        if (order := self._own(subject, name)) is None:
            return NOT_FOUND
        ended = self.look(order)
        if reason := self._against_cancelling(order):
            told = {"reason": reason, "order_status": order.status}
            return Expected(409, "order_not_cancellable", told, writes=ended)
        self.receipts[receipt] = (name,)
        self.give_back(order, order.kept, reason="cancellation")
        order.status = "cancelled"
        return _shown(order, writes=True)

    def refund_order(
        self, key: str, name: Name, quantity: int | None, *, restock: bool
    ) -> Expected:
        """Give units back, or all that are left."""
        receipt, request = ("refund", "", key), (name, quantity, restock)
        if receipt in self.receipts:
            return Expected(201, again=201) if self.receipts[receipt] == request else REUSED
        if (order := self.orders.get(name)) is None:
            return NOT_FOUND
        ended = self.look(order)
        if order.status not in HOLDING:
            return _not_settled(order, writes=ended)
        wanted = order.kept if quantity is None else quantity
        if wanted > order.kept:
            return Expected(422, "refund_exceeds_order", {"refundable": order.kept})
        self.receipts[receipt] = request
        paid = self.give_back(order, wanted, reason="order_refund", restock=restock)
        order.status = "partly_refunded" if order.kept else "refunded"
        told = {"order_id": order.id, "quantity": wanted, "points": wanted * order.price}
        facts = told | {"debt_paid": paid, "restocked": restock}
        return Expected(201, facts=facts, again=201, writes=True)

    def decide(self, key: str, name: Name, decision: str) -> Expected:
        """Settle an order that waits, or give everything back."""
        receipt, request = ("review", "", key), (name, decision)
        if receipt in self.receipts:
            return self._told_again(receipt, request)
        if (order := self.orders.get(name)) is None:
            return NOT_FOUND
        ended = self.look(order)
        if order.status != "in_review":
            told = {"order_status": order.status}
            return Expected(409, "order_not_in_review", told, writes=ended)
        self.receipts[receipt] = request
        if decision == "approve":
            order.status, order.settled_at = "settled", self.now
            self.members[order.subject].note("order_approved")
        else:
            self.give_back(order, order.kept, reason="order_rejected")
            order.status = "cancelled"
        return _shown(order, writes=True)

    def fulfil(self, name: Name, state: str, tracking: str | None) -> Expected:
        """Note that an order was sent, or was not."""
        if (order := self.orders.get(name)) is None:
            return NOT_FOUND
        ended = self.look(order)
        if order.status not in HOLDING:
            return _not_settled(order, writes=ended)
        if order.fulfilment == "none":
            return Expected(409, "nothing_to_send")
        if state == "sent":
            tracking = tracking or order.tracking
        changes = (order.fulfilment, order.tracking) != (state, tracking)
        order.fulfilment, order.tracking = state, tracking
        return _shown(order, writes=changes)

    def fetch(self, subject: str, name: Name) -> Expected:
        """Hand over the codes of an order; here only their number is known."""
        if subject not in self.members:
            return NOT_ENROLLED
        if (order := self._own(subject, name)) is None:
            return NOT_FOUND
        ended = self.look(order)
        if self.members[subject].frozen:
            return Expected(403, "member_frozen", writes=ended)
        if order.status not in HOLDING:
            return _not_settled(order, writes=ended)
        if order.reward.mode != "coded":
            return Expected(409, "no_codes")
        changes = not order.fetched
        order.fetched = True
        return Expected(200, facts={"codes": order.kept}, writes=changes)

    def show(self, subject: str, name: Name) -> Expected:
        """Show an order to its member."""
        if subject not in self.members:
            return NOT_ENROLLED
        order = self._own(subject, name)
        return NOT_FOUND if order is None else _shown(order, writes=self.look(order))

    def show_file(self, name: Name) -> Expected:
        """Show an order to an operator."""
        if (order := self.orders.get(name)) is None:
            return NOT_FOUND
        shown = _shown(order, writes=self.look(order))
        more: dict[str, Any] = {"is_fetched": order.fetched, "concerns": order.concerns}
        return replace(shown, facts={**shown.facts, **more})

    def end_overdue(self) -> Expected:
        """End every order that waited too long."""
        late = [self.look(order) for order in self.waiting()]
        return Expected(200, writes=any(late))

    def waiting(self) -> list[Order]:
        """Return the orders that somebody has to look at, soonest deadline first."""
        waiting = [order for order in self.orders.values() if order.status == "in_review"]
        return sorted(waiting, key=lambda order: (order.deadline, order.id))

    def _told_again(self, receipt: tuple[str, str, str], request: tuple[Any, ...]) -> Expected:
        """Return how the same request left an order, or what it means that it was another one."""
        if self.receipts[receipt] != request:
            return REUSED
        order = self.orders[request[0]]
        return _shown(order, writes=self.look(order))

    def _own(self, subject: str, name: Name) -> Order | None:
        order = self.orders.get(name)
        return order if order is not None and order.subject == subject else None

    def _against_cancelling(self, order: Order) -> str:
        if order.status == "in_review":
            return ""
        if order.status != "settled":
            return order.status
        assert order.settled_at is not None, order
        against = {
            "codes_fetched": order.fetched,
            "sent": order.fulfilment == "sent",
            "too_late": self.now > order.settled_at + HALF_AN_HOUR,
        }
        return next((reason for reason, holds in against.items() if holds), "")


def _shown(order: Order, *, writes: bool) -> Expected:
    return Expected(200, facts=order.told(), again=200, writes=writes)


def _not_settled(order: Order, *, writes: bool) -> Expected:
    return Expected(409, "order_not_settled", {"order_status": order.status}, writes=writes)

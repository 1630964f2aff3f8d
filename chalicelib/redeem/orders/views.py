"""What is told of an order, wherever one is answered, and how a request names one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Final, TypeVar

from chalicelib.catalog.stock.model import Mode
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.views import DateView
from chalicelib.ledger.members import service as members
from chalicelib.ledger.wallets.model import NEVER
from chalicelib.redeem.orders.model import Order, Shown
from chalicelib.redeem.orders.rules import numbers_of
from chalicelib.redeem.orders.service import Request
from chalicelib.web.bodies import MoneyOut, View
from chalicelib.web.calls import Call
from chalicelib.web.routes import Example

B = TypeVar("B")

ID_EXAMPLE: Final = {"id": "ord_0Ab1Cd2Ef3G4Hi5Jk6L7"}
ORDER_EXAMPLE: Final[Example] = {
    **ID_EXAMPLE,
    "status": "settled",
    "reward_id": "rwd_0Ab1Cd2Ef3G",
    "option": 0,
    "quantity": 1,
    "points": 500,
    "cash": None,
    "payment": None,
    "fulfilment": "none",
    "tracking": None,
    "dispute": None,
    "numbers": None,
    "returned": {"quantity": 0, "points": 0, "debt_paid": 0, "expired": 0, "cash": None},
    "placed_at": "2026-11-21T08:00:00Z",
}


class PaymentView(View):
    """What is needed to pay the cash part."""

    client_secret: str
    expires_at: datetime


class ReturnedView(View):
    """What of an order has come back.

    `debt_paid` of the points paid what was owed; `expired` were past their last day, and are gone.
    `cash` went back or is on its way, null where the order has no cash part.
    """

    quantity: int
    points: int
    debt_paid: int
    expired: int
    cash: MoneyOut | None


class OrderView(View):
    """An order as its member sees it. `numbers` are those of a limited edition's units, from 1.

    `dispute` tells how a dispute of its payment stands: open, won or lost.
    """

    id: str
    status: str
    reward_id: str
    option: int
    quantity: int
    points: int
    cash: MoneyOut | None
    payment: PaymentView | None
    fulfilment: str
    tracking: str | None
    dispute: str | None
    numbers: list[int] | None
    returned: ReturnedView
    placed_at: datetime

    @classmethod
    def of(cls, order: Order, *, client_secret: str | None = None) -> OrderView:
        """Return an order as its member sees it, with what pays it where it waits for money."""
        payment = None
        if client_secret is not None and order.deadline is not None:
            payment = PaymentView(client_secret=client_secret, expires_at=order.deadline)
        numbers = [number + 1 for number in numbers_of(order)]
        return cls(
            id=order.id,
            status=order.status.value,
            reward_id=order.reward_id,
            option=order.option,
            quantity=order.quantity,
            points=order.points,
            cash=MoneyOut.of(order.cash) if order.cash else None,
            payment=payment,
            fulfilment=order.fulfilment.value,
            tracking=order.tracking,
            dispute=order.dispute.state.value if order.dispute else None,
            numbers=numbers if order.mode is Mode.NUMBERED else None,
            returned=ReturnedView(
                quantity=order.quantity_returned,
                points=order.returned,
                debt_paid=order.debt_paid,
                expired=order.expired,
                cash=_cash_returned(order),
            ),
            placed_at=order.placed_at,
        )


def _cash_returned(order: Order) -> MoneyOut | None:
    if order.cash is None:
        return None
    return MoneyOut.of(Money(order.cash_returned, order.cash.currency))


class AddressOut(View):
    """Where an order goes."""

    name: str
    phone: str
    line1: str
    line2: str | None
    city: str
    region: str | None
    postal_code: str | None
    country: str


class OrderDetail(OrderView):
    """One order, with where it goes."""

    address: AddressOut | None


class OrderFile(OrderDetail):
    """An order as operators see it: whose it is, and why and until when somebody has to look."""

    member_id: str
    concerns: list[str]
    review_until: datetime | None
    is_fetched: bool

    @classmethod
    def of_shown(cls, shown: Shown) -> OrderFile:
        """Return an order as operators see it."""
        order = shown.order
        return cls(
            **dict(OrderView.of(order)),
            address=address_of(shown),
            member_id=order.member_id,
            concerns=[concern.value for concern in order.concerns],
            review_until=order.deadline,
            is_fetched=order.is_fetched,
        )


class ToldOrder(OrderDetail):
    """An order as an export tells it: with all that is kept of it, its codes left out.

    `points_by_date` are the points that it holds; a date is null where they never expire.
    """

    points_by_date: list[DateView]
    concerns: list[str]
    settled_at: datetime | None
    deadline: datetime | None
    codes_shown: bool

    @classmethod
    def of_shown(cls, shown: Shown) -> ToldOrder:
        """Return an order as an answer."""
        order = shown.order
        return cls(
            **dict(OrderView.of(order)),
            address=address_of(shown),
            points_by_date=[
                DateView(
                    expires_on=None if lot.expires_on == NEVER else lot.expires_on,
                    points=lot.points,
                )
                for lot in order.taken
            ],
            concerns=[concern.value for concern in order.concerns],
            settled_at=order.settled_at,
            deadline=order.deadline,
            codes_shown=order.is_fetched,
        )


FILE_EXAMPLE: Final[Example] = {
    **ORDER_EXAMPLE,
    "status": "in_review",
    "address": None,
    "member_id": "mem_0Ab1Cd2Ef3G",
    "concerns": ["worth"],
    "review_until": "2026-11-24T08:00:00Z",
    "is_fetched": False,
}


def address_of(shown: Shown) -> AddressOut | None:
    """Return where an order goes, as an answer."""
    return AddressOut(**asdict(shown.address)) if shown.address else None


def asked_by_member(call: Call[B]) -> Request:
    """Return a member's request about an order."""
    member_id = members.member_of(call.identity.subject)
    return Request(
        call.path["id"], member_id, call.route, call.key, call.fingerprint, member_id=member_id
    )


def asked_by_operator(call: Call[B]) -> Request:
    """Return an operator's request about an order."""
    by = call.identity.subject
    return Request(call.path["id"], by, call.route, call.key, call.fingerprint)

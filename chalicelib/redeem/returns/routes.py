"""Giving an order back over HTTP: a member cancels, support refunds."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from chalicelib.kernel.errors import Contended, KeyReused, NotEnrolled, NotFound, Unavailable
from chalicelib.kernel.money import MONEY_MAX
from chalicelib.kernel.points import QUANTITY_MAX
from chalicelib.redeem.orders.rules import OrderDisputed, OrderNotSettled
from chalicelib.redeem.orders.views import (
    ID_EXAMPLE,
    ORDER_EXAMPLE,
    OrderView,
    asked_by_member,
    asked_by_operator,
)
from chalicelib.redeem.returns import service
from chalicelib.redeem.returns.model import RefundRequest
from chalicelib.redeem.returns.rules import (
    CashRefundExceedsOrder,
    OrderNotCancellable,
    RefundExceedsOrder,
)
from chalicelib.web.bodies import Body, MoneyOut, View, Wrong
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Routes

routes = Routes(__name__)

CANCELLED_EXAMPLE: Final = {
    **ORDER_EXAMPLE,
    "status": "cancelled",
    "returned": {"quantity": 1, "points": 500, "debt_paid": 0, "expired": 0, "cash": None},
}


class RefundDraft(Body):
    """How much goes back: so many units, or an amount of the cash that was paid; nothing said: all.

    An order without cash is refunded by quantity only. `restock`: its units may be sold again.
    """

    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)] | None = None
    amount: Annotated[int, Field(ge=1, le=MONEY_MAX)] | None = None
    restock: bool = False

    @model_validator(mode="after")
    def one(self) -> Self:
        """Refuse both."""
        if self.quantity is not None and self.amount is not None:
            raise Wrong("give either quantity or amount", zh="quantity 与 amount 只能填写其一")
        return self

    def wanted(self) -> RefundRequest:
        """Return it as the use case's word."""
        return RefundRequest(self.quantity, self.restock, self.amount)


class OrderRefundView(View):
    """A refund that was made; `debt_paid` of the points paid what was owed.

    `status` is that of its cash: pending until Stripe says otherwise.
    """

    id: str
    order_id: str
    quantity: int
    points: int
    cash: MoneyOut | None
    status: str
    debt_paid: int
    restocked: bool


@routes.post(
    "/orders/{id}/cancel",
    roles=("member",),
    key=True,
    answer=OrderView,
    summary="Cancel my order, within 30 minutes and before anything was sent or fetched",
    refusals=(
        NotEnrolled,
        NotFound,
        OrderDisputed,
        OrderNotCancellable,
        KeyReused,
        Contended,
        Unavailable,
    ),
    path_example=ID_EXAMPLE,
    answer_example=CANCELLED_EXAMPLE,
)
def cancel(call: Call[Body]) -> Answer:
    """Give everything back, or answer what the same request gave back before."""
    cancelled = service.cancel(call.work, call.payments, request=asked_by_member(call))
    about = {"order_id": cancelled.order.id}
    return Answer(OrderView.of(cancelled.order), replayed=cancelled.replayed, about=about)


@routes.post(
    "/orders/{id}/refunds",
    roles=("support",),
    key=True,
    body=RefundDraft,
    answer=OrderRefundView,
    status=201,
    summary="Give a member's order back, or units of it",
    refusals=(
        NotFound,
        OrderDisputed,
        OrderNotSettled,
        RefundExceedsOrder,
        CashRefundExceedsOrder,
        KeyReused,
        Contended,
    ),
    path_example=ID_EXAMPLE,
    example={"quantity": 1, "restock": True},
    answer_example={
        "id": "rfd_0Ab1Cd2Ef3G4Hi5Jk6L7",
        "order_id": "ord_0Ab1Cd2Ef3G4Hi5Jk6L7",
        "quantity": 1,
        "points": 500,
        "cash": None,
        "status": "succeeded",
        "debt_paid": 0,
        "restocked": True,
    },
)
def refund(call: Call[RefundDraft]) -> Answer:
    """Refund an order, or answer what the same request refunded before."""
    request = asked_by_operator(call)
    done = service.refund(call.work, call.payments, request=request, wanted=call.body.wanted())
    made = done.refund
    view = OrderRefundView(
        id=made.id,
        order_id=made.order_id,
        quantity=made.quantity,
        points=made.points,
        cash=MoneyOut.of(made.cash) if made.cash else None,
        status=made.state.value,
        debt_paid=made.debt_paid,
        restocked=made.is_restocked,
    )
    return Answer(view, replayed=done.replayed, about={"order_id": made.order_id})

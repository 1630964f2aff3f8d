"""Placing orders over HTTP: what one would cost, and redeeming."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from chalicelib.catalog.rewards.rules import NotEligible, NotRedeemableNow
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.kernel.errors import (
    Contended,
    KeyReused,
    LimitReached,
    NotEnrolled,
    NotFound,
    Unavailable,
)
from chalicelib.kernel.points import QUANTITY_MAX
from chalicelib.ledger.members import service as members
from chalicelib.ledger.wallets.rules import DebtOpen, InsufficientPoints, MemberFrozen
from chalicelib.redeem.checkout import service
from chalicelib.redeem.checkout.model import Ask
from chalicelib.redeem.checkout.rules import CashBelowMinimum, CashNotChargeable
from chalicelib.redeem.orders.model import Address
from chalicelib.redeem.orders.views import ORDER_EXAMPLE, OrderView
from chalicelib.web.bodies import PRINTABLE, Body, MoneyOut, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Routes

ADDRESS_CHARS_MAX: Final = 100
"""Characters of one line of an address: carriers print fewer."""

AddressLine = Annotated[
    str, StringConstraints(min_length=1, max_length=ADDRESS_CHARS_MAX, pattern=PRINTABLE)
]

routes = Routes(__name__)


class AddressIn(Body):
    """Where to send it."""

    name: AddressLine
    phone: AddressLine
    line1: AddressLine
    line2: AddressLine | None = None
    city: AddressLine
    region: AddressLine | None = None
    postal_code: AddressLine | None = None
    country: AddressLine


class OrderDraft(Body):
    """What a member asks for."""

    reward_id: str
    option: int = Field(default=0, ge=0)
    quantity: int = Field(default=1, ge=1, le=QUANTITY_MAX)
    address: AddressIn | None = None

    def ask(self) -> Ask:
        """Return it as the use case's words."""
        address = Address(**self.address.model_dump()) if self.address else None
        return Ask(self.reward_id, self.option, self.quantity, address)


class QuoteView(View):
    """What an order would cost now."""

    reward_id: str
    option: int
    quantity: int
    points: int
    cash: MoneyOut | None
    available: int
    available_after: int


REFUSALS: Final = (
    NotEnrolled,
    NotFound,
    MemberFrozen,
    DebtOpen,
    NotRedeemableNow,
    NotEligible,
    LimitReached,
    InsufficientPoints,
    CashBelowMinimum,
    CashNotChargeable,
    SoldOut,
)
DRAFT_EXAMPLE: Final = {"reward_id": "rwd_0Ab1Cd2Ef3G", "option": 0, "quantity": 1}


@routes.post(
    "/orders/quote",
    roles=("member",),
    body=OrderDraft,
    answer=QuoteView,
    summary="What an order would cost now; nothing is reserved",
    refusals=(*REFUSALS, Unavailable),
    example=DRAFT_EXAMPLE,
    answer_example={
        "reward_id": "rwd_0Ab1Cd2Ef3G",
        "option": 0,
        "quantity": 1,
        "points": 500,
        "cash": None,
        "available": 1200,
        "available_after": 700,
    },
)
def quote(call: Call[OrderDraft]) -> QuoteView:
    """Answer what placing the same body would cost, or refuse as it would."""
    ask = call.body.ask()
    quoted = service.quote(call.work, members.member_of(call.identity.subject), ask=ask)
    return QuoteView(
        reward_id=ask.reward_id,
        option=ask.option,
        quantity=ask.quantity,
        points=quoted.price.points,
        cash=MoneyOut.of(quoted.price.cash) if quoted.price.cash else None,
        available=quoted.available,
        available_after=quoted.available_after,
    )


@routes.post(
    "/orders",
    roles=("member",),
    key=True,
    body=OrderDraft,
    answer=OrderView,
    status=201,
    summary="Redeem a reward",
    refusals=(*REFUSALS, KeyReused, Contended, Unavailable),
    example=DRAFT_EXAMPLE,
    answer_example=ORDER_EXAMPLE,
)
def place(call: Call[OrderDraft]) -> Answer:
    """Place an order, or answer what the same request placed before."""
    request = service.Request(
        members.member_of(call.identity.subject), call.route, call.key, call.fingerprint
    )
    placed = service.place(call.work, call.payments, request=request, ask=call.body.ask())
    current = placed.current
    view = OrderView.of(current.order, client_secret=current.client_secret)
    return Answer(view, replayed=placed.replayed, about={"order_id": current.order.id})

"""Orders over HTTP: quote, place, list, show."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from chalicelib.catalog.limits.rules import LimitReached
from chalicelib.catalog.rewards.rules import NotEligible, NotRedeemableNow
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.kernel.errors import Contended, KeyReused, NotEnrolled, NotFound
from chalicelib.kernel.points import QUANTITY_MAX
from chalicelib.ledger.members import service as members
from chalicelib.ledger.wallets.rules import DebtOpen, InsufficientPoints, MemberFrozen
from chalicelib.redeem.checkout import service
from chalicelib.redeem.checkout.model import Address, Ask, Order
from chalicelib.web.bodies import PRINTABLE, Body, MoneyOut, PageQuery, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.paging import Paged, paged, position_of
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


class PaymentView(View):
    """What is needed to pay the cash part."""

    client_secret: str
    expires_at: datetime


class OrderView(View):
    """An order as its member sees it."""

    id: str
    status: str
    reward_id: str
    option: int
    quantity: int
    points: int
    cash: MoneyOut | None
    payment: PaymentView | None
    fulfilment: str
    placed_at: datetime

    @classmethod
    def of(cls, order: Order) -> OrderView:
        """Return an order as its member sees it."""
        return cls(
            id=order.id,
            status=order.status.value,
            reward_id=order.reward_id,
            option=order.option,
            quantity=order.quantity,
            points=order.points,
            cash=None,
            payment=None,
            fulfilment=order.fulfilment.value,
            placed_at=order.placed_at,
        )


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


REFUSALS: Final = (
    NotEnrolled,
    NotFound,
    MemberFrozen,
    DebtOpen,
    NotRedeemableNow,
    NotEligible,
    LimitReached,
    InsufficientPoints,
    SoldOut,
)
DRAFT_EXAMPLE: Final = {"reward_id": "rwd_0Ab1Cd2Ef3G", "option": 0, "quantity": 1}
ORDER_EXAMPLE: Final = {
    "id": "ord_0Ab1Cd2Ef3G4Hi5Jk6L7",
    "status": "settled",
    "reward_id": "rwd_0Ab1Cd2Ef3G",
    "option": 0,
    "quantity": 1,
    "points": 500,
    "cash": None,
    "payment": None,
    "fulfilment": "none",
    "placed_at": "2026-11-21T08:00:00Z",
}


@routes.post(
    "/orders/quote",
    roles=("member",),
    body=OrderDraft,
    answer=QuoteView,
    summary="What an order would cost now; nothing is reserved",
    refusals=REFUSALS,
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
        points=quoted.points,
        cash=None,
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
    refusals=(*REFUSALS, KeyReused, Contended),
    example=DRAFT_EXAMPLE,
    answer_example=ORDER_EXAMPLE,
)
def place(call: Call[OrderDraft]) -> Answer:
    """Place an order, or answer what the same request placed before."""
    placed = service.place(
        call.work,
        service.Request(
            members.member_of(call.identity.subject), call.route, call.key, call.fingerprint
        ),
        ask=call.body.ask(),
    )
    about = {"order_id": placed.order.id}
    return Answer(OrderView.of(placed.order), replayed=placed.replayed, about=about)


@routes.get(
    "/orders",
    roles=("member",),
    query=PageQuery,
    answer=Paged[OrderView],
    summary="My orders, newest first",
    refusals=(NotEnrolled,),
    answer_example={"items": [ORDER_EXAMPLE], "next_cursor": None},
)
def list_orders(call: Call[None, PageQuery]) -> Paged[OrderView]:
    """Answer one page of the member's orders."""
    page = service.page(
        call.work,
        members.member_of(call.identity.subject),
        limit=call.query.limit,
        after=position_of(call),
    )
    return paged(call, page, view=OrderView.of)


@routes.get(
    "/orders/{id}",
    roles=("member",),
    answer=OrderDetail,
    summary="One of my orders",
    refusals=(NotEnrolled, NotFound),
    path_example={"id": "ord_0Ab1Cd2Ef3G4Hi5Jk6L7"},
    answer_example={**ORDER_EXAMPLE, "address": None},
)
def show(call: Call) -> Answer:
    """Answer one order and its address; anybody else's is not found."""
    member_id = members.member_of(call.identity.subject)
    shown = service.show(call.work, member_id, order_id=call.path["id"])
    address = AddressOut(**asdict(shown.address)) if shown.address else None
    view = OrderDetail(**OrderView.of(shown.order).model_dump(), address=address)
    return Answer(view, about={"order_id": shown.order.id})

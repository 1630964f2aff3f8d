"""What a settled order gives, over HTTP: sent by an operator, fetched by its member."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from chalicelib.kernel.errors import Contended, NotEnrolled, NotFound
from chalicelib.ledger.wallets.rules import MemberFrozen
from chalicelib.redeem.fulfilment import service
from chalicelib.redeem.fulfilment.model import Progress
from chalicelib.redeem.fulfilment.rules import NoCodes, NothingToSend
from chalicelib.redeem.orders.model import Fulfilment
from chalicelib.redeem.orders.rules import OrderDisputed, OrderNotSettled
from chalicelib.redeem.orders.views import (
    ID_EXAMPLE,
    ORDER_EXAMPLE,
    OrderView,
    asked_by_member,
    asked_by_operator,
)
from chalicelib.web.bodies import PRINTABLE, Body, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Routes

TRACKING_CHARS_MAX: Final = 200
"""A carrier, its number, and a link."""

routes = Routes(__name__)


class ProgressDraft(Body):
    """Whether it was sent, and how to follow it."""

    state: Literal[Fulfilment.PENDING, Fulfilment.SENT]
    tracking: (
        Annotated[str, Field(min_length=1, max_length=TRACKING_CHARS_MAX, pattern=PRINTABLE)] | None
    ) = None


class CodesView(View):
    """The codes of an order."""

    codes: list[str]


@routes.post(
    "/orders/{id}/fulfilment",
    roles=("support",),
    body=ProgressDraft,
    answer=OrderView,
    summary="Note that an order was sent",
    refusals=(NotFound, OrderNotSettled, OrderDisputed, NothingToSend, Contended),
    path_example=ID_EXAMPLE,
    example={"state": "sent", "tracking": "SF Express SF1234567890"},
    answer_example={
        **ORDER_EXAMPLE,
        "fulfilment": "sent",
        "tracking": "SF Express SF1234567890",
    },
)
def report(call: Call[ProgressDraft]) -> Answer:
    """Note what became of an order; told twice, it stays as it is."""
    told = Progress(call.body.state, call.body.tracking)
    request = asked_by_operator(call)
    order = service.report(call.work, call.payments, request=request, told=told)
    return Answer(OrderView.of(order), about={"order_id": order.id})


@routes.post(
    "/orders/{id}/codes",
    roles=("member",),
    answer=CodesView,
    summary="The codes of my order; once seen, the order cannot be cancelled",
    refusals=(
        NotEnrolled,
        NotFound,
        MemberFrozen,
        OrderNotSettled,
        OrderDisputed,
        NoCodes,
        Contended,
    ),
    path_example=ID_EXAMPLE,
    answer_example={"codes": ["TEA-7K2M-91QX"]},
)
def fetch_codes(call: Call[Body]) -> Answer:
    """Answer the codes, as often as they are asked for."""
    found = service.reveal(call.work, call.payments, request=asked_by_member(call))
    return Answer(CodesView(codes=found), about={"order_id": call.path["id"]})

"""The review queue over HTTP: what waits, and what was decided."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from chalicelib.kernel.errors import Contended, KeyReused, NotFound
from chalicelib.redeem.orders.model import Shown
from chalicelib.redeem.orders.views import (
    FILE_EXAMPLE,
    ID_EXAMPLE,
    ORDER_EXAMPLE,
    OrderFile,
    OrderView,
    asked_by_operator,
)
from chalicelib.redeem.review import service
from chalicelib.redeem.review.model import Decision, Verdict
from chalicelib.redeem.review.rules import OrderNotInReview
from chalicelib.web.bodies import PRINTABLE, Body, PageQuery
from chalicelib.web.calls import Answer, Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Routes

REASON_CHARS_MAX: Final = 200
"""A sentence, so that an audit row stays small."""

routes = Routes(__name__)


class VerdictDraft(Body):
    """What was decided, and why."""

    decision: Decision
    reason: Annotated[str, Field(min_length=1, max_length=REASON_CHARS_MAX, pattern=PRINTABLE)]


@routes.get(
    "/admin/orders",
    roles=("support",),
    query=PageQuery,
    answer=Paged[OrderFile],
    summary="Orders that wait for a decision, soonest deadline first",
    answer_example={"items": [FILE_EXAMPLE], "next_cursor": None},
)
def list_waiting(call: Call[None, PageQuery]) -> Paged[OrderFile]:
    """List the review queue; an address is told with the single order only."""
    page = service.queue(call.work, limit=call.query.limit, after=position_of(call))
    return paged(call, page, view=lambda order: OrderFile.of_shown(Shown(order, None)))


@routes.post(
    "/orders/{id}/review",
    roles=("support",),
    key=True,
    body=VerdictDraft,
    answer=OrderView,
    summary="Decide about an order that waits: it settles, or everything goes back",
    refusals=(NotFound, OrderNotInReview, KeyReused, Contended),
    path_example=ID_EXAMPLE,
    example={"decision": "approve", "reason": "A regular customer; the phone number was checked."},
    answer_example=ORDER_EXAMPLE,
)
def decide(call: Call[VerdictDraft]) -> Answer:
    """Carry out a decision, or answer how the same request left the order."""
    verdict = Verdict(call.body.decision, call.body.reason)
    request = asked_by_operator(call)
    decided = service.decide(call.work, call.payments, request=request, verdict=verdict)
    about = {"order_id": decided.order.id}
    return Answer(OrderView.of(decided.order), replayed=decided.replayed, about=about)

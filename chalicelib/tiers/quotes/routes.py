"""Tills, shops and members ask what a purchase would earn, and why."""

from __future__ import annotations

from datetime import date
from typing import Final

from chalicelib.kernel.errors import NotEnrolled, NotFound
from chalicelib.ledger.members import service as members
from chalicelib.tiers.earning.model import Sale
from chalicelib.tiers.earning.rules import CurrencyNotSupported, OccurredAtOutOfRange
from chalicelib.tiers.earning.views import (
    EXPLAINED_EXAMPLE,
    PAID_EXAMPLE,
    Basket,
    ExplanationView,
    ReportedId,
    explained,
)
from chalicelib.tiers.quotes import service
from chalicelib.web.bodies import View
from chalicelib.web.calls import Call
from chalicelib.web.routes import Example, Routes


class QuoteIn(Basket):
    """A purchase to be, or the very body of its report.

    A till may name its own channel and the member; a member is the one who asks, at any channel.
    """

    channel: ReportedId | None = None
    purchase_id: ReportedId | None = None
    member_id: str | None = None


class NotAppliedView(View):
    """A campaign that would give nothing, and why: a stable word, and a sentence."""

    rule: str
    text: str
    reason: str


class HintView(View):
    """What would earn more."""

    rule: str
    text: str


class QuoteView(View):
    """What it would earn, and why, were it booked now; what else holds, and what would earn more.

    `expires_on` is the last day of those points whose line names no day of its own. `not_applied`
    has the campaigns that would give nothing, and that no line of the explanation names.
    """

    points: int
    explanation: list[ExplanationView]
    expires_on: date
    not_applied: list[NotAppliedView]
    hints: list[HintView]


routes = Routes(__name__)

QUOTE_EXAMPLE: Final[Example] = {
    **EXPLAINED_EXAMPLE,
    "expires_on": "2028-11-30",
    "not_applied": [
        {
            "rule": "cmp_0Ab1Cd2Ef3G",
            "text": "Spend ¥500 and get 200 points: the amount is too low.",
            "reason": "threshold",
        }
    ],
    "hints": [
        {
            "rule": "cmp_0Ab1Cd2Ef3G",
            "text": "Spend ¥500 and get 200 points: ¥371.50 more and you get +200.",
        }
    ],
}


@routes.post(
    "/earn/quote",
    roles=("channel", "member"),
    summary="Ask what a purchase would earn, why, and what would earn more",
    body=QuoteIn,
    answer=QuoteView,
    refusals=(NotEnrolled, NotFound, CurrencyNotSupported, OccurredAtOutOfRange),
    example={"paid": PAID_EXAMPLE},
    answer_example=QUOTE_EXAMPLE,
)
def quote(call: Call[QuoteIn]) -> QuoteView:
    """Tell what a purchase would earn; nothing is written."""
    body, caller, language = call.body, call.identity, call.language
    asked = Sale(
        channel=body.channel or "",
        purchase_id="",
        member_id=body.member_id,
        paid=body.paid.money(),
        occurred_at=body.occurred_at,
        amounts=body.amounts(),
    )
    if "channel" in caller.roles:
        told = service.quote_to_channel(call.work, asked, client=caller.client)
    else:
        own_id = members.member_of(caller.subject)
        told = service.quote_to_member(call.work, asked, member_id=own_id)
    return QuoteView(
        points=told.points,
        explanation=explained(told.lines, language),
        expires_on=told.expires_on,
        not_applied=[
            NotAppliedView(rule=one.rule, text=one.sentence(language), reason=one.why.value)
            for one in told.not_applied
        ],
        hints=[HintView(rule=one.rule, text=one.sentence(language)) for one in told.hints],
    )

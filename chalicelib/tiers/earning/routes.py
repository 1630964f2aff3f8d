"""Tills and shops report purchases and refunds; they and members ask what one would earn."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.kernel.errors import Contended, NotEnrolled, NotFound
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.kernel.money import MONEY_MAX
from chalicelib.ledger.members import service as members
from chalicelib.tiers.earning import service
from chalicelib.tiers.earning.model import Question, Return, Sale
from chalicelib.tiers.earning.rules import (
    CurrencyNotSupported,
    OccurredAtOutOfRange,
    PurchaseConflict,
    RefundExceedsPurchase,
)
from chalicelib.tiers.earning.views import ExplanationView, explained
from chalicelib.web.bodies import Body, Instant, MoneyIn, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Routes

LINES_MAX: Final = 100
"""Lines of one purchase: a long receipt, and the body stays within its limit."""
LABEL_CHARS_MAX: Final = 64
"""Characters of an article's number or category: as long as a purchase's own id."""
LINE_QUANTITY_MAX: Final = 1_000_000
"""Pieces in one line: a till may count screws, or grams."""

ReportedId = Annotated[str, StringConstraints(pattern=f"^{GIVEN_NAME.pattern}$")]
"""A name that the reporter gave."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=LABEL_CHARS_MAX)]


class PurchaseLine(Body):
    """What was bought. Kept only as part of what makes two reports the same, for now."""

    sku: Label | None = None
    category: Label | None = None
    quantity: int = Field(default=1, ge=1, le=LINE_QUANTITY_MAX)
    amount: int = Field(ge=0, le=MONEY_MAX, examples=[6425])


def something(lines: list[PurchaseLine] | None) -> list[PurchaseLine] | None:
    """Return the lines; an empty list says no more than none, and is the same report."""
    return lines or None


Lines = Annotated[
    Annotated[list[PurchaseLine], Field(max_length=LINES_MAX)] | None, AfterValidator(something)
]


class PurchaseIn(Body):
    """A purchase; without `occurred_at` it happened just now, without a member it is a guest's."""

    channel: ReportedId
    purchase_id: ReportedId
    member_id: str | None
    paid: MoneyIn
    occurred_at: Instant | None = None
    lines: Lines = None


class PurchaseView(View):
    """What a purchase earned; `debt_paid` of the points paid what was owed from a refund.

    Without a member: what a claim would bring, and the code to claim it with.
    """

    points: int
    explanation: list[ExplanationView]
    debt_paid: int
    claim_code: str | None


class RefundMoneyIn(MoneyIn):
    """Money that goes back, with its currency: something, not nothing."""

    amount: int = Field(ge=1, le=MONEY_MAX, examples=[5000])


class RefundIn(Body):
    """A refund: money with its currency, or minor units of the purchase's own."""

    refund_id: ReportedId
    amount: RefundMoneyIn | Annotated[int, Field(ge=1, le=MONEY_MAX)]


class RefundView(View):
    """All points that this refund took back, and how many of them became debt.

    Of a purchase that nobody has claimed yet: by how many points its claim shrank.
    """

    points_clawed_back: int
    debt: int


class QuoteIn(Body):
    """A purchase to be, or the very body of its report.

    A till may name its own channel and the member; a member is the one who asks, at any channel.
    """

    channel: ReportedId | None = None
    purchase_id: ReportedId | None = None
    member_id: str | None = None
    paid: MoneyIn
    occurred_at: Instant | None = None
    lines: Lines = None


class QuoteView(View):
    """What it would earn, why, and the last day of using that, were it booked now."""

    points: int
    explanation: list[ExplanationView]
    expires_on: date


routes = Routes(__name__)

PAID_EXAMPLE: Final = {"amount": 12850, "currency": "cny"}
EXPLAINED_EXAMPLE: Final = {
    "points": 128,
    "explanation": [
        {
            "rule": "base",
            "text": "1 point for each whole yuan of ¥128.50: 128 points.",
            "points": 128,
        }
    ],
}


@routes.post(
    "/purchases",
    roles=("channel",),
    summary="Report a purchase",
    body=PurchaseIn,
    answer=PurchaseView,
    status=201,
    status_again=200,
    refusals=(PurchaseConflict, NotFound, CurrencyNotSupported, OccurredAtOutOfRange, Contended),
    example={
        "channel": "store-1",
        "purchase_id": "20261121-0001",
        "member_id": "mem_2Fq0xV8sKd1",
        "paid": PAID_EXAMPLE,
        "occurred_at": "2026-11-21T08:00:00Z",
        "lines": [{"sku": "tea-100g", "category": "tea", "quantity": 2, "amount": 12850}],
    },
    answer_example={**EXPLAINED_EXAMPLE, "debt_paid": 0, "claim_code": None},
)
def report(call: Call[PurchaseIn]) -> Answer:
    """Book a purchase and explain what it earned; an earlier report's answer is told again."""
    body = call.body
    sale = Sale(body.channel, body.purchase_id, body.member_id, body.paid.money(), body.occurred_at)
    client = call.identity.client
    booked = service.report(call.work, sale, client=client, fingerprint=call.fingerprint)
    view = PurchaseView(
        points=booked.purchase.points,
        explanation=explained(booked.lines, call.language),
        debt_paid=booked.purchase.debt_paid,
        claim_code=booked.claim_code,
    )
    return Answer(view, status=200 if booked.again else 201)


@routes.post(
    "/purchases/{channel}/{purchase_id}/refunds",
    roles=("channel",),
    summary="Report a refund of a purchase or of part of it",
    body=RefundIn,
    answer=RefundView,
    status=201,
    status_again=200,
    refusals=(PurchaseConflict, CurrencyNotSupported, RefundExceedsPurchase, Contended),
    example={"refund_id": "r-1", "amount": {"amount": 5000, "currency": "cny"}},
    answer_example={"points_clawed_back": 50, "debt": 0},
    path_example={"channel": "store-1", "purchase_id": "20261121-0001"},
)
def refund(call: Call[RefundIn]) -> Answer:
    """Take back what the refunded money had earned; an earlier report's answer is told again."""
    given = call.body.amount
    amount, currency = (given, None) if isinstance(given, int) else (given.amount, given.currency)
    returned = Return(
        channel=call.path["channel"],
        purchase_id=call.path["purchase_id"],
        refund_id=call.body.refund_id,
        amount=amount,
        currency=currency,
    )
    refunded = service.refund(call.work, returned, client=call.identity.client)
    view = RefundView(points_clawed_back=refunded.refund.points, debt=refunded.refund.debt)
    return Answer(view, status=200 if refunded.again else 201)


@routes.post(
    "/earn/quote",
    roles=("channel", "member"),
    summary="Ask what a purchase would earn, and why",
    body=QuoteIn,
    answer=QuoteView,
    refusals=(NotEnrolled, NotFound, CurrencyNotSupported, OccurredAtOutOfRange),
    example={"paid": PAID_EXAMPLE},
    answer_example={**EXPLAINED_EXAMPLE, "expires_on": "2028-11-30"},
)
def quote(call: Call[QuoteIn]) -> QuoteView:
    """Tell what a purchase would earn; nothing is written."""
    body, caller = call.body, call.identity
    asked = Question(body.paid.money(), body.occurred_at, body.member_id, body.channel)
    if "channel" in caller.roles:
        earning = service.quote_to_channel(call.work, asked, client=caller.client)
    else:
        own_id = members.member_of(caller.subject)
        earning = service.quote_to_member(call.work, asked, member_id=own_id)
    return QuoteView(
        points=earning.points,
        explanation=explained(earning.lines, call.language),
        expires_on=earning.expires_on,
    )

"""Tills and shops report purchases and refunds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import Discriminator, Field, Tag

from chalicelib.kernel.errors import Contended, NotFound
from chalicelib.kernel.money import MONEY_MAX
from chalicelib.tiers.earning import service
from chalicelib.tiers.earning.model import Return, Sale
from chalicelib.tiers.earning.rules import (
    CurrencyNotSupported,
    OccurredAtOutOfRange,
    PurchaseConflict,
    RefundExceedsPurchase,
)
from chalicelib.tiers.earning.views import (
    EXPLAINED_EXAMPLE,
    PAID_EXAMPLE,
    Basket,
    ExplanationView,
    ReportedId,
    explained,
)
from chalicelib.web.bodies import Body, MoneyIn, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.routes import Routes

WITH_CURRENCY: Final = "with-currency"
MINOR_UNITS: Final = "minor-units"


class PurchaseIn(Basket):
    """A purchase; without `occurred_at` it happened just now, without a member it is a guest's."""

    channel: ReportedId
    purchase_id: ReportedId
    member_id: str | None


class PurchaseView(View):
    """What a purchase earned; `debt_paid` of the points paid what was owed from a refund.

    Without a member: what a claim would bring, the code to claim it with, and the last day for
    that. Nobody can be reminded of it, so the till prints both.
    """

    points: int
    explanation: list[ExplanationView]
    debt_paid: int
    claim_code: str | None
    claim_through: date | None


def meant(amount: object) -> str:
    """Return which way of telling an amount is meant, so that only its own errors are told."""
    return WITH_CURRENCY if isinstance(amount, dict | MoneyIn) else MINOR_UNITS


class RefundMoneyIn(MoneyIn):
    """Money that goes back, with its currency: something, not nothing."""

    amount: int = Field(ge=1, le=MONEY_MAX, examples=[5000])


class RefundIn(Body):
    """A refund: money with its currency, or minor units of the purchase's own."""

    refund_id: ReportedId
    amount: Annotated[
        Annotated[RefundMoneyIn, Tag(WITH_CURRENCY)]
        | Annotated[Annotated[int, Field(ge=1, le=MONEY_MAX)], Tag(MINOR_UNITS)],
        Discriminator(meant),
    ]


class RefundView(View):
    """All points that this refund took back, and how many of them became debt.

    Of a purchase that nobody has claimed yet: by how many points its claim shrank.
    """

    points_clawed_back: int
    debt: int


routes = Routes(__name__)


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
    answer_example={**EXPLAINED_EXAMPLE, "debt_paid": 0, "claim_code": None, "claim_through": None},
)
def report(call: Call[PurchaseIn]) -> Answer:
    """Book a purchase and explain what it earned; an earlier report's answer is told again."""
    body = call.body
    sale = Sale(
        channel=body.channel,
        purchase_id=body.purchase_id,
        member_id=body.member_id,
        paid=body.paid.money(),
        occurred_at=body.occurred_at,
        amounts=body.amounts(),
    )
    client = call.identity.client
    booked = service.report(call.work, sale, client=client, fingerprint=call.fingerprint)
    view = PurchaseView(
        points=booked.purchase.points,
        explanation=explained(booked.lines, call.language),
        debt_paid=booked.purchase.debt_paid,
        claim_code=booked.claim_code,
        claim_through=booked.purchase.claim.through if booked.purchase.claim else None,
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

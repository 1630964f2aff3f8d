"""Points plus cash: reserved, paid at Stripe, settled, or everything back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from chalicelib.storage.work import Work
from infra.local import jobs
from tests.events import Api, Json
from tests.invariants import check_all
from tests.mall import Mall, a_reward, made
from tests.orders import cancel, placed, refund, units, wallet
from tests.stripes import LocalStripe, taking_money

CASH: Final = {"amount": 2990, "currency": "cny"}


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


def dear(mall: Mall, **more: Any) -> str:
    """Return a reward of 100 points and ¥29.90."""
    options = [{"points": 100, "cash": CASH}]
    return mall.reward(options=options, stock={"mode": "counted", "units": 3}, **more)


def pay(stripe: LocalStripe, order: Json, card: str = "ok") -> str:
    """Pay an order as a customer would."""
    status: str = stripe.lever(f"pay/{order['id']}", {"card": card})["status"]
    return status


def look(api: Api, order: Json) -> Json:
    """Return an order as it is by now."""
    return made(api.get(f"/orders/{order['id']}"), 200)


def test_an_order_waits_for_its_money_and_settles(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = placed(lin, mug, quantity=2)
    assert (order["status"], order["cash"]) == ("awaiting_payment", {**CASH, "amount": 5980})
    assert order["payment"]["client_secret"].startswith("pi_")
    assert order["payment"]["expires_at"] == "2026-11-21T04:15:00Z"
    assert (wallet(lin)["available"], wallet(lin)["held"]) == (300, 200)
    assert units(mall, mug)["free"] == 1
    assert pay(stripe, order) == "succeeded"
    told = look(lin, order)
    assert (told["status"], told["payment"]) == ("settled", None)
    assert (wallet(lin)["available"], wallet(lin)["held"]) == (300, 0)


def test_a_declined_card_leaves_the_order_to_be_paid(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = placed(lin, mug)
    assert pay(stripe, order, "declined") == "requires_payment_method"
    assert look(lin, order)["status"] == "awaiting_payment"
    assert pay(stripe, order) == "succeeded"
    assert look(lin, order)["status"] == "settled"


@pytest.mark.parametrize("seen_by", ["look", "job"])
def test_after_15_minutes_nobody_can_pay_and_everything_is_back(
    mall: Mall, stripe: LocalStripe, seen_by: str
) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = placed(lin, mug)
    mall.clock.advance(minutes=15)
    stripe.clock.instant = mall.clock.instant
    if seen_by == "job":
        jobs.run(mall.app, "order-deadlines", now=mall.clock.now())
    assert look(lin, order)["status"] == "expired"
    assert wallet(lin)["available"] == 500
    assert units(mall, mug)["free"] == 3
    assert pay(stripe, order) == "canceled"


def test_money_that_came_before_the_deadline_settles_after_it(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = placed(lin, mug)
    assert pay(stripe, order) == "succeeded"
    mall.clock.advance(hours=1)
    jobs.run(mall.app, "order-deadlines", now=mall.clock.now())
    assert look(lin, order)["status"] == "settled"


@pytest.mark.usefixtures("stripe")
def test_the_same_request_again_shows_the_same_payment(mall: Mall) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = placed(lin, mug)
    again = lin.post("/orders", {"reward_id": mug}, key="k")
    assert (again.status, again.json) == (201, order)
    assert again.headers["idempotency-replayed"] == "true"


def test_a_member_cancels_before_and_after_paying(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    first, second = placed(lin, mug, key="a"), placed(lin, mug, key="b")
    assert made(cancel(lin, first, key="x"), 200)["status"] == "cancelled"
    assert pay(stripe, first) == "canceled"
    pay(stripe, second)
    assert look(lin, second)["status"] == "settled"
    assert made(cancel(lin, second, key="y"), 200)["status"] == "cancelled"
    assert wallet(lin)["available"] == 500
    payments = stripe.payments()
    intent = next(iter(payments.intents_of(second["id"], span=span(mall))))
    assert [one.cash.amount for one in payments.refunds_of(intent.id)] == [2990]


def span(mall: Mall) -> Any:
    from datetime import timedelta

    from chalicelib.gateways.payments.model import Span

    return Span(mall.clock.now() - timedelta(days=1), mall.clock.now() + timedelta(days=1))


def test_refunds_are_in_the_proportion_paid_and_add_up(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = placed(lin, mug, quantity=3)
    pay(stripe, order)
    look(lin, order)
    one = made(refund(mall, order, key="1", quantity=1), 201)
    assert (one["points"], one["cash"]["amount"], one["status"]) == (100, 2990, "succeeded")
    two = made(refund(mall, order, key="2", amount=2000), 201)
    assert (two["points"], two["cash"]["amount"]) == (66, 2000)
    rest = made(refund(mall, order, key="3"), 201)
    assert (rest["points"], rest["cash"]["amount"]) == (134, 3980)
    assert look(lin, order)["status"] == "refunded"
    assert wallet(lin)["available"] == 500


LEAST: Final = {"points": 10, "cash": {"amount": 24, "currency": "cny"}}
"""Twenty units of it can just be charged."""


@pytest.mark.parametrize(
    ("cash", "pointer"),
    [
        ({"amount": 0, "currency": "cny"}, "/options/0/cash/amount"),
        ({"amount": 2990}, "/options/0/cash/currency"),
        ({"amount": 2990, "currency": "usd"}, "/options/0/cash/currency"),
        ({"amount": 23, "currency": "cny"}, "/options/0/cash/amount"),
        ({"amount": 100_000_000, "currency": "cny"}, "/options/0/cash/amount"),
    ],
)
def test_a_cash_part_can_be_charged_and_is_in_the_programs_currency(
    mall: Mall, cash: Json, pointer: str
) -> None:
    body = a_reward(options=[{"points": 10, "cash": cash}])
    reply = mall.marketing.post("/admin/rewards", body, key="k")
    assert (reply.status, reply.pointers()) == (422, [pointer])
    mug = f"/admin/rewards/{mall.reward(options=[LEAST])}"
    tag = {"If-Match": mall.marketing.get(mug).headers["etag"]}
    reply = mall.marketing.put(mug, body, headers=tag)
    assert (reply.status, reply.pointers()) == (422, [pointer])


@pytest.mark.usefixtures("stripe")
def test_cash_below_the_minimum_reserves_nothing(mall: Mall) -> None:
    lin = mall.member(points=500)
    cheap = mall.reward(options=[{"points": 10, "cash": {"amount": 479, "currency": "cny"}}])
    reply = lin.post("/orders", {"reward_id": cheap}, key="k")
    assert (reply.status, reply.code, reply["minimum"]) == (422, "cash_below_minimum", 480)
    assert wallet(lin)["held"] == 0


def test_stripe_down_is_told_and_the_same_request_goes_on(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    stripe.spoil("reset_before", times=1)
    reply = lin.post("/orders", {"reward_id": mug}, key="k")
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    order = placed(lin, mug)
    assert order["status"] == "awaiting_payment"
    assert units(mall, mug)["free"] == 2

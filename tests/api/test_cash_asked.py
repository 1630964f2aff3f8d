"""What is asked of Stripe for an order, and what is never asked: amounts, calls, changed prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from chalicelib.storage.work import Work
from tests.cash import dear, intents, lapse, look
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.odd_stripes import Counting
from tests.orders import cancel, change_program, placed, refund, units, wallet
from tests.stripes import LocalStripe, taking_money

OPENING: Final = {"until": "2026-11-21T04:00:00Z"}
CHANGES: Final[Mapping[str, Mapping[str, Any]]] = {
    "price": {"options": [{"points": 300, "cash": {"amount": 9990, "currency": "cny"}}]},
    "delisted": {"shown": OPENING, "redeemable": OPENING},
}


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


@pytest.mark.parametrize("change", CHANGES)
def test_a_price_changed_or_a_reward_delisted_while_paying_changes_nothing_for_the_order(
    mall: Mall, stripe: LocalStripe, change: str
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    document = mall.marketing.get(f"/admin/rewards/{mug}")
    told = {"id", "version", "created_at", "updated_at"}
    body = {name: value for name, value in document.json.items() if name not in told}
    body |= CHANGES[change]
    tag = {"If-Match": document.headers["etag"]}
    made(mall.marketing.put(f"/admin/rewards/{mug}", body, headers=tag), 200)
    assert placed(lin, mug)["cash"]["amount"] == 2990
    assert stripe.pay_order(order["id"]) == "succeeded"
    assert look(lin, order)["status"] == "settled"
    assert [one.received.amount for one in intents(mall, order)] == [2990]
    assert wallet(lin)["available"] == 400


def test_an_order_for_points_only_makes_no_stripe_call(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member("lin", points=500), mall.reward(points=100)
    counting = Counting(stripe.payments(), [])
    mall.app.payments = counting.port
    first, second = placed(lin, mug, key="1"), placed(lin, mug, key="2")
    look(lin, first)
    made(cancel(lin, first), 200)
    made(refund(mall, second), 201)
    assert counting.calls == []


def test_a_success_takes_two_calls_to_stripe_and_a_release_one_more(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    counting = Counting(stripe.payments(), [])
    mall.app.payments = counting.port
    order = placed(lin, mug, key="1")
    stripe.pay_order(order["id"])
    look(lin, order)
    assert counting.calls == ["create_intent", "get_intent"]
    counting.calls.clear()
    other = placed(lin, mug, key="2")
    lapse(mall, stripe)
    look(lin, other)
    assert counting.calls == ["create_intent", "get_intent", "cancel_intent"]


@pytest.mark.usefixtures("stripe")
@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        *(("usd", cents, "cash_below_minimum") for cents in (3, 49)),
        ("usd", 50, ""),
        ("jpy", 49, "cash_below_minimum"),
        ("jpy", 500, ""),
        ("kwd", 1005, "cash_not_chargeable"),
        ("kwd", 1010, ""),
        ("usd", 99_999_999, ""),
    ],
)
def test_cash_below_the_minimum_and_odd_thousandths_are_refused_before_anything(
    mall: Mall, *, currency: str, amount: int, code: str
) -> None:
    lin = mall.member("lin", points=1)
    change_program(mall, currency=currency)
    mug = dear(mall, options=[{"points": 1, "cash": {"amount": amount, "currency": currency}}])
    reply = lin.post("/orders", {"reward_id": mug}, key="k")
    assert reply.code == code, reply.text
    assert units(mall, mug)["free"] == (3 if code else 2)
    if not code:
        assert [one.cash.amount for one in intents(mall, reply.json)] == [amount]

"""Parts of a refund in a currency whose third decimal no card network knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.storage.work import Work
from tests.cash import amounts, bought, dear, given_back
from tests.events import Json
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.orders import change_program, refund
from tests.stripes import LocalStripe, taking_money


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


def two_for_2010(mall: Mall, stripe: LocalStripe) -> Json:
    """Return an order of two units at 1.005 dinars, which only together can be charged."""
    lin = mall.member(points=100)
    change_program(mall, currency="kwd")
    cash = {"amount": 1005, "currency": "kwd"}
    mug = dear(mall, options=[{"points": 10, "cash": cash}])
    return bought(lin, stripe, mug, quantity=2)


def test_units_are_refunded_in_parts_that_stripe_takes_and_the_last_gets_the_rest(
    mall: Mall, stripe: LocalStripe
) -> None:
    order = two_for_2010(mall, stripe)
    for key in ("1", "2"):
        assert made(refund(mall, order, key=key, quantity=1), 201)["status"] == "succeeded"
    assert amounts(given_back(mall, order)) == [1010, 1000]


def test_an_amount_that_stripe_would_not_take_is_refused_before_anything_goes_back(
    mall: Mall, stripe: LocalStripe
) -> None:
    order = two_for_2010(mall, stripe)
    reply = refund(mall, order, key="1", amount=1005)
    assert (reply.status, reply.pointers()) == (422, ["/amount"])
    made(refund(mall, order, key="2", amount=1000), 201)
    made(refund(mall, order, key="3", quantity=1), 201)
    assert amounts(given_back(mall, order)) == [1000]

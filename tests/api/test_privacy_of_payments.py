"""Members whose money is still on its way are told so, and when they are erased it goes its way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.storage.work import Work
from tests.cash import amounts, bought, came_late, given_back, paid_too_late
from tests.disputes import CODED, dear, decide, fetch, question
from tests.invariants import check_all
from tests.mall import Mall, id_of, made
from tests.orders import ADDRESS, cancel, placed, refund, review_above
from tests.privacy import erased, told_anywhere, verified
from tests.stripes import LocalStripe, taking_money
from tests.webhooks import tell_all


@pytest.fixture(autouse=True)
def checked(mall: Mall) -> Iterator[None]:
    """Look at every invariant after each test."""
    yield
    check_all(Work(mall.clock.now()))


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local


@pytest.mark.parametrize("won", [True, False])
def test_a_late_dispute_of_an_erased_member_goes_its_way(
    mall: Mall, stripe: LocalStripe, *, won: bool
) -> None:
    lin, tea = mall.member("lin", points=500), dear(mall, CODED)
    order = bought(lin, stripe, tea)
    made(fetch(lin, order), 200)
    erased(lin)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    wallet = mall.support.get(f"/admin/members/{id_of('lin')}/wallet").json
    assert (wallet["available"], wallet["debt"]) == (0, 2990)
    decide(stripe, dispute, won=won)
    tell_all(mall, stripe)
    told = made(mall.support.get(f"/admin/orders/{order['id']}"), 200)
    assert told["dispute"] == ("won" if won else "lost")
    assert verified(mall)


@pytest.mark.usefixtures("stripe")
def test_an_order_that_waits_for_money_stands_against_it_until_its_time_is_over(
    mall: Mall,
) -> None:
    lin, tea = mall.member("lin", points=500), dear(mall)
    order = placed(lin, tea, address=ADDRESS)
    refused = lin.delete("/me")
    assert (refused.code, refused["orders"], refused["points_held"]) == (
        "orders_open",
        [order["id"]],
        100,
    )
    mall.clock.advance(minutes=16)
    assert erased(lin)["points_expired"] == 500
    assert told_anywhere() == set()
    assert made(mall.support.get(f"/admin/orders/{order['id']}"), 200)["status"] == "expired"


def test_what_comes_back_by_a_dispute_that_was_won_after_the_erasure_ends(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, tea = mall.member("lin", points=500), dear(mall, CODED)
    order, other = bought(lin, stripe, tea), placed(lin, mall.reward(70), key="other")
    made(fetch(lin, order), 200)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    wallet = made(lin.get("/me/wallet"), 200)
    assert (wallet["available"], wallet["debt"]) == (0, 2660)
    erased(lin)
    made(refund(mall, other, quantity=1), 201)
    decide(stripe, dispute, won=True)
    tell_all(mall, stripe)
    newest = mall.support.get(f"/admin/members/{id_of('lin')}/journal")["items"][0]
    assert newest["legs"] == {"clawed_back": -2990, "debt": 2590, "expired": 400}
    assert verified(mall)


def test_an_export_tells_all_money_that_went_back_with_an_entry_or_without(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    cancelled = bought(lin, stripe, mug, key="cancelled")
    made(cancel(lin, cancelled), 200)
    returned = bought(lin, stripe, mug, key="returned")
    made(refund(mall, returned, amount=990), 201)
    late = placed(lin, mug, key="late")
    paid_too_late(mall, stripe, lin, late)
    freeze = {"reason": "a stolen phone"}
    made(mall.support.post(f"/admin/members/{id_of('lin')}/freeze", freeze), 200)
    assert came_late(mall, late).order.status == "expired"
    told = made(lin.get("/me/export"), 200)["order_refunds"]
    cash = {one["order_id"]: (one["cash"]["amount"], one["points"]) for one in told}
    assert len(told) == len(cash)
    assert cash == {
        cancelled["id"]: (2990, 100),
        returned["id"]: (990, 33),
        late["id"]: (2990, 0),
    }


@pytest.mark.usefixtures("stripe")
def test_an_export_tells_why_and_until_when_an_order_waits_and_what_it_holds(mall: Mall) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    review_above(mall, yuan=0)
    order = placed(lin, mug)
    (told,) = made(lin.get("/me/export"), 200)["orders"]
    assert (told["status"], told["concerns"], told["settled_at"]) == ("in_review", ["worth"], None)
    assert told["deadline"] == "2026-11-24T04:00:00Z"
    assert told["points_by_date"] == [{"expires_on": "2028-11-30", "points": 100}]
    assert (told["id"], told["address"], told["codes_shown"]) == (order["id"], None, False)


def test_money_that_comes_for_somebody_who_was_erased_goes_back(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug, address=ADDRESS)
    paid_too_late(mall, stripe, lin, order)
    erased(lin)
    assert came_late(mall, order).order.status == "expired"
    assert amounts(given_back(mall, order)) == [2990]

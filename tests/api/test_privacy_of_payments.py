"""Members whose money is still on its way are told so, and when they are erased it goes its way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.storage.work import Work
from tests.cash import bought
from tests.disputes import CODED, dear, decide, fetch, question
from tests.invariants import check_all
from tests.mall import Mall, id_of, made
from tests.orders import ADDRESS, placed
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
    order = bought(lin, stripe, tea)
    made(fetch(lin, order), 200)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    wallet = made(lin.get("/me/wallet"), 200)
    assert (wallet["available"], wallet["debt"]) == (0, 2590)
    erased(lin)
    asked = {"member_id": id_of("lin"), "points": 700, "reason": "Miscounted."}
    made(mall.support.post("/admin/adjustments", asked, key="a"), 201)
    decide(stripe, dispute, won=True)
    tell_all(mall, stripe)
    newest = mall.support.get(f"/admin/members/{id_of('lin')}/journal")["items"][0]
    assert newest["legs"] == {"clawed_back": -2990, "debt": 1890, "expired": 1100}
    assert verified(mall)

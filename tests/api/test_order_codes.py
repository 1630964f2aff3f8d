"""The codes of an order: for its owner alone, as often as asked, and never sold again once seen."""

from __future__ import annotations

from typing import Final

import pytest

from tests.api.till import meanwhile
from tests.events import Api
from tests.mall import Mall, id_of, made
from tests.orders import cancel, load_codes, placed, refund, review_above, units

CODED: Final = {"stock": {"mode": "coded"}}
POOL: Final = ["FIRST-1", "SECOND-2", "THIRD-3"]


@pytest.fixture
def pool(mall: Mall) -> str:
    """Return a reward with three codes."""
    reward = mall.reward(10, **CODED)
    load_codes(mall, reward, POOL)
    return reward


def codes(api: Api, order: str) -> list[str]:
    """Return the codes of an order."""
    told: list[str] = made(api.post(f"/orders/{order}/codes"), 200)["codes"]
    return told


def test_each_order_has_codes_of_its_own_told_as_often_as_asked(mall: Mall, pool: str) -> None:
    lin, bo = mall.member(points=50), mall.member(points=50)
    first = placed(lin, pool, quantity=2)["id"]
    second = placed(bo, pool)["id"]
    assert sorted([*codes(lin, first), *codes(bo, second)]) == POOL
    assert codes(lin, first) == codes(lin, first)
    assert lin.post(f"/orders/{second}/codes").code == "not_found"
    reply = lin.post("/orders", {"reward_id": pool}, key="late")
    assert (reply.status, reply.code, reply["left"]) == (409, "sold_out", 0)


def test_seen_codes_end_the_right_to_cancel(mall: Mall, pool: str) -> None:
    lin = mall.member(points=50)
    order = placed(lin, pool)
    codes(lin, order["id"])
    reply = cancel(lin, order)
    assert (reply.code, reply["reason"]) == ("order_not_cancellable", "codes_fetched")


def test_an_unseen_code_is_sold_again_after_cancelling(mall: Mall, pool: str) -> None:
    lin, bo = mall.member(points=50), mall.member(points=50)
    order = placed(lin, pool, quantity=3)
    made(cancel(lin, order), 200)
    assert lin.post(f"/orders/{order['id']}/codes").code == "order_not_settled"
    assert units(mall, pool) == {"made": 3, "free": 3, "taken": 0, "withdrawn": 0}
    assert sorted(codes(bo, placed(bo, pool, quantity=3)["id"])) == POOL


def test_a_seen_code_is_withdrawn_even_when_it_is_to_be_sold_again(mall: Mall, pool: str) -> None:
    lin = mall.member(points=50)
    order = placed(lin, pool, quantity=2)
    codes(lin, order["id"])
    made(refund(mall, order, restock=True), 201)
    assert units(mall, pool) == {"made": 3, "free": 1, "taken": 0, "withdrawn": 2}


def test_an_order_refunded_in_part_shows_the_codes_that_it_keeps(mall: Mall, pool: str) -> None:
    lin = mall.member(points=50)
    order = placed(lin, pool, quantity=3)
    made(refund(mall, order, quantity=1), 201)
    kept = codes(lin, order["id"])
    assert len(kept) == 2
    made(refund(mall, order, key="more", quantity=1, restock=True), 201)
    assert codes(lin, order["id"]) == kept[:1]


def test_what_is_looked_at_shows_no_codes(mall: Mall, pool: str) -> None:
    review_above(mall, yuan=0)
    lin = mall.member(points=50)
    order = placed(lin, pool)
    assert lin.post(f"/orders/{order['id']}/codes").code == "order_not_settled"


def test_a_frozen_member_gets_no_code(mall: Mall, pool: str) -> None:
    lin = mall.member("lin", points=50)
    order = placed(lin, pool)
    path = f"/admin/members/{id_of('lin')}/freeze"
    made(mall.support.post(path, {"reason": "theft"}), 200)
    assert lin.post(f"/orders/{order['id']}/codes").code == "member_frozen"


def test_freezing_stops_a_code_that_is_on_its_way(mall: Mall, pool: str) -> None:
    lin = mall.member("lin", points=50)
    order = placed(lin, pool)
    path = f"/admin/members/{id_of('lin')}/freeze"
    with meanwhile(lambda: made(mall.support.post(path, {"reason": "theft"}), 200)):
        reply = lin.post(f"/orders/{order['id']}/codes")
    assert reply.code == "member_frozen"
    assert mall.support.get(f"/admin/orders/{order['id']}")["is_fetched"] is False


@pytest.mark.usefixtures("pool")
def test_one_code_is_not_sold_through_two_rewards(mall: Mall) -> None:
    other = mall.reward(10, **CODED)
    path = f"/admin/rewards/{other}/codes"
    told = made(mall.marketing.post(path, {"csv": "SECOND-2\nFRESH-4"}, key="x"), 201)
    assert (told["valid"], told["problems"][0]["problem"]) == (1, "exists")
    made(mall.marketing.post(f"{path}/{told['id']}/execute"), 200)
    assert units(mall, other)["made"] == 1


def test_an_order_past_its_limit_draws_no_number(mall: Mall) -> None:
    drop = mall.reward(
        1, stock={"mode": "numbered", "units": 9}, limits=[{"per": "ever", "units": 1}]
    )
    lin = mall.member(points=500)
    assert placed(lin, drop)["numbers"] == [1]
    for key in "abcde":
        assert lin.post("/orders", {"reward_id": drop}, key=key).code == "limit_reached"
    assert placed(mall.member(points=1), drop)["numbers"] == [2]


def test_an_order_without_codes_says_so(mall: Mall) -> None:
    lin = mall.member(points=50)
    order = placed(lin, mall.reward(10))
    assert lin.post(f"/orders/{order['id']}/codes").code == "no_codes"


def test_numbers_are_those_that_an_order_keeps(mall: Mall) -> None:
    drop = mall.reward(1, stock={"mode": "numbered", "units": 9})
    lin = mall.member(points=50)
    order = placed(lin, drop, quantity=3)
    assert order["numbers"] == [1, 2, 3]
    made(refund(mall, order, quantity=2), 201)
    assert lin.get(f"/orders/{order['id']}")["numbers"] == [1]

"""Limited drops: no. 17 of 100, each sold once, more of them made, all of them told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from chalicelib.catalog.units.store import UnitItem
from tests.events import Api, Json, Reply
from tests.mall import Mall, made

NUMBERED_MAX: Final = 100_000


def a_drop(mall: Mall, units: int) -> str:
    return mall.reward(1, stock={"mode": "numbered", "units": units})


def add(mall: Mall, reward: str, units: int, key: str = "k") -> Reply:
    return mall.marketing.post(f"/admin/rewards/{reward}/stock", {"add": units}, key=key)


def stock(mall: Mall, reward: str) -> Json:
    return made(mall.marketing.get(f"/admin/rewards/{reward}/stock"), 200)


def buy(api: Api, reward: str, key: str, quantity: int = 1) -> Reply:
    return api.post("/orders", {"reward_id": reward, "quantity": quantity}, key=key)


def owners(reward: str) -> dict[int, str]:
    items = UnitItem.query(f"{reward}#0", consistent_read=True)
    return {int(item.sort[2:]): item.owner for item in items}


def hint(mall: Mall, reward: str) -> str:
    return str(Api(mall.app, None).get(f"/rewards/{reward}")["stock"])


def test_each_unit_of_a_drop_belongs_to_the_order_that_took_it(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = a_drop(mall, 5)
    first = made(buy(lin, reward, "a", quantity=3), 201)
    second = made(buy(lin, reward, "b"), 201)
    assert owners(reward) == {0: first["id"], 1: first["id"], 2: first["id"], 3: second["id"]}
    told = stock(mall, reward)
    assert told == {"made": 5, "free": 1, "taken": 4, "withdrawn": 0, "shards": 1}


def test_a_drop_sells_out_and_says_how_many_are_left(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = a_drop(mall, 3)
    assert buy(lin, reward, "a", quantity=4)["left"] == 3
    made(buy(lin, reward, "a", quantity=2), 201)
    reply = buy(lin, reward, "b", quantity=2)
    assert (reply.status, reply.code, reply["left"]) == (409, "sold_out", 1)
    made(buy(lin, reward, "b"), 201)
    assert buy(lin, reward, "c")["left"] == 0


def test_a_refusal_that_precedes_it_draws_no_number(mall: Mall) -> None:
    reward = a_drop(mall, 3)
    assert buy(mall.member(), reward, "a").code == "insufficient_points"
    lin = mall.member(points=100)
    made(buy(lin, reward, "a"), 201)
    assert set(owners(reward)) == {0}


def test_a_quote_says_sold_out_and_takes_nothing(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = a_drop(mall, 2)
    for quantity, status in ((2, 200), (3, 409)):
        reply = lin.post("/orders/quote", {"reward_id": reward, "quantity": quantity})
        assert reply.status == status
    assert stock(mall, reward)["free"] == 2


def test_the_same_order_again_takes_no_further_number(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = a_drop(mall, 5)
    first = buy(lin, reward, "a")
    assert buy(lin, reward, "a").json == first.json
    assert len(owners(reward)) == 1


def test_more_of_a_drop_get_the_next_numbers(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = a_drop(mall, 1)
    made(buy(lin, reward, "a"), 201)
    assert buy(lin, reward, "b").code == "sold_out"
    assert made(add(mall, reward, 2), 200)["made"] == 3
    made(buy(lin, reward, "b", quantity=2), 201)
    assert set(owners(reward)) == {0, 1, 2}
    assert made(add(mall, reward, 2), 200)["made"] == 3
    assert mall.marketing.get(f"/admin/rewards/{reward}").headers["etag"] == '"1"'


def test_additions_at_once_give_out_every_number_once(mall: Mall) -> None:
    reward = a_drop(mall, 1)

    def insist(number: int) -> Reply:
        while (reply := add(mall, reward, 5, key=f"k{number % 8}")).status == 503:
            pass
        return reply

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(insist, range(16)))
    assert {reply.status for reply in replies} == {200}
    assert stock(mall, reward)["made"] == 41


def test_a_drop_has_at_most_a_hundred_thousand_units(mall: Mall) -> None:
    reward = a_drop(mall, NUMBERED_MAX - 1)
    made(add(mall, reward, 1, key="a"), 200)
    reply = add(mall, reward, 1, key="b")
    assert (reply.status, reply.code, reply["units_max"]) == (409, "stock_full", NUMBERED_MAX)


@pytest.mark.parametrize(
    ("stock", "pointer"),
    [
        ({"mode": "numbered", "units": NUMBERED_MAX + 1}, "/stock/units"),
        ({"mode": "coded", "units": 1}, "/stock/units"),
        ({"mode": "numbered", "units": 5, "peak_per_second": 4}, "/stock/peak_per_second"),
        ({"mode": "coded", "peak_per_second": 4}, "/stock/peak_per_second"),
    ],
    ids=str,
)
def test_what_a_mode_cannot_have_is_pointed_at(
    mall: Mall, stock: dict[str, object], pointer: str
) -> None:
    body = {"kind": "voucher", "title": {"zh": "券", "en": "Code"}, "options": [{"points": 1}]}
    reply = mall.marketing.post("/admin/rewards", body | {"stock": stock}, key="k")
    assert (reply.status, reply.pointers()) == (422, [pointer])


def test_an_operator_reads_a_drop_and_sends_it_back_as_it_is(mall: Mall) -> None:
    reward = a_drop(mall, 7)
    path = f"/admin/rewards/{reward}"
    body = made(mall.marketing.get(path), 200)
    assert body["stock"] == {"mode": "numbered", "units": 7, "peak_per_second": 0}
    made(add(mall, reward, 3), 200)
    made(mall.marketing.put(path, body, headers={"If-Match": '"1"'}), 200)
    assert stock(mall, reward)["made"] == 10


def test_codes_come_by_import_and_not_by_count(mall: Mall) -> None:
    reward = mall.reward(1, stock={"mode": "coded"})
    reply = add(mall, reward, 5)
    assert (reply.status, reply.code) == (409, "stock_coded")
    assert stock(mall, reward) == {"made": 0, "free": 0, "taken": 0, "withdrawn": 0, "shards": 0}
    assert hint(mall, reward) == "sold_out"
    assert buy(mall.member(points=10), reward, "a")["left"] == 0


def test_the_shelf_says_what_is_left_of_a_drop(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward, other = a_drop(mall, 2), a_drop(mall, 1)
    assert hint(mall, reward) == "in_stock"
    made(buy(lin, other, "a"), 201)
    assert hint(mall, other) == "sold_out"

"""A reward's stock: added to by operators, taken from by orders, exact all the while."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.catalog.stock import store
from chalicelib.catalog.stock.rules import SHARD_UNITS_MAX
from tests.events import FINANCE, SUPPORT, Api, Reply
from tests.mall import Mall, made
from tests.rows import of_sort


def counted(mall: Mall, units: int, **fields: object) -> str:
    return mall.reward(1, stock={"mode": "counted", "units": units, **fields})


def add(mall: Mall, reward: str, units: object, key: str = "k") -> Reply:
    return mall.marketing.post(f"/admin/rewards/{reward}/stock", {"add": units}, key=key)


def stock(mall: Mall, reward: str) -> tuple[int, int, int, int]:
    told = made(mall.marketing.get(f"/admin/rewards/{reward}/stock"), 200)
    return told["made"], told["free"], told["taken"], told["shards"]


def buy(api: Api, reward: str, key: str, quantity: int = 1) -> Reply:
    return api.post("/orders", {"reward_id": reward, "quantity": quantity}, key=key)


@pytest.mark.parametrize(
    ("units", "peak", "shards"), [(100, 16, 4), (3, 16, 3), (0, 16, 4), (1000, 10_000, 64)]
)
def test_a_new_reward_has_its_units_in_as_many_shards_as_its_peak_asks_for(
    mall: Mall, units: int, peak: int, shards: int
) -> None:
    assert stock(mall, counted(mall, units, peak_per_second=peak)) == (units, units, 0, shards)


def test_units_that_are_added_can_be_redeemed_at_once(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = counted(mall, 1)
    assert buy(lin, reward, "a").status == 201
    assert buy(lin, reward, "b").code == "sold_out"
    told = made(add(mall, reward, 7), 200)
    assert told == {"made": 8, "free": 7, "taken": 1, "withdrawn": 0, "shards": 4}
    assert buy(lin, reward, "b", quantity=7).status == 201
    assert buy(lin, reward, "c").code == "sold_out"
    assert stock(mall, reward) == (8, 0, 8, 4)


def test_a_reward_that_began_empty_can_be_filled(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = counted(mall, 0)
    assert buy(lin, reward, "a")["left"] == 0
    made(add(mall, reward, 1), 200)
    assert buy(lin, reward, "a").status == 201


def test_more_units_open_the_shards_that_the_peak_asks_for(mall: Mall) -> None:
    reward = counted(mall, 1)
    assert stock(mall, reward) == (1, 1, 0, 1)
    made(add(mall, reward, 1, key="a"), 200)
    assert stock(mall, reward) == (2, 2, 0, 1)
    made(add(mall, reward, 3, key="b"), 200)
    assert stock(mall, reward) == (5, 5, 0, 3)
    assert mall.marketing.get(f"/admin/rewards/{reward}").headers["etag"] == '"1"'


def test_a_lower_peak_leaves_no_unit_behind(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = counted(mall, 8, peak_per_second=32)
    body = mall.marketing.get(f"/admin/rewards/{reward}").json
    body["stock"]["peak_per_second"] = 4
    path = f"/admin/rewards/{reward}"
    made(mall.marketing.put(path, body, headers={"If-Match": '"1"'}), 200)
    made(add(mall, reward, 2), 200)
    assert stock(mall, reward) == (10, 10, 0, 8)
    assert buy(lin, reward, "a", quantity=10).status == 201


def test_the_same_addition_again_adds_nothing(mall: Mall) -> None:
    reward = counted(mall, 5)
    first = add(mall, reward, 3)
    again = add(mall, reward, 3)
    assert (again.status, again.json) == (200, first.json)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert stock(mall, reward)[0] == 8


def test_another_addition_under_the_same_key_is_refused(mall: Mall) -> None:
    reward, other, endless = counted(mall, 5), counted(mall, 5), mall.reward()
    made(add(mall, reward, 3), 200)
    for reply in (add(mall, reward, 4), add(mall, other, 3), add(mall, endless, 3)):
        assert (reply.status, reply.code) == (422, "idempotency_key_reused")
    assert stock(mall, reward)[0] == 8
    assert stock(mall, other)[0] == 5


def test_receipts_of_additions_stand_apart_from_the_rewards(mall: Mall) -> None:
    reward = counted(mall, 5)
    made(add(mall, reward, 3), 200)
    told = [row["p"]["S"] for row in of_sort("R#")]
    assert told == ["catalog", "restock"]
    assert [row["s"]["S"] for row in of_sort("R#rwd_")] == [f"R#{reward}"]


def test_additions_at_once_all_count_and_each_once(mall: Mall) -> None:
    reward = counted(mall, 1)

    def insist(number: int) -> Reply:
        while (reply := add(mall, reward, 5, key=f"k{number % 8}")).status == 503:
            pass
        return reply

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(insist, range(16)))
    assert {reply.status for reply in replies} == {200}
    assert stock(mall, reward) == (41, 41, 0, 4)


def test_an_unlimited_reward_has_no_units_to_add_to(mall: Mall) -> None:
    reward = mall.reward()
    assert (add(mall, reward, 1).status, add(mall, reward, 1).code) == (409, "stock_unlimited")
    assert mall.marketing.get(f"/admin/rewards/{reward}/stock").code == "stock_unlimited"


def test_a_shard_is_never_given_more_than_it_may_hold(mall: Mall) -> None:
    reward = counted(mall, 1)
    plenty = store.ShardItem(f"{reward}#0", "S", made=SHARD_UNITS_MAX - 1, free=0)
    plenty.save()
    made(add(mall, reward, 1, key="a"), 200)
    reply = add(mall, reward, 1, key="b")
    assert (reply.status, reply.code) == (409, "stock_full")


@pytest.mark.parametrize("wrong", [0, -1, 1_000_001, "1", 1.0, True, None], ids=repr)
def test_an_addition_is_a_whole_number_from_one_to_a_million(mall: Mall, wrong: object) -> None:
    reward = counted(mall, 5)
    assert add(mall, reward, wrong).pointers() == ["/add"]
    assert stock(mall, reward)[0] == 5


def test_a_million_units_fit_into_one_addition(mall: Mall) -> None:
    assert made(add(mall, counted(mall, 5), 1_000_000), 200)["made"] == 1_000_005


def test_an_unknown_reward_is_not_found(mall: Mall) -> None:
    for reward in ("rwd_00000000000", "x"):
        assert add(mall, reward, 1).code == "not_found"
        assert mall.marketing.get(f"/admin/rewards/{reward}/stock").code == "not_found"


def test_only_marketing_and_admin_may_look_or_add(mall: Mall) -> None:
    reward = counted(mall, 5)
    path = f"/admin/rewards/{reward}/stock"
    assert mall.marketing.post(path, {"add": 1}).code == "idempotency_key_required"
    for caller in (SUPPORT, FINANCE):
        api = mall.marketing.by(caller)
        assert (api.get(path).code, api.post(path, {"add": 1}, key="k").code) == (
            "forbidden",
            "forbidden",
        )


def test_an_addition_is_in_the_audit_log(mall: Mall) -> None:
    reward = counted(mall, 5)
    mall.clock.advance(seconds=1)
    made(add(mall, reward, 3), 200)
    row = mall.support.get("/admin/audit")["items"][0]
    assert (row["what"], row["subject"], row["after"]) == ("reward.restock", reward, {"units": 3})


def test_made_is_free_and_taken_in_every_shard(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = counted(mall, 10)
    for number in range(6):
        assert buy(lin, reward, f"k{number}").status == 201
    assert stock(mall, reward) == (10, 4, 6, 4)
    shards = [store.ShardItem.get(f"{reward}#{number}", "S") for number in range(4)]
    assert all(0 <= shard.free <= shard.made for shard in shards)

"""Taking units off the shelf for ever: those that are free, and no others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.events import FINANCE, SUPPORT, Api, Json, Reply
from tests.mall import Mall, made


def stocked(mall: Mall, mode: str, units: int) -> str:
    return mall.reward(1, stock={"mode": mode, "units": units})


def withdraw(mall: Mall, reward: str, units: object, key: str = "k") -> Reply:
    path = f"/admin/rewards/{reward}/stock/withdraw"
    return mall.marketing.post(path, {"units": units}, key=key)


def stock(mall: Mall, reward: str) -> Json:
    return made(mall.marketing.get(f"/admin/rewards/{reward}/stock"), 200)


def buy(api: Api, reward: str, key: str, quantity: int = 1) -> Reply:
    return api.post("/orders", {"reward_id": reward, "quantity": quantity}, key=key)


@pytest.mark.parametrize(("mode", "shards"), [("counted", 4), ("numbered", 1)])
def test_withdrawn_units_are_never_sold_and_stay_in_the_count(
    mall: Mall, mode: str, shards: int
) -> None:
    lin = mall.member(points=100)
    reward = stocked(mall, mode, 10)
    made(buy(lin, reward, "a", quantity=2), 201)
    told = made(withdraw(mall, reward, 5), 200)
    assert told == {"made": 10, "free": 3, "taken": 2, "withdrawn": 5, "shards": shards}
    assert stock(mall, reward) == told
    assert buy(lin, reward, "b", quantity=4)["left"] == 3
    made(buy(lin, reward, "b", quantity=3), 201)
    assert buy(lin, reward, "c").code == "sold_out"


@pytest.mark.parametrize("mode", ["counted", "numbered"])
def test_more_than_is_free_cannot_be_withdrawn(mall: Mall, mode: str) -> None:
    lin = mall.member(points=100)
    reward = stocked(mall, mode, 10)
    made(buy(lin, reward, "a", quantity=8), 201)
    reply = withdraw(mall, reward, 3)
    assert (reply.status, reply.code, reply["left"]) == (409, "sold_out", 2)
    assert stock(mall, reward)["withdrawn"] == 0
    made(withdraw(mall, reward, 2), 200)
    assert stock(mall, reward)["free"] == 0


def test_ninety_numbered_units_are_withdrawn_at_once_and_not_one_more(mall: Mall) -> None:
    reward = stocked(mall, "numbered", 100)
    reply = withdraw(mall, reward, 91)
    assert (reply.status, reply.code, reply.pointers()) == (422, "invalid", ["/units"])
    assert made(withdraw(mall, reward, 90), 200)["free"] == 10
    assert made(withdraw(mall, stocked(mall, "counted", 100), 91, key="l"), 200)["free"] == 9


@pytest.mark.parametrize("mode", ["counted", "numbered"])
def test_the_same_withdrawal_again_withdraws_nothing(mall: Mall, mode: str) -> None:
    reward = stocked(mall, mode, 10)
    first = withdraw(mall, reward, 3)
    again = withdraw(mall, reward, 3)
    assert (again.status, again.json) == (200, first.json)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert stock(mall, reward)["withdrawn"] == 3


def test_one_key_withdraws_from_one_reward_and_adds_to_it_apart(mall: Mall) -> None:
    reward, other = stocked(mall, "counted", 10), stocked(mall, "counted", 10)
    made(withdraw(mall, reward, 3), 200)
    for reply in (withdraw(mall, reward, 4), withdraw(mall, other, 3)):
        assert (reply.status, reply.code) == (422, "idempotency_key_reused")
    path = f"/admin/rewards/{reward}/stock"
    assert made(mall.marketing.post(path, {"add": 1}, key="k"), 200)["made"] == 11
    assert stock(mall, other)["withdrawn"] == 0


def test_withdrawals_at_once_all_count_and_each_once(mall: Mall) -> None:
    reward = stocked(mall, "counted", 40)

    def insist(number: int) -> Reply:
        while (reply := withdraw(mall, reward, 4, key=f"k{number % 8}")).status == 503:
            pass
        return reply

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(insist, range(16)))
    assert {reply.status for reply in replies} == {200}
    assert stock(mall, reward)["withdrawn"] == 32


def test_what_never_runs_out_cannot_be_withdrawn(mall: Mall) -> None:
    reply = withdraw(mall, mall.reward(), 1)
    assert (reply.status, reply.code) == (409, "stock_unlimited")
    assert withdraw(mall, "rwd_00000000000", 1).code == "not_found"


@pytest.mark.parametrize("wrong", [0, -1, 1_000_001, "1", 1.0, True, None], ids=repr)
def test_a_withdrawal_is_a_whole_number_from_one_to_a_million(mall: Mall, wrong: object) -> None:
    reward = stocked(mall, "counted", 5)
    assert withdraw(mall, reward, wrong).pointers() == ["/units"]


def test_only_marketing_and_admin_may_withdraw(mall: Mall) -> None:
    reward = stocked(mall, "counted", 5)
    path = f"/admin/rewards/{reward}/stock/withdraw"
    assert mall.marketing.post(path, {"units": 1}).code == "idempotency_key_required"
    for caller in (SUPPORT, FINANCE):
        assert mall.marketing.by(caller).post(path, {"units": 1}, key="k").code == "forbidden"


def test_a_withdrawal_is_in_the_audit_log(mall: Mall) -> None:
    reward = stocked(mall, "numbered", 5)
    mall.clock.advance(seconds=1)
    made(withdraw(mall, reward, 3), 200)
    row = mall.support.get("/admin/audit")["items"][0]
    assert (row["what"], row["subject"], row["after"]) == ("reward.withdraw", reward, {"units": 3})

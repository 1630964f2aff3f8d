"""Orders with a cash part at once, on the real engine and a real socket: none is paid in vain."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chalicelib.storage.work import Work
from tests.cash import dear, intents, look
from tests.events import Api, Reply
from tests.invariants import check_all
from tests.mall import Mall
from tests.orders import units, wallet
from tests.stripes import taking_money

BUYERS = 6


def test_the_last_unit_is_reserved_and_paid_by_one(mall: Mall, tmp_path: Path) -> None:
    with taking_money(mall, tmp_path) as stripe:
        buyers = [mall.member(points=100) for _ in range(BUYERS)]
        reward = dear(mall, units=1)
        replies = at_once(buyers, reward)
        (number,) = [at for at, reply in enumerate(replies) if reply.status == 201]
        assert sorted(reply.code for reply in replies) == ["", *["sold_out"] * (BUYERS - 1)]
        order = replies[number].json
        assert stripe.pay_order(order["id"]) == "succeeded"
        assert look(buyers[number], order)["status"] == "settled"
        assert (units(mall, reward)["free"], len(intents(mall, order))) == (0, 1)
    check_all(Work(mall.clock.now()))


def test_the_same_points_pay_one_of_many_orders(mall: Mall, tmp_path: Path) -> None:
    with taking_money(mall, tmp_path) as stripe:
        lin, reward = mall.member("lin", points=100), dear(mall, units=BUYERS)
        replies = at_once([lin] * BUYERS, reward)
        (order,) = [reply.json for reply in replies if reply.status == 201]
        told = sorted(reply.code for reply in replies)
        assert told == ["", *["insufficient_points"] * (BUYERS - 1)]
        assert stripe.pay_order(order["id"]) == "succeeded"
        assert look(lin, order)["status"] == "settled"
        assert (wallet(lin)["available"], units(mall, reward)["taken"]) == (0, 1)
    check_all(Work(mall.clock.now()))


def at_once(buyers: Sequence[Api], reward: str) -> list[Reply]:
    """Let buyers order at once; who is told to come back does."""

    def order(number: int) -> Reply:
        while True:
            reply = buyers[number].post("/orders", {"reward_id": reward}, key=f"k{number}")
            if reply.status != 503:
                return reply

    with ThreadPoolExecutor(len(buyers)) as threads:
        return list(threads.map(order, range(len(buyers))))

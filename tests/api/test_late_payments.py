"""Money that comes when its order is dead: the order comes back, or the money goes back, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work
from infra.local import jobs
from tests.cash import (
    CASH,
    amounts,
    bought,
    came_late,
    dear,
    given_back,
    intents,
    lapse,
    look,
    paid_too_late,
)
from tests.events import ADMIN, Api
from tests.invariants import check_all
from tests.mall import Mall, id_of, made
from tests.odd_stripes import CancelsInVain
from tests.orders import ADDRESS, cancel, newest, placed, refund, units, wallet
from tests.stripes import LocalStripe, taking_money

ONCE: Final = [{"per": "week", "units": 1}]


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


def test_late_money_brings_the_order_back_while_stock_and_points_allow(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall, limits=ONCE)
    order = placed(lin, mug, address=ADDRESS)
    paid_too_late(mall, stripe, lin, order)
    assert came_late(mall, order).order.status == "settled"
    told = look(lin, order)
    assert (told["status"], told["fulfilment"], told["returned"]["points"]) == (
        "settled",
        "pending",
        0,
    )
    assert (wallet(lin)["available"], units(mall, mug)["free"]) == (400, 2)
    assert newest(lin)["reason"] == "order_revived"
    assert lin.post("/orders", {"reward_id": mug}, key="2").code == "limit_reached"
    assert given_back(mall, order) == []


def test_an_order_that_came_back_is_cancelled_like_any_other(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    paid_too_late(mall, stripe, lin, order)
    came_late(mall, order)
    assert made(cancel(lin, order), 200)["returned"]["cash"] == CASH
    assert came_late(mall, order).order.status == "cancelled"
    assert amounts(given_back(mall, order)) == [2990]
    assert (wallet(lin)["available"], units(mall, mug)["free"]) == (500, 3)


def test_late_money_heard_twice_brings_the_order_back_once(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    paid_too_late(mall, stripe, lin, order)
    came_late(mall, order)
    came_late(mall, order)
    assert (wallet(lin)["available"], units(mall, mug)["free"]) == (400, 2)
    assert given_back(mall, order) == []


def test_late_money_without_stock_left_goes_back_once(mall: Mall, stripe: LocalStripe) -> None:
    lin, mei, mug = mall.member("lin", points=500), mall.member("mei", points=500), dear(mall, 1)
    order = placed(lin, mug)
    paid_too_late(mall, stripe, lin, order)
    bought(mei, stripe, mug)
    for _ in range(2):
        assert came_late(mall, order).order.status == "expired"
    assert amounts(given_back(mall, order)) == [2990]
    assert wallet(lin)["available"] == 500


def spend_all(mall: Mall, lin: Api, _: str) -> None:
    placed(lin, mall.reward(points=450), key="all")


def reach_the_limit(_: Mall, lin: Api, mug: str) -> None:
    placed(lin, mug, key="other")


def freeze(mall: Mall, *_: object) -> None:
    path = f"/admin/members/{id_of('lin')}/freeze"
    made(mall.support.post(path, {"reason": "a stolen phone"}), 200)


@pytest.mark.parametrize("happened", [spend_all, reach_the_limit, freeze])
def test_late_money_goes_back_where_points_limit_or_freezing_stand_against_the_order(
    mall: Mall, stripe: LocalStripe, happened: Callable[[Mall, Api, str], None]
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall, limits=ONCE)
    order = placed(lin, mug)
    paid_too_late(mall, stripe, lin, order)
    happened(mall, lin, mug)
    assert came_late(mall, order).order.status == "expired"
    assert amounts(given_back(mall, order)) == [2990]


def test_money_that_went_back_is_not_taken_again_when_stock_comes_later(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mei, mug = mall.member("lin", points=500), mall.member("mei", points=500), dear(mall, 1)
    order = placed(lin, mug)
    paid_too_late(mall, stripe, lin, order)
    other = bought(mei, stripe, mug)
    came_late(mall, order)
    made(cancel(mei, other), 200)
    assert came_late(mall, order).order.status == "expired"
    assert units(mall, mug)["free"] == 1
    assert amounts(given_back(mall, order)) == [2990]


def test_late_money_of_an_order_that_its_member_cancelled_goes_back_once(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order, honest = placed(lin, mug), mall.app.payments
    mall.app.payments = CancelsInVain(honest()).port
    made(cancel(lin, order), 200)
    mall.app.payments = honest
    assert stripe.pay_order(order["id"]) == "succeeded"
    for _ in range(2):
        assert came_late(mall, order).order.status == "cancelled"
    assert amounts(given_back(mall, order)) == [2990]
    assert look(lin, order)["returned"]["cash"]["amount"] == 0


def test_what_an_order_gave_back_itself_does_not_go_back_again(
    mall: Mall, stripe: LocalStripe
) -> None:
    """Stripe was asked in vain, so it does not know yet of what is owed."""
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = bought(lin, stripe, mug)
    stripe.spoil("reset_before", method="POST", path="/v1/refunds")
    made(cancel(lin, order), 200)
    came_late(mall, order)
    assert given_back(mall, order) == []
    made(cancel(lin, order), 200)
    assert amounts(given_back(mall, order)) == [2990]


def test_a_second_payment_of_an_order_goes_back_and_wakes_somebody(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = bought(lin, stripe, mug)
    stripe.client().v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "cny",
            "metadata": {"environment": "tests", "order": order["id"], "attempt": "2"},
        }
    )
    assert stripe.pay_order(order["id"]) == "succeeded"
    assert came_late(mall, order).order.status == "settled"
    assert amounts(given_back(mall, order)) == [1000]
    assert '"alarm":"payment_not_as_asked"' in capsys.readouterr().out


def test_what_goes_beside_is_written_with_the_step_and_only_with_it(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mei, mug = mall.member("lin", points=500), mall.member("mei", points=500), dear(mall, 1)
    first = placed(lin, mug, key="1")
    paid_too_late(mall, stripe, lin, first)
    assert came_late(mall, first, aside=beside).is_told
    assert not came_late(mall, first, aside=beside).is_told
    made(refund(mall, first, restock=True), 201)
    second = placed(lin, mug, key="2")
    paid_too_late(mall, stripe, lin, second)
    bought(mei, stripe, mug)
    assert came_late(mall, second, aside=beside).is_told
    assert not came_late(mall, second, aside=beside).is_told
    rows = Api(mall.app, ADMIN).get("/admin/audit")["items"]
    assert [row["what"] for row in rows].count("test.told") == 2


def beside(tx: Transaction) -> None:
    """Add something that can be counted."""
    audit.record(tx, Deed("op", "test.told", "ord_1"))


def test_money_that_came_late_is_given_back_though_stripe_is_down_for_a_while(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=100), dear(mall)
    order = placed(lin, mug)
    paid_too_late(mall, stripe, lin, order)
    placed(lin, mall.reward(points=100), key="all")
    stripe.spoil("reset_before", method="POST", path="/v1/refunds")
    came_late(mall, order)
    assert given_back(mall, order) == []
    lapse(mall, stripe, minutes=5)
    jobs.run(mall.app, "unfinished-refunds", now=mall.clock.now())
    assert amounts(given_back(mall, order)) == [2990]
    assert intents(mall, order)[0].status == "succeeded"

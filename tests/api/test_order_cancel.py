"""A member changes their mind: within half an hour everything goes back as it was."""

from __future__ import annotations

import pytest

from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import ADDRESS, COUNTED, cancel, newest, placed, refund, send, units, wallet

LIMITED = {"limits": [{"per": "day", "units": 2}, {"per": "ever", "units": 2}]}


def test_points_units_and_limits_come_back(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(100, stock=COUNTED, **LIMITED)
    before = wallet(lin)
    order = placed(lin, mug, quantity=2)
    reply = cancel(lin, order)
    assert (reply.status, reply["status"]) == (200, "cancelled")
    assert reply["returned"] == {
        "quantity": 2,
        "points": 200,
        "debt_paid": 0,
        "expired": 0,
        "cash": None,
    }
    assert wallet(lin) == before
    assert units(mall, mug) == {"made": 5, "free": 5, "taken": 0, "withdrawn": 0}
    assert lin.get(f"/orders/{order['id']}")["status"] == "cancelled"
    entry = newest(lin)
    assert (entry["reason"], entry["points"], entry["order_id"]) == (
        "cancellation",
        200,
        order["id"],
    )
    assert placed(lin, mug, key="again", quantity=2)["status"] == "settled"


def test_limits_come_back_in_the_period_of_placing(mall: Mall) -> None:
    """Placed before midnight, cancelled after it: yesterday's counter shrinks, not today's."""
    lin = mall.member(points=500)
    mug = mall.reward(100, limits=[{"per": "day", "units": 1}])
    mall.clock.advance(hours=11, minutes=50)
    first = placed(lin, mug, key="a")
    mall.clock.advance(minutes=20)
    placed(lin, mug, key="b")
    made(cancel(lin, first), 200)
    assert lin.post("/orders", {"reward_id": mug}, key="c").code == "limit_reached"


@pytest.mark.parametrize(("seconds", "status"), [(1800, 200), (1801, 409)])
def test_half_an_hour_is_the_limit_and_belongs_to_it(mall: Mall, seconds: int, status: int) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100))
    mall.clock.advance(seconds=seconds)
    reply = cancel(lin, order)
    assert reply.status == status
    if status == 409:
        assert (reply.code, reply["reason"]) == ("order_not_cancellable", "too_late")


def test_what_was_sent_is_not_cancelled(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100), address=ADDRESS)
    made(send(mall, order), 200)
    reply = cancel(lin, order)
    assert (reply.status, reply.code, reply["reason"]) == (409, "order_not_cancellable", "sent")


def test_a_cancelled_or_refunded_order_is_not_cancelled(mall: Mall) -> None:
    lin = mall.member(points=600)
    mug = mall.reward(100)
    one, two, three = (placed(lin, mug, key=key, quantity=2) for key in "123")
    made(cancel(lin, one), 200)
    made(refund(mall, two), 201)
    made(refund(mall, three, key="part", quantity=1), 201)
    assert cancel(lin, one, key="again")["reason"] == "cancelled"
    assert cancel(lin, two, key="x")["reason"] == "refunded"
    assert cancel(lin, three, key="y")["reason"] == "partly_refunded"


def test_the_same_request_again_gets_the_same_answer_and_changes_nothing(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(100)
    order = placed(lin, mug)
    first = cancel(lin, order)
    balance = wallet(lin)
    mall.clock.advance(hours=1)
    again = cancel(lin, order)
    assert (again.status, again.json) == (200, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert wallet(lin) == balance


def test_a_key_is_spent_for_every_order(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(100)
    one, two = placed(lin, mug, key="a"), placed(lin, mug, key="b")
    made(cancel(lin, one), 200)
    assert cancel(lin, two).code == "idempotency_key_reused"
    unknown = {"id": "ord_00000000000000000000"}
    assert cancel(lin, unknown).code == "idempotency_key_reused"


def test_nobody_cancels_what_is_not_theirs(mall: Mall) -> None:
    order = placed(mall.member(points=500), mall.reward(100))
    assert cancel(mall.member(), order).code == "not_found"
    assert cancel(mall.member(), {"id": "ord_x"}).code == "not_found"


def test_points_past_their_day_expire_when_a_member_cancels(mall: Mall) -> None:
    """They were good when they were spent, a minute before the midnight of their last day."""
    lin = mall.member(points=500)
    mug = mall.reward(100)
    mall.clock.instant = mall.clock.instant.replace(year=2028, month=11, day=30, hour=15, minute=59)
    order = placed(lin, mug)
    mall.clock.advance(minutes=10)
    reply = made(cancel(lin, order), 200)
    assert reply["returned"] == {
        "quantity": 1,
        "points": 100,
        "debt_paid": 0,
        "expired": 100,
        "cash": None,
    }
    assert wallet(lin)["available"] == 0
    entry = newest(lin)
    assert entry["legs"] == {"available": -400, "redeemed": -100, "expired": 500}
    assert (entry["points"], entry["expired"], entry["balance_after"]) == (100, 500, 0)


def test_points_that_come_back_pay_what_is_owed(mall: Mall) -> None:
    lin = mall.member("lin")
    made(mall.till.post("/purchases", a_purchase("lin", 100, "p")), 201)
    order = placed(lin, mall.reward(100))
    path = "/purchases/store-1/p/refunds"
    made(mall.till.post(path, {"refund_id": "r", "amount": 6000}), 201)
    assert wallet(lin)["debt"] == 60
    reply = made(cancel(lin, order), 200)
    assert reply["returned"] == {
        "quantity": 1,
        "points": 100,
        "debt_paid": 60,
        "expired": 0,
        "cash": None,
    }
    assert (wallet(lin)["available"], wallet(lin)["debt"]) == (40, 0)


def test_a_frozen_member_may_still_cancel(mall: Mall) -> None:
    lin = mall.member("lin", points=500)
    order = placed(lin, mall.reward(100))
    made(mall.support.post(f"/admin/members/{id_of('lin')}/freeze", {"reason": "theft"}), 200)
    made(cancel(lin, order), 200)
    assert wallet(lin)["available"] == 500


def test_nothing_is_left_to_send_of_a_cancelled_order(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100), address=ADDRESS)
    assert made(cancel(lin, order), 200)["fulfilment"] == "none"
    assert lin.get(f"/orders/{order['id']}")["address"] is None

"""Orders that somebody looks at: when, what is held meanwhile, and how it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.mall import Mall, id_of, made
from tests.orders import (
    COUNTED,
    cancel,
    change_program,
    decide,
    newest,
    placed,
    refund,
    review_above,
    run_deadlines,
    send,
    units,
    wallet,
)

NOBODY = {"available": 500, "held": 0}


def held(mall: Mall) -> dict[str, int]:
    told = mall.support.get(f"/admin/members/{id_of('lin')}/wallet").json
    return {name: told[name] for name in ("available", "held")}


def test_review_is_off_until_the_program_sets_a_threshold(mall: Mall) -> None:
    assert placed(mall.member(points=5_000_000), mall.reward(5_000_000))["status"] == "settled"


@pytest.mark.parametrize(("points", "status"), [(500, "settled"), (501, "in_review")])
def test_an_order_worth_more_than_the_threshold_waits(mall: Mall, points: int, status: str) -> None:
    review_above(mall, yuan=5)
    assert placed(mall.member(points=501), mall.reward(points))["status"] == status


def test_an_order_beyond_so_many_in_a_rolling_hour_waits(mall: Mall) -> None:
    review_above(mall, per_hour=2)
    lin, mug = mall.member("lin", points=100), mall.reward(10)
    told = []
    for key in "abc":
        told.append(placed(lin, mug, key=key)["status"])
        mall.clock.advance(minutes=1)
    assert told == ["settled", "settled", "in_review"]
    mall.clock.advance(minutes=57)
    assert placed(lin, mug, key="d")["status"] == "in_review"
    mall.clock.advance(minutes=62)
    assert placed(lin, mug, key="e")["status"] == "settled"
    assert placed(mall.member(points=10), mug)["status"] == "settled"


def test_cancelled_orders_count_as_redemptions_all_the_same(mall: Mall) -> None:
    review_above(mall, per_hour=1)
    lin, mug = mall.member(points=100), mall.reward(10)
    made(cancel(lin, placed(lin, mug, key="a")), 200)
    assert placed(lin, mug, key="b")["status"] == "in_review"


def test_points_and_stock_are_held_until_somebody_decides(mall: Mall) -> None:
    review_above(mall, yuan=0)
    lin, mug = mall.member("lin", points=500), mall.reward(100, stock=COUNTED)
    order = placed(lin, mug, quantity=2)
    assert held(mall) == {"available": 300, "held": 200}
    assert units(mall, mug)["free"] == 3
    assert newest(lin)["legs"] == {"available": -200, "escrow": 200}
    (waiting,) = mall.support.get("/admin/orders")["items"]
    assert (waiting["id"], waiting["member_id"]) == (order["id"], id_of("lin"))
    assert waiting["concerns"] == ["worth"]
    assert waiting["review_until"] == "2026-11-24T04:00:00Z"
    for reply in (refund(mall, order), send(mall, order)):
        assert reply.code == "order_not_settled"


def test_an_approved_order_settles(mall: Mall) -> None:
    review_above(mall, yuan=0)
    lin = mall.member("lin", points=500)
    order = placed(lin, mall.reward(200))
    mall.clock.advance(hours=50)
    reply = decide(mall, order, "approve")
    assert (reply.status, reply["status"]) == (200, "settled")
    assert held(mall) == {"available": 300, "held": 0}
    assert newest(lin)["legs"] == {"escrow": -200, "redeemed": 200}
    assert mall.support.get("/admin/orders")["items"] == []
    mall.clock.advance(hours=30)
    run_deadlines(mall)
    assert lin.get(f"/orders/{order['id']}")["status"] == "settled"


def test_half_an_hour_to_cancel_begins_when_an_order_settles(mall: Mall) -> None:
    review_above(mall, yuan=0)
    lin = mall.member("lin", points=500)
    order = placed(lin, mall.reward(200))
    mall.clock.advance(hours=50)
    made(decide(mall, order, "approve"), 200)
    mall.clock.advance(minutes=30)
    made(cancel(lin, order), 200)
    assert held(mall) == NOBODY


def test_a_rejected_order_gives_everything_back(mall: Mall) -> None:
    review_above(mall, yuan=0)
    lin, mug = mall.member("lin", points=500), mall.reward(200, stock=COUNTED)
    order = placed(lin, mug)
    mall.clock.advance(seconds=1)
    reply = decide(mall, order, "reject")
    assert (reply.status, reply["status"]) == (200, "cancelled")
    assert held(mall) == NOBODY
    assert units(mall, mug)["free"] == 5
    assert newest(lin)["reason"] == "order_rejected"
    row = mall.support.get("/admin/audit?limit=1")["items"][0]
    assert row["after"] == {"decision": "reject", "reason": "looked at"}


def test_a_member_may_cancel_while_nobody_has_decided(mall: Mall) -> None:
    review_above(mall, yuan=0)
    lin = mall.member("lin", points=500)
    order = placed(lin, mall.reward(200))
    mall.clock.advance(hours=2)
    made(cancel(lin, order), 200)
    assert held(mall) == NOBODY
    assert decide(mall, order, "approve").code == "order_not_in_review"


def test_a_decision_is_made_once(mall: Mall) -> None:
    review_above(mall, yuan=0)
    lin = mall.member("lin", points=500)
    order = placed(lin, mall.reward(200))
    first = decide(mall, order, "approve")
    again = decide(mall, order, "approve")
    assert (again.status, again.json) == (200, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert decide(mall, order, "reject").code == "idempotency_key_reused"
    other = decide(mall, order, "reject", key="other")
    assert (other.status, other.code) == (409, "order_not_in_review")
    assert decide(mall, {"id": "ord_x"}, "reject", key="n").code == "not_found"


@pytest.mark.parametrize("seen_by", ["member", "list", "support", "job", "decision"])
def test_after_72_hours_the_order_is_cancelled_by_whoever_looks(mall: Mall, seen_by: str) -> None:
    review_above(mall, yuan=0)
    lin, mug = mall.member("lin", points=500), mall.reward(200, stock=COUNTED)
    order = placed(lin, mug)
    path = f"/orders/{order['id']}"
    mall.clock.advance(hours=72, seconds=-1)
    run_deadlines(mall)
    assert lin.get(path)["status"] == "in_review"
    mall.clock.advance(seconds=1)
    if seen_by == "member":
        assert lin.get(path)["status"] == "cancelled"
    elif seen_by == "list":
        assert lin.get("/orders")["items"][0]["status"] == "cancelled"
    elif seen_by == "support":
        assert mall.support.get(f"/admin{path}")["status"] == "cancelled"
    elif seen_by == "decision":
        assert decide(mall, order, "approve").code == "order_not_in_review"
    else:
        run_deadlines(mall)
    assert held(mall) == NOBODY
    assert units(mall, mug)["free"] == 5
    assert lin.get(path)["returned"]["points"] == 200


def test_points_past_their_day_live_a_week_when_a_review_returns_them(mall: Mall) -> None:
    review_above(mall, yuan=0)
    lin = mall.member("lin", points=500)
    mall.clock.instant = mall.clock.instant.replace(year=2028, month=11, day=30)
    placed(lin, mall.reward(200))
    mall.clock.advance(hours=73)
    run_deadlines(mall)
    (lot,) = wallet(lin)["lots"]
    assert (lot["expires_on"], lot["points"]) == ("2028-12-10", 200)


def test_a_replay_of_placing_tells_how_the_order_stands(mall: Mall) -> None:
    review_above(mall, yuan=0)
    lin, mug = mall.member("lin", points=500), mall.reward(200)
    order = placed(lin, mug)
    made(decide(mall, order, "approve"), 200)
    again = lin.post("/orders", {"reward_id": mug}, key="k")
    assert (again.status, again["status"]) == (201, "settled")


def test_the_queue_is_told_soonest_deadline_first_and_by_pages(mall: Mall) -> None:
    review_above(mall, yuan=0)
    mug, told = mall.reward(10), []
    for _ in range(7):
        told.append(placed(mall.member(points=10), mug)["id"])
        mall.clock.advance(seconds=1)
    found: list[str] = []
    cursor = ""
    while True:
        page = made(mall.support.get(f"/admin/orders?limit=2{cursor}"), 200)
        found += [order["id"] for order in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == told


def test_the_job_ends_all_that_is_overdue_however_many(mall: Mall) -> None:
    review_above(mall, yuan=0)
    lin, mug = mall.member("lin", points=2000), mall.reward(10)
    for number in range(105):
        placed(lin, mug, key=f"k{number}")
    mall.clock.advance(hours=73)
    run_deadlines(mall)
    run_deadlines(mall)
    assert held(mall) == {"available": 2000, "held": 0}


def test_what_is_overdue_is_not_told_as_waiting(mall: Mall) -> None:
    review_above(mall, yuan=0)
    placed(mall.member(points=10), mall.reward(10))
    mall.clock.advance(hours=72)
    assert mall.support.get("/admin/orders")["items"] == []


def test_thresholds_are_validated_and_told_back(mall: Mall) -> None:
    review_above(mall, yuan=5, per_hour=3)
    told = mall.marketing.get("/admin/program").json["review"]
    assert told == {"redemptions_per_hour": 3, "worth": {"amount": 500, "currency": "cny"}}
    change_program(mall, review=None)
    document = mall.marketing.get("/admin/program")
    assert document.json["review"] is None
    tag = {"If-Match": document.headers["etag"]}
    for wrong in (
        {"redemptions_per_hour": 0},
        {"redemptions_per_hour": 100},
        {"worth": {"amount": 1, "currency": "usd"}},
    ):
        body = document.json | {"review": wrong}
        assert mall.marketing.put("/admin/program", body, headers=tag).code == "invalid"


def test_the_deadline_is_72_hours_after_placing(mall: Mall) -> None:
    review_above(mall, yuan=0)
    placed(mall.member(points=10), mall.reward(10))
    until = mall.support.get("/admin/orders")["items"][0]["review_until"]
    assert until == f"{mall.clock.instant + timedelta(hours=72):%Y-%m-%dT%H:%M:%SZ}"

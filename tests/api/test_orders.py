"""Orders over the API: what a member gets, in which order a no is said, and replays."""

from __future__ import annotations

from typing import Final

import pytest

from tests.events import Api
from tests.mall import Mall, id_of, made

ADDRESS: Final = {
    "name": "林小雨",
    "phone": "+8613800000000",
    "line1": "南京西路 1 号",
    "city": "上海",
    "country": "CN",
}
NEXT_WEEK: Final = {"from": "2026-11-28T00:00:00Z", "until": "2026-12-28T00:00:00Z"}


def wallet(api: Api) -> int:
    return int(api.get("/me/wallet")["available"])


def place(api: Api, reward: str, *, key: str = "k", **more: object) -> int:
    return api.post("/orders", {"reward_id": reward, **more}, key=key).status


def test_a_redemption_settles_at_once_and_is_listed(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(300)
    reply = lin.post("/orders", {"reward_id": mug, "option": 0, "quantity": 1}, key="k")
    order = made(reply, 201)
    assert order["status"] == "settled"
    assert order["points"] == 300
    assert order["cash"] is None
    assert order["fulfilment"] == "none"
    assert wallet(lin) == 200
    assert lin.get("/orders")["items"] == [order]
    assert lin.get(f"/orders/{order['id']}").json == order | {"address": None}
    entry = lin.get("/me/journal")["items"][0]
    assert (entry["points"], entry["order_id"]) == (-300, order["id"])


def test_the_same_request_again_gets_the_same_answer(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(300)
    first = lin.post("/orders", {"reward_id": mug}, key="k")
    again = lin.post("/orders", {"reward_id": mug, "option": 0, "quantity": 1}, key="k")
    assert (again.status, again.json) == (201, first.json)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert wallet(lin) == 200


def test_another_body_under_the_same_key_is_refused(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(100)
    lin.post("/orders", {"reward_id": mug}, key="k")
    reply = lin.post("/orders", {"reward_id": mug, "quantity": 2}, key="k")
    assert (reply.status, reply.code) == (422, "idempotency_key_reused")
    assert wallet(lin) == 400


def test_two_members_may_use_the_same_key(mall: Mall) -> None:
    mug = mall.reward(100)
    assert place(mall.member(points=100), mug) == 201
    assert place(mall.member(points=100), mug) == 201


def test_a_replay_is_answered_whatever_has_happened_since(mall: Mall) -> None:
    lin = mall.member("lin", points=300)
    mug = mall.reward(300, stock={"mode": "counted", "units": 1})
    first = lin.post("/orders", {"reward_id": mug}, key="k")
    mall.support.post(f"/admin/members/{id_of('lin')}/freeze", {"reason": "test"})
    again = lin.post("/orders", {"reward_id": mug}, key="k")
    assert (again.status, again.json) == (201, first.json)


def test_a_refusal_does_not_spend_the_key(mall: Mall) -> None:
    lin = mall.member("lin", points=100)
    mug = mall.reward(300)
    assert place(lin, mug) == 422
    mall.earn("lin", 200)
    assert place(lin, mug) == 201


def test_a_quote_says_what_placing_would_take_and_takes_nothing(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(100)
    quoted = made(lin.post("/orders/quote", {"reward_id": mug, "quantity": 3}), 200)
    assert (quoted["points"], quoted["available"], quoted["available_after"]) == (300, 500, 200)
    assert wallet(lin) == 500
    assert lin.post("/orders/quote", {"reward_id": mug, "quantity": 6}).code == (
        "insufficient_points"
    )


def test_an_order_with_an_address_is_pending_and_shows_it_to_its_member_alone(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(100)
    body = {"reward_id": mug, "address": ADDRESS}
    order = made(lin.post("/orders", body, key="k"), 201)
    assert order["fulfilment"] == "pending"
    shown = lin.get(f"/orders/{order['id']}").json["address"]
    assert {name: shown[name] for name in ADDRESS} == ADDRESS
    assert mall.member().get(f"/orders/{order['id']}").code == "not_found"


def test_each_option_has_its_own_price(mall: Mall) -> None:
    lin = mall.member(points=500)
    label = {"zh": "大", "en": "Large"}
    options = [{"points": 100, "label": label}, {"points": 400, "label": label}]
    mug = mall.reward(options=options)
    assert made(lin.post("/orders", {"reward_id": mug, "option": 1}, key="k"), 201)["points"] == 400
    reply = lin.post("/orders", {"reward_id": mug, "option": 2}, key="l")
    assert (reply.status, reply.code, reply.pointers()) == (422, "invalid", ["/option"])


@pytest.mark.parametrize(("quantity", "status"), [(0, 422), (1, 201), (20, 201), (21, 422)])
def test_one_to_twenty_units_an_order(mall: Mall, quantity: int, status: int) -> None:
    assert place(mall.member(points=20), mall.reward(1), quantity=quantity) == status


@pytest.mark.parametrize("reward", ["rwd_00000000000", "rwd_", "../HEAD", "", "ord_0", "R#x"])
def test_an_unknown_or_malformed_reward_is_not_found(mall: Mall, reward: str) -> None:
    reply = mall.member(points=1).post("/orders", {"reward_id": reward}, key="k")
    assert (reply.status, reply.code) == (404, "not_found")


@pytest.mark.parametrize("order", ["ord_00000000000000000000", "ord_1", "x", "%2e%2e"])
def test_an_unknown_or_malformed_order_is_not_found(mall: Mall, order: str) -> None:
    assert mall.member().get(f"/orders/{order}").code == "not_found"


def test_who_has_not_enrolled_is_told_so(mall: Mall) -> None:
    stranger = Api(mall.app, mall.member().caller).by(None)
    assert stranger.get("/orders").status == 401
    unknown = mall.member().by(None)
    assert unknown.get("/orders").code == "unauthenticated"


def test_limits_are_counted_in_the_order_that_reaches_them(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(10, limits=[{"per": "day", "units": 2}])
    assert place(lin, mug, key="a", quantity=2) == 201
    reply = lin.post("/orders", {"reward_id": mug}, key="b")
    assert (reply.status, reply.code) == (422, "limit_reached")
    assert (reply["limit"], reply["per"], reply["used"]) == (2, "day", 2)
    assert reply["resets_at"].startswith("2026-11-21T16:00:00")
    mall.clock.advance(days=1)
    assert place(lin, mug, key="c") == 201


def test_sold_out_says_how_many_are_left(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(10, stock={"mode": "counted", "units": 5})
    assert place(lin, mug, key="a", quantity=3) == 201
    reply = lin.post("/orders", {"reward_id": mug, "quantity": 3}, key="b")
    assert (reply.status, reply.code, reply["left"]) == (409, "sold_out", 2)
    assert place(lin, mug, key="c", quantity=2) == 201


def test_an_order_gathers_its_units_from_several_shards(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(10, stock={"mode": "counted", "units": 8})
    assert place(lin, mug, quantity=8) == 201


def test_refusals_come_in_the_order_of_the_contract(mall: Mall) -> None:
    """Everything is wrong at once; each cause is removed in turn, and the next one speaks."""
    lin = mall.member("lin", points=100)
    path = f"/admin/members/{id_of('lin')}"
    units = {"stock": {"mode": "counted", "units": 1}, "limits": [{"per": "ever", "units": 1}]}
    sold = mall.reward(10, redeemable=NEXT_WEEK, **units)
    mall.clock.advance(days=10)
    assert place(mall.member(points=10), sold) == 201
    mall.clock.advance(days=-10)
    made(mall.support.post(f"{path}/freeze", {"reason": "test"}), 200)
    body = {"reward_id": sold, "quantity": 20}

    def code() -> str:
        return lin.post("/orders", body, key="k").code

    assert code() == "member_frozen"
    made(mall.support.post(f"{path}/thaw", {"reason": "test"}), 200)
    assert code() == "not_redeemable_now"
    mall.clock.advance(days=10)
    assert code() == "limit_reached"
    body["quantity"] = 1
    assert code() == "sold_out"
    made(lin.post("/orders", {"reward_id": mall.reward(95)}, key="x"), 201)
    assert code() == "insufficient_points"


def test_a_reward_for_a_higher_standing_is_not_for_a_basic_member(mall: Mall) -> None:
    lin = mall.member(points=500)
    reply = lin.post("/orders", {"reward_id": mall.reward(audience={"standing": "gold"})}, key="k")
    assert (reply.status, reply.code, reply["standing"]) == (422, "not_eligible", "gold")


def test_open_debt_stops_new_spending(mall: Mall) -> None:
    lin = mall.member("lin")
    made(mall.till.post("/purchases", _purchase()), 201)
    made(lin.post("/orders", {"reward_id": mall.reward(100)}, key="k"), 201)
    refund = {"refund_id": "r", "amount": {"amount": 10000, "currency": "cny"}}
    made(mall.till.post("/purchases/store-1/p/refunds", refund), 201)
    reply = lin.post("/orders", {"reward_id": mall.reward(0 + 1)}, key="l")
    assert (reply.status, reply.code, reply["debt"]) == (422, "debt_open", 100)


def test_points_past_their_last_day_cannot_be_spent(mall: Mall) -> None:
    lin = mall.member(points=100)
    mug = mall.reward(100)
    mall.clock.instant = mall.clock.instant.replace(year=2028, month=11, day=30, hour=15, minute=59)
    assert place(lin, mug, key="a") == 201
    bo = mall.member(points=0)
    assert wallet(bo) == 0


def test_points_are_gone_with_the_last_second_of_their_day_in_the_programs_zone(
    mall: Mall,
) -> None:
    lin = mall.member(points=100)
    mall.clock.instant = mall.clock.instant.replace(year=2028, month=11, day=30, hour=16, minute=0)
    reply = lin.post("/orders", {"reward_id": mall.reward(100)}, key="a")
    assert (reply.code, reply["missing_points"]) == ("insufficient_points", 100)
    assert wallet(lin) == 0


def test_orders_come_newest_first_in_pages(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(1)
    placed = []
    for number in range(5):
        placed.append(made(lin.post("/orders", {"reward_id": mug}, key=f"k{number}"), 201)["id"])
        mall.clock.advance(seconds=1)
    first = lin.get("/orders?limit=3").json
    rest = lin.get(f"/orders?limit=3&cursor={first['next_cursor']}").json
    listed = [order["id"] for order in first["items"] + rest["items"]]
    assert listed == placed[::-1]
    assert rest["next_cursor"] is None
    reply = mall.member().get(f"/orders?cursor={first['next_cursor']}")
    assert (reply.status, reply.pointers()) == (422, ["/cursor"])


def _purchase() -> dict[str, object]:
    return {
        "channel": "store-1",
        "purchase_id": "p",
        "member_id": id_of("lin"),
        "paid": {"amount": 10000, "currency": "cny"},
    }

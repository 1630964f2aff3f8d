"""Support gives an order back: whole or by quantity, with or without its units."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.redeem.orders.model import Order
from chalicelib.redeem.orders.rules import part, whole, without
from tests.mall import Mall, made
from tests.orders import COUNTED, cancel, newest, placed, refund, units, wallet
from tests.unit.orders import an_order

LIMITED = {"limits": [{"per": "ever", "units": 3}]}


def test_a_whole_refund_returns_the_points_and_keeps_the_units_unless_told(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(100, stock=COUNTED)
    before = wallet(lin)
    order = placed(lin, mug, quantity=2)
    mall.clock.advance(days=3)
    reply = refund(mall, order)
    assert reply.status == 201
    assert (reply["order_id"], reply["quantity"], reply["points"]) == (order["id"], 2, 200)
    assert (reply["cash"], reply["debt_paid"], reply["restocked"]) == (None, 0, False)
    assert wallet(lin) == before
    assert units(mall, mug) == {"made": 5, "free": 3, "taken": 2, "withdrawn": 0}
    assert lin.get(f"/orders/{order['id']}")["status"] == "refunded"
    entry = newest(lin)
    assert (entry["reason"], entry["order_id"], entry["order_refund_id"]) == (
        "order_refund",
        order["id"],
        reply["id"],
    )


def test_parts_add_up_to_the_whole(mall: Mall) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(100, stock=COUNTED, **LIMITED)
    order = placed(lin, mug, quantity=3)
    first = made(refund(mall, order, key="1", quantity=2, restock=True), 201)
    assert (first["points"], first["restocked"]) == (200, True)
    told = lin.get(f"/orders/{order['id']}")
    assert (told["status"], told["returned"]["quantity"]) == ("partly_refunded", 2)
    assert units(mall, mug)["free"] == 4
    assert lin.post("/orders", {"reward_id": mug, "quantity": 3}, key="n").code == "limit_reached"
    assert placed(lin, mug, key="m", quantity=2)["status"] == "settled"
    second = made(refund(mall, order, key="2"), 201)
    assert (second["quantity"], second["points"]) == (1, 100)
    assert lin.get(f"/orders/{order['id']}")["status"] == "refunded"
    assert units(mall, mug)["free"] == 2
    assert wallet(lin)["available"] == 300


def test_no_more_than_what_is_left_goes_back(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100), quantity=2)
    made(refund(mall, order, key="1", quantity=1), 201)
    reply = refund(mall, order, key="2", quantity=2)
    assert (reply.status, reply.code, reply["refundable"]) == (422, "refund_exceeds_order", 1)
    made(refund(mall, order, key="2", quantity=1), 201)
    reply = refund(mall, order, key="3", quantity=1)
    assert (reply.status, reply.code, reply["order_status"]) == (
        409,
        "order_not_settled",
        "refunded",
    )


def test_a_cancelled_order_is_not_refunded(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100))
    made(cancel(lin, order), 200)
    assert refund(mall, order).code == "order_not_settled"
    assert wallet(lin)["available"] == 500


def test_an_order_without_cash_is_refunded_by_quantity_only(mall: Mall) -> None:
    order = placed(mall.member(points=500), mall.reward(100))
    reply = refund(mall, order, amount=100)
    assert (reply.status, reply.code, reply.pointers()) == (422, "invalid", ["/amount"])
    assert refund(mall, order, amount=100, quantity=1).code == "invalid"
    for wrong in (0, 21, True, "1"):
        assert refund(mall, order, quantity=wrong).pointers() == ["/quantity"]


def test_the_same_request_again_gets_the_same_answer_and_changes_nothing(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100), quantity=3)
    first = refund(mall, order, quantity=1)
    again = refund(mall, order, quantity=1)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert wallet(lin)["available"] == 300
    assert refund(mall, order, quantity=2).code == "idempotency_key_reused"
    other = placed(mall.member(points=100), mall.reward(100))
    assert refund(mall, other, quantity=1).code == "idempotency_key_reused"
    assert refund(mall, {"id": "ord_x"}, quantity=1).code == "idempotency_key_reused"


def test_an_unknown_order_is_not_found(mall: Mall) -> None:
    for name in ("ord_00000000000000000000", "ord_x", "%2e%2e"):
        assert refund(mall, {"id": name}).code == "not_found"


def test_points_past_their_day_live_a_week_when_the_house_returns_them(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100))
    mall.clock.advance(days=800)
    made(refund(mall, order), 201)
    (lot,) = wallet(lin)["lots"]
    assert (lot["expires_on"], lot["points"]) == ("2029-02-05", 100)


def test_a_refund_is_in_the_audit_log(mall: Mall) -> None:
    order = placed(mall.member(points=500), mall.reward(100))
    mall.clock.advance(seconds=1)
    made(refund(mall, order, quantity=1, restock=True), 201)
    row = mall.support.get("/admin/audit?limit=1")["items"][0]
    assert (row["what"], row["subject"]) == ("order.refund", order["id"])
    assert row["after"] == {"quantity": 1, "restock": True, "amount": None}


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=8))
def test_any_parts_give_back_what_was_taken_and_no_more(parts: list[tuple[int, bool]]) -> None:
    """Points by date, units by place: what left and what stays are what was taken, at any time."""
    start: Order = an_order(quantity=8)
    order, gone, back = start, dict[object, int](), 0
    for wanted, restock in parts:
        if wanted > order.quantity_kept:
            break
        parcel = part(order, wanted)
        after = without(order, parcel, restock=restock)
        for lot in parcel.points:
            gone[lot.expires_on] = gone.get(lot.expires_on, 0) + lot.points
        back += sum(parcel.units.values()) if restock else 0
        assert parcel.worth == start.points // 8 * wanted
        assert sum(parcel.units.values()) == wanted
        order = after
    left = {lot.expires_on: lot.points for lot in order.taken}
    for lot in start.taken:
        assert gone.get(lot.expires_on, 0) + left.get(lot.expires_on, 0) == lot.points
    assert sum(order.units.values()) == 8 - back
    assert whole(order).worth == sum(left.values())

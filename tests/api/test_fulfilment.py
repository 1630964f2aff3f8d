"""Sending an order, and following it."""

from __future__ import annotations

import pytest

from tests.mall import Mall, made
from tests.orders import ADDRESS, cancel, placed, refund, send


def test_an_operator_sends_an_order_and_the_member_follows_it(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100), address=ADDRESS)
    mall.clock.advance(seconds=1)
    reply = made(send(mall, order, tracking="SF 1234"), 200)
    assert (reply["fulfilment"], reply["tracking"]) == ("sent", "SF 1234")
    shown = lin.get(f"/orders/{order['id']}")
    assert (shown["fulfilment"], shown["tracking"]) == ("sent", "SF 1234")
    row = mall.support.get("/admin/audit?limit=1")["items"][0]
    assert (row["what"], row["subject"]) == ("order.fulfilment", order["id"])
    assert (row["before"]["state"], row["after"]["state"]) == ("pending", "sent")
    assert row["fields"] == ["tracking"]
    assert "SF 1234" not in str(row)


def test_told_twice_it_stays_as_it_is(mall: Mall) -> None:
    order = placed(mall.member(points=500), mall.reward(100), address=ADDRESS)
    first = send(mall, order, tracking="SF 1234")
    assert send(mall, order, tracking="SF 1234").json == first.json
    rows = mall.support.get("/admin/audit")["items"]
    assert [row["what"] for row in rows].count("order.fulfilment") == 1


def test_sent_again_without_tracking_it_keeps_the_one_it_has(mall: Mall) -> None:
    order = placed(mall.member(points=500), mall.reward(100), address=ADDRESS)
    made(send(mall, order, tracking="SF 1234"), 200)
    assert made(send(mall, order), 200)["tracking"] == "SF 1234"


def test_a_mistake_is_taken_back_and_the_order_can_be_cancelled_again(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100), address=ADDRESS)
    made(send(mall, order), 200)
    assert made(send(mall, order, state="pending"), 200)["fulfilment"] == "pending"
    made(cancel(lin, order), 200)


def test_an_order_without_address_has_nothing_to_send(mall: Mall) -> None:
    order = placed(mall.member(points=500), mall.reward(100))
    reply = send(mall, order)
    assert (reply.status, reply.code) == (409, "nothing_to_send")


def test_what_went_back_is_not_sent(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100), address=ADDRESS)
    made(refund(mall, order), 201)
    reply = send(mall, order)
    assert (reply.status, reply.code) == (409, "order_not_settled")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"state": "none"}, "/state"),
        ({"tracking": ""}, "/tracking"),
        ({"tracking": "x" * 201}, "/tracking"),
        ({"tracking": "a\nb"}, "/tracking"),
    ],
)
def test_a_word_that_makes_no_sense_is_refused(
    mall: Mall, body: dict[str, str], pointer: str
) -> None:
    order = placed(mall.member(points=500), mall.reward(100), address=ADDRESS)
    reply = send(mall, order, **body)
    assert (reply.status, reply.pointers()) == (422, [pointer])


def test_an_unknown_order_is_not_found(mall: Mall) -> None:
    assert send(mall, {"id": "ord_00000000000000000000"}).code == "not_found"
    assert mall.support.get("/admin/orders/ord_x").code == "not_found"


def test_operators_see_whose_an_order_is_and_where_it_goes(mall: Mall) -> None:
    lin = mall.member(points=500)
    order = placed(lin, mall.reward(100), address=ADDRESS)
    shown = made(mall.support.get(f"/admin/orders/{order['id']}"), 200)
    assert shown["member_id"] == lin.get("/me")["id"]
    assert shown["address"]["line1"] == ADDRESS["line1"]
    assert shown["is_fetched"] is False

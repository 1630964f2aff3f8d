"""Quotes over HTTP: what a purchase would earn, told to tills and members, and nothing written."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.kernel.clock import rfc3339
from tests.api.till import (
    MEMBER_ID,
    NOW,
    STORE,
    STRANGER_ID,
    Till,
    a_member_of_their_own,
    a_purchase,
    a_till,
    whole_table,
)
from tests.events import MEMBER, a_caller

EXPLAINED = {
    "rule": "base",
    "text": "1 point for each whole yuan of ¥128.50: 128 points.",
    "points": 128,
}


@pytest.fixture
def till(table: str) -> Till:  # noqa: ARG001 - the till works on it
    return a_till()


@pytest.mark.parametrize(
    "more",
    [{}, {"member_id": MEMBER_ID}, {"member_id": None}, {"occurred_at": rfc3339(NOW), "lines": []}],
)
def test_a_quote_agrees_with_the_purchase_and_writes_nothing(
    till: Till, more: dict[str, Any]
) -> None:
    before = whole_table()
    quote = till.api.post("/earn/quote", {"paid": {"amount": 12850, "currency": "cny"}, **more})
    assert quote.status == 200
    assert quote.json == {
        "points": 128,
        "explanation": [EXPLAINED],
        "expires_on": "2028-11-30",
        "not_applied": [],
        "hints": [],
    }
    assert whole_table() == before
    purchase = till.purchase()
    assert (purchase["points"], purchase["explanation"]) == (quote["points"], quote["explanation"])
    assert till.wallet().lots[0].expires_on.isoformat() == quote["expires_on"]


def test_the_very_body_of_a_purchase_can_be_asked_about_and_names_its_own_channel(
    till: Till,
) -> None:
    body = a_purchase(lines=[{"sku": "tea", "amount": 12850}])
    asked = till.api.post("/earn/quote", body)
    assert (asked.status, asked["points"]) == (200, 128)
    assert till.api.post("/purchases", body)["points"] == asked["points"]
    assert till.api.post("/earn/quote", {**body, "channel": "store-2"}).code == "forbidden"
    for wrong in ("channel", "purchase_id"):
        assert till.api.post("/earn/quote", {**body, wrong: "a b"}).pointers() == [f"/{wrong}"]


def test_a_member_asks_about_a_purchase_at_any_channel(till: Till) -> None:
    member_id = a_member_of_their_own(till)
    body = {**a_purchase(), "member_id": member_id}
    for channel in (STORE, "store-2"):
        asked = till.api.by(MEMBER).post("/earn/quote", {**body, "channel": channel})
        assert (asked.status, asked["points"]) == (200, 128)


def test_a_member_asks_for_a_quote_and_names_nobody_else(till: Till) -> None:
    asked = {"paid": {"amount": 9990, "currency": "cny"}}
    api = till.api.by(MEMBER)
    assert api.post("/earn/quote", asked).code == "not_enrolled"
    member_id = a_member_of_their_own(till)
    assert api.post("/earn/quote", asked)["points"] == 99
    assert api.post("/earn/quote", asked | {"member_id": member_id})["points"] == 99
    assert api.post("/earn/quote", asked | {"member_id": MEMBER_ID}).code == "not_found"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"paid": {"amount": 1, "currency": "usd"}}, 422, "currency_not_supported"),
        ({"occurred_at": "2020-01-01T00:00:00Z"}, 422, "occurred_at_out_of_range"),
        ({"member_id": STRANGER_ID}, 404, "not_found"),
        ({"member_id": "nobody"}, 404, "not_found"),
        ({"paid": None}, 422, "invalid"),
    ],
)
def test_a_quote_is_refused_as_the_purchase_would_be(
    till: Till, changed: dict[str, Any], status: int, code: str
) -> None:
    reply = till.api.post("/earn/quote", {"paid": {"amount": 1, "currency": "cny"}, **changed})
    assert (reply.status, reply.code) == (status, code)


def test_an_unmapped_client_gets_no_quote(till: Till) -> None:
    caller = a_caller("channel", subject="till-2", client="till-2")
    asked = {"paid": {"amount": 1, "currency": "cny"}}
    assert till.api.by(caller).post("/earn/quote", asked).code == "forbidden"
    named = asked | {"member_id": STRANGER_ID}
    assert till.api.by(caller).post("/earn/quote", named).code == "forbidden"

"""Whom a till serves: by the code that a member shows, and by phone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from tests.events import CHANNEL, Json, Reply, a_caller
from tests.mall import Mall

PHONE: Final = "+8613800000001"
LIN: Final = {
    "name": "Lin",
    "email": "lin@example.test",
    "phone": PHONE,
    "birthday": "1990-05-17",
}
AT_ONCE: Final = 16


def at_once(call: Callable[[int], Reply]) -> Counter[int]:
    """Send calls at once and return how often each status came."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return Counter(reply.status for reply in threads.map(call, range(AT_ONCE)))


def test_a_till_finds_whom_it_serves_by_code_and_by_phone(mall: Mall) -> None:
    made = mall.till.post("/members", {"subject": "sub-lin", "phone": PHONE})
    code = mall.till.by(a_caller("member", subject="sub-lin")).get("/me/code")
    for shown in ({"code": code["code"]}, {"phone": PHONE}):
        found = mall.till.post("/members/resolve", shown)
        assert (found.status, found.json) == (200, {"member_id": made["id"]})


def test_a_code_changes_each_minute_and_outlives_its_own_by_one(mall: Mall) -> None:
    lin = mall.member("sub-lin")
    first = lin.get("/me/code")
    assert first["expires_at"] == "2026-11-21T04:02:00Z"
    mall.clock.advance(seconds=60)
    assert lin.get("/me/code")["code"] != first["code"]
    mall.clock.advance(seconds=59)
    assert mall.till.post("/members/resolve", {"code": first["code"]}).status == 200
    mall.clock.advance(seconds=1)
    assert mall.till.post("/members/resolve", {"code": first["code"]}).code == "not_found"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"code": "x", "phone": PHONE}, ""),
        ({"code": None}, ""),
        ({"code": ""}, "/code"),
        ({"code": "x" * 65}, "/code"),
        ({"phone": "138"}, "/phone"),
    ],
)
def test_a_till_shows_either_a_code_or_a_phone(mall: Mall, body: Json, pointer: str) -> None:
    refused = mall.till.post("/members/resolve", body)
    assert (refused.status, refused.pointers()) == (422, [pointer])


def test_ten_wrong_tries_a_minute_are_answered_and_no_more(mall: Mall) -> None:
    mall.till.post("/members", LIN)
    wrong: list[Json] = [{"code": "x" * 20}, {"phone": "+8613800000009"}]
    for number in range(10):
        assert mall.till.post("/members/resolve", {"phone": PHONE}).status == 200
        assert mall.till.post("/members/resolve", wrong[number % 2]).code == "not_found"
    mall.clock.advance(seconds=18)
    for shown in ({"code": "x" * 20}, {"phone": PHONE}):
        refused = mall.till.post("/members/resolve", shown)
        assert (refused.status, refused.code) == (429, "too_many_tries")
        assert (refused.headers["retry-after"], refused["retry_after_seconds"]) == ("42", 42)
    mall.clock.advance(seconds=42)
    assert mall.till.post("/members/resolve", {"phone": PHONE}).status == 200


def test_one_tills_wrong_tries_are_not_anothers(mall: Mall) -> None:
    document = mall.marketing.get("/admin/program")
    channels = {CHANNEL.client: "store-1", "till-2": "store-2"}
    tag = {"If-Match": document.headers["etag"]}
    mall.marketing.put("/admin/program", {**document.json, "channels": channels}, headers=tag)
    other = mall.till.by(a_caller("channel", subject="till-2", client="till-2"))
    tries = at_once(lambda _: mall.till.post("/members/resolve", {"code": "x"}))
    assert tries == {404: 10, 429: AT_ONCE - 10}
    assert other.post("/members/resolve", {"code": "x"}).code == "not_found"

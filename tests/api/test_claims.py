"""Purchases without a member: what they promise, how they are claimed, and that it is once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from tests.api.till import whole_table
from tests.events import MEMBER, Api, Json, Reply
from tests.faults import Fault, faults
from tests.mall import CHANNEL_NAME, Mall, a_purchase, id_of, made
from tests.meter import metered

EXPLAINED: Final = {
    "rule": "base",
    "text": "1 point for each whole yuan of ¥128.50: 128 points.",
    "points": 128,
}
SECOND: Final = timedelta(seconds=1)


def guests(mall: Mall, purchase_id: str = "p-1", *, amount: int = 12850) -> Reply:
    """Report a purchase of somebody unknown."""
    return mall.till.post("/purchases", a_guests_purchase(purchase_id, amount))


def a_guests_purchase(purchase_id: str = "p-1", amount: int = 12850) -> Mapping[str, object]:
    """Return the report of a purchase of somebody unknown."""
    paid = {"amount": amount, "currency": "cny"}
    return {**a_purchase("nobody", 1, purchase_id), "member_id": None, "paid": paid}


def claim(api: Api, code: str, *, key: str = "claim") -> Reply:
    """Claim a purchase."""
    return api.post("/me/claims", {"claim_code": code}, key=key)


def refund(mall: Mall, refund_id: str, amount: int, *, purchase_id: str = "p-1") -> Reply:
    """Report a refund."""
    path = f"/purchases/{CHANNEL_NAME}/{purchase_id}/refunds"
    return mall.till.post(path, {"refund_id": refund_id, "amount": amount})


def change_rate(mall: Mall, points_per_unit: int) -> None:
    """Let each yuan earn so many points from now on."""
    document = mall.marketing.get("/admin/program")
    wanted = document.json | {"points_per_unit": points_per_unit}
    tag = {"If-Match": document.headers["etag"]}
    made(mall.marketing.put("/admin/program", wanted, headers=tag), 200)


def is_intact(mall: Mall, subject: str = "lin") -> bool:
    """Tell whether a member's wallet is what its journal says."""
    path = f"/admin/members/{id_of(subject)}/verify"
    return bool(mall.support.get(path)["intact"])


def test_a_purchase_without_a_member_promises_points_and_gives_a_code(mall: Mall) -> None:
    reply = guests(mall)
    assert reply.status == 201
    code = reply["claim_code"]
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", code)
    told = {"points": 128, "explanation": [EXPLAINED], "debt_paid": 0, "claim_code": code}
    # Through thirty days after today, in the program's zone.
    assert reply.json == told | {"claim_through": "2026-12-21"}
    assert guests(mall).json == reply.json
    assert code not in str(whole_table())


def test_it_costs_four_write_units_and_one_read_unit(mall: Mall) -> None:
    guests(mall, "warm")
    with metered() as used:
        assert guests(mall).status == 201
    assert (used.writes, used.reads) == (4, 1)


def test_reported_again_it_gives_the_same_answer_also_after_its_claim_and_refunds(
    mall: Mall,
) -> None:
    lin = mall.member("lin")
    first = guests(mall)
    made(refund(mall, "r-1", 1_000), 201)
    made(claim(lin, first["claim_code"]), 201)
    made(refund(mall, "r-2", 1_000), 201)
    before = whole_table()
    again = guests(mall)
    assert (again.status, again.json) == (200, first.json)
    assert whole_table() == before


def test_reported_with_a_member_it_is_another_report(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    named = {**a_guests_purchase(), "member_id": id_of("lin")}
    assert mall.till.post("/purchases", named).code == "purchase_conflict"
    made(claim(lin, code), 201)
    assert mall.till.post("/purchases", named).code == "purchase_conflict"


def test_a_claim_brings_the_points_and_explains_itself(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    mall.clock.advance(days=14)
    claimed = claim(lin, code)
    told = {"points": 128, "explanation": [EXPLAINED], "debt_paid": 0, "expires_on": "2028-12-31"}
    assert (claimed.status, claimed.json) == (201, told)
    assert "idempotency-replayed" not in claimed.headers
    (lot,) = lin.get("/me/wallet")["lots"]
    assert (lot["expires_on"], lot["points"]) == ("2028-12-31", 128)
    entry = lin.get("/me/journal")["items"][0]
    assert (entry["reason"], entry["points"]) == ("purchase_claim", 128)
    assert entry["legs"] == {"issued": -128, "available": 128}
    assert entry["purchase"] == {"channel": "store-1", "purchase_id": "p-1", "refund_id": None}
    assert is_intact(mall)


def test_a_claim_costs_eight_write_units_and_six_read_units(mall: Mall) -> None:
    # The first points of all would pay one more: the wallet enters the index of wakes.
    lin = mall.member("lin", points=1)
    code = guests(mall)["claim_code"]
    with metered() as used:
        assert claim(lin, code).status == 201
    assert (used.writes, used.reads) == (8, 6)


def test_the_same_claim_again_gets_the_same_answer_whatever_came_since(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    refund(mall, "r-1", 1_000)
    first = claim(lin, code)
    refund(mall, "r-2", 2_000)
    mall.clock.advance(days=400)
    change_rate(mall, 7)
    before = whole_table()
    spaced = " ".join(code.lower())
    for typed in (code, code.lower(), f"{code[:8]}-{code[8:]}", spaced):
        again = claim(lin, typed)
        assert (again.status, again.json) == (201, first.json)
        assert again.headers["idempotency-replayed"] == "true"
    assert whole_table() == before


def test_a_purchase_is_claimed_once_by_whoever_is_first(mall: Mall) -> None:
    lin, wu = mall.member("lin"), mall.member("wu")
    code = guests(mall)["claim_code"]
    made(claim(lin, code), 201)
    before = whole_table()
    for api in (lin, wu):
        refused = claim(api, code, key="another")
        assert (refused.status, refused.code) == (409, "already_claimed")
    assert whole_table() == before
    mall.clock.advance(days=40)
    assert claim(wu, code).code == "already_claimed"


def test_a_key_is_for_one_code(mall: Mall) -> None:
    lin = mall.member("lin")
    first, second = guests(mall)["claim_code"], guests(mall, "p-2")["claim_code"]
    made(claim(lin, first), 201)
    for other in (second, "nothing"):
        refused = claim(lin, other)
        assert (refused.status, refused.code) == (422, "idempotency_key_reused")
    made(claim(lin, second, key="another"), 201)


def test_only_a_member_claims_and_with_a_key(mall: Mall) -> None:
    code = guests(mall)["claim_code"]
    assert claim(Api(mall.app, MEMBER), code).code == "not_enrolled"
    assert claim(mall.till, code).code == "forbidden"
    lin = mall.member("lin")
    assert lin.post("/me/claims", {"claim_code": code}).code == "idempotency_key_required"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/claim_code"),
        ({"claim_code": ""}, "/claim_code"),
        ({"claim_code": None}, "/claim_code"),
        ({"claim_code": 1234}, "/claim_code"),
        ({"claim_code": "x" * 65}, "/claim_code"),
        ({"claim_code": "x", "more": 1}, "/more"),
    ],
)
def test_a_claim_names_one_code(mall: Mall, body: Json, pointer: str) -> None:
    refused = mall.member().post("/me/claims", body, key="k")
    assert (refused.status, refused.pointers()) == (422, [pointer])


def test_ten_wrong_tries_an_hour_are_answered_and_then_not_even_a_right_one(mall: Mall) -> None:
    lin, wu = mall.member("lin"), mall.member("wu")
    mine, other = guests(mall)["claim_code"], guests(mall, "p-2")["claim_code"]
    made(claim(lin, mine), 201)
    wrong = ["0" * 16, "x", "?", " - ", "x" * 64, "<b>", "🎟", "../K", mine[:-1], mine + "0"]
    for number, code in enumerate(wrong):
        assert claim(lin, mine, key="late").code == "already_claimed"
        assert claim(lin, code, key=f"wrong-{number}").code == "not_found"
    mall.clock.advance(minutes=15)
    for code in (other, mine, wrong[0]):
        refused = claim(lin, code, key="eleventh")
        assert (refused.status, refused.code) == (429, "too_many_tries")
        assert refused.headers["retry-after"] == str(45 * 60)
    assert claim(lin, mine).headers["idempotency-replayed"] == "true"
    assert claim(wu, wrong[0]).code == "not_found"
    mall.clock.advance(minutes=45)
    made(claim(lin, other, key="eleventh"), 201)


def test_a_purchase_can_be_claimed_until_the_30th_day_has_passed_in_shanghai(mall: Mall) -> None:
    lin = mall.member("lin")
    early, late = guests(mall)["claim_code"], guests(mall, "p-2")["claim_code"]
    # It is noon; the 30th day after it ends twelve hours later than thirty times a day.
    mall.clock.advance(days=30, hours=12, seconds=-1)
    made(claim(lin, early), 201)
    mall.clock.advance(seconds=1)
    before = whole_table()
    refused = claim(lin, late, key="late")
    assert (refused.status, refused.code) == (409, "claim_expired")
    assert refused["through"] == "2026-12-21"
    assert whole_table() == before


def test_a_claim_is_judged_by_the_settings_of_its_purchase(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    change_rate(mall, 7)
    assert claim(lin, code)["points"] == 128
    assert lin.get("/me/journal")["items"][0]["program_version"] == 1


@pytest.mark.parametrize("nth", range(4))
@pytest.mark.parametrize("fault", [Fault.UNSENT, Fault.LOST, Fault.CONFLICT, Fault.THROTTLED])
def test_a_call_that_goes_wrong_once_changes_no_answer(mall: Mall, fault: Fault, nth: int) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    with faults({nth: fault}) as calls:
        claimed = claim(lin, code)
    assert len(calls.made) > nth
    assert (claimed.status, claimed["points"]) == (201, 128)
    assert lin.get("/me/wallet")["available"] == 128
    assert is_intact(mall)


def taken(reply: Reply) -> tuple[Any, ...]:
    """Return the status, all points clawed back, and the debt among them."""
    return reply.status, reply["points_clawed_back"], reply["debt"]


def test_a_refund_before_the_claim_reduces_it_and_touches_no_wallet(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    with metered() as used:
        assert taken(refund(mall, "r-1", 5_000)) == (201, 50, 0)
    assert (used.writes, used.reads) == (4, 2)
    assert taken(refund(mall, "r-1", 5_000)) == (200, 50, 0)
    assert refund(mall, "r-2", 7_851)["refundable"] == 7_850
    claimed = claim(lin, code)
    assert claimed["points"] == 78
    less = {
        "rule": "refunded",
        "text": "¥50.00 was refunded before the claim: 50 points less.",
        "points": -50,
    }
    assert claimed["explanation"] == [EXPLAINED, less]
    assert len(lin.get("/me/journal")["items"]) == 2
    assert is_intact(mall)


def test_refunds_before_and_after_a_claim_end_where_one_of_their_sum_does(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall, amount=9_990)["claim_code"]
    steps = [refund(mall, f"r-{n}", 999) for n in range(4)]
    claimed = claim(lin, code)["points"]
    before = sum(step["points_clawed_back"] for step in steps)
    assert before + claimed == 99
    steps += [refund(mall, f"r-{n}", 999) for n in range(4, 10)]
    assert sum(step["points_clawed_back"] for step in steps) == 99
    assert lin.get("/me/wallet")["available"] == 0
    assert is_intact(mall)


def test_a_purchase_that_was_refunded_whole_is_claimed_for_nothing(mall: Mall) -> None:
    lin = mall.member("lin")
    code = guests(mall)["claim_code"]
    assert taken(refund(mall, "r-1", 12_850)) == (201, 128, 0)
    assert claim(lin, code).json.items() >= {"points": 0, "expires_on": None}.items()
    assert lin.get("/me/wallet")["lots"] == []
    assert is_intact(mall)


def test_a_refund_takes_nothing_once_it_is_too_late_for_a_claim(mall: Mall) -> None:
    guests(mall)
    mall.clock.advance(days=31)
    assert taken(refund(mall, "r-1", 5_000)) == (201, 0, 0)
    assert taken(refund(mall, "r-1", 5_000)) == (200, 0, 0)

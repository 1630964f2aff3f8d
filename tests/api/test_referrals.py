"""Referrals: paid to whoever referred a new member who buys, and refused where both are one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.storage.work import Work
from tests.activities import hear
from tests.events import Api, a_caller
from tests.faults import Crashed, Fault, faults
from tests.invariants import check_all
from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import change_program, wallet
from tests.privacy import erased
from tests.referring import a_tape, available, bought, joined, set_referral
from tests.rows import of_sort
from tests.tape import Tape, play

PHONE: Final = "+8613800000001"


@pytest.fixture
def tape(mall: Mall, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tape]:
    """Return the stream of a mall whose relay waits for nothing."""
    yield from a_tape(mall, monkeypatch)


def test_the_referrer_is_paid_by_the_new_members_first_purchase_and_no_other(
    mall: Mall, tape: Tape
) -> None:
    lin = mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    assert tape.play(mall) == []
    assert available(mall, "lin") == 0
    bought(mall, "mei")
    assert tape.play(mall) == []
    assert available(mall, "lin") == 500
    newest = lin.get("/me/journal")["items"][0]
    assert (newest["reason"], newest["points"]) == ("referral", 500)
    bought(mall, "mei", purchase_id="mei-2")
    assert tape.play(mall) == []
    assert (available(mall, "lin"), available(mall, "mei")) == (500, 200)
    check_all(Work(mall.clock.now()))


def test_a_purchase_that_is_heard_of_twice_is_paid_once(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    records = tape.take()
    assert play(mall, records) == play(mall, records) == []
    assert available(mall, "lin") == 500


def test_a_claimed_purchase_pays_as_a_reported_one_does(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    sale = {**a_purchase("nobody", 100, "guest"), "member_id": None}
    code = made(mall.till.post("/purchases", sale), 201)["claim_code"]
    mei = Api(mall.app, a_caller("member", subject="mei"))
    made(mei.post("/me/claims", {"claim_code": code}, key="k"), 201)
    assert tape.play(mall) == []
    assert available(mall, "lin") == 500
    check_all(Work(mall.clock.now()))


def test_a_purchase_below_the_minimum_leaves_it_to_the_next(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    set_referral(mall, minimum={"amount": 10_000, "currency": "cny"}, points=70)
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei", 99)
    assert tape.play(mall) == []
    assert available(mall, "lin") == 0
    bought(mall, "mei", 100, purchase_id="mei-2")
    assert tape.play(mall) == []
    assert available(mall, "lin") == 70


def test_three_new_members_a_month_of_the_program_are_paid_for(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    mall.clock.instant = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
    for number in range(5):
        made(joined(mall, f"new-{number}", "lin"), 201)
    for number in range(4):
        bought(mall, f"new-{number}")
    # It is the month of the purchase that counts, however late the relay hears of it.
    mall.clock.advance(seconds=1)
    bought(mall, "new-4")
    assert tape.play(mall) == []
    assert available(mall, "lin") == 4 * 500
    told = sorted(item["b"]["N"] for item in of_sort("F#"))
    assert told == ["0", "500", "500", "500", "500"]
    check_all(Work(mall.clock.now()))


def test_who_came_when_the_month_was_full_is_not_paid_for_later(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    set_referral(mall, per_month=0)
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    assert tape.play(mall) == []
    set_referral(mall, per_month=3)
    bought(mall, "mei", purchase_id="mei-2")
    assert tape.play(mall) == []
    assert available(mall, "lin") == 0
    check_all(Work(mall.clock.now()))


def test_the_settings_count_that_held_when_the_purchase_was_booked(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    set_referral(mall, points=70)
    yesterday = mall.clock.now()
    mall.clock.advance(days=1)
    set_referral(mall, points=80)
    for name in ("mei", "ana"):
        made(joined(mall, name, "lin"), 201)
    sale = {**a_purchase("mei", 100, "mei-1"), "occurred_at": yesterday.isoformat()}
    made(mall.till.post("/purchases", sale), 201)
    mall.clock.advance(seconds=1)
    set_referral(mall, per_month=0)
    bought(mall, "ana")
    # The relay hears of both when nothing is to be had any more.
    assert tape.play(mall) == []
    assert available(mall, "lin") == 80
    assert {item["st"]["S"] for item in of_sort("F#")} == {"paid", "closed"}
    check_all(Work(mall.clock.now()))


def test_the_points_last_as_long_as_the_longer_validity_of_then_and_now(
    mall: Mall, tape: Tape
) -> None:
    """Made longer after the purchase was booked and before the relay heard of it, a month later."""
    lin = mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    mall.clock.advance(seconds=1)
    change_program(mall, validity_months={"basic": 36, "silver": 36, "gold": 60})
    mall.clock.advance(days=10)
    assert tape.play(mall) == []
    assert [lot["usable_through"] for lot in wallet(lin)["lots"]] == ["2029-12-31"]


@pytest.mark.parametrize(("seconds", "points"), [(-1, 500), (0, 0)])
def test_a_purchase_heard_of_when_its_months_counter_may_be_gone_brings_nothing(
    mall: Mall, seconds: int, points: int
) -> None:
    mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    ends = datetime(2026, 11, 30, 16, tzinfo=UTC)
    hear(Work(ends + timedelta(days=30, seconds=seconds)), "mei")
    mall.clock.instant = ends + timedelta(days=31)
    assert available(mall, "lin") == points
    check_all(Work(mall.clock.now()))


def test_a_referrer_who_left_is_paid_nothing(mall: Mall, tape: Tape) -> None:
    lin = mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    erased(lin)
    bought(mall, "mei")
    assert tape.play(mall) == []
    assert of_sort("F#") == []
    newest = mall.support.get(f"/admin/members/{id_of('lin')}/journal")["items"][0]
    assert newest["reason"] == "erased"


def test_a_member_can_join_by_themselves_on_a_friends_word(mall: Mall, tape: Tape) -> None:
    mall.member("lin")
    mei = Api(mall.app, a_caller("member", subject="mei"))
    told = made(mei.post("/me", {"referred_by": id_of("lin")}), 201)
    assert told["referred_by"] == id_of("lin")
    bought(mall, "mei")
    assert tape.play(mall) == []
    assert available(mall, "lin") == 500


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.CONFLICT])
@pytest.mark.parametrize("call", range(6))
def test_whatever_breaks_the_referrer_is_paid_once(
    mall: Mall, tape: Tape, fault: Fault, call: int
) -> None:
    mall.member("lin")
    made(joined(mall, "mei", "lin"), 201)
    bought(mall, "mei")
    records = tape.take()
    try:
        with faults({call: fault}):
            play(mall, records)
    except Crashed:
        pass
    assert play(mall, records) == []
    assert available(mall, "lin") == 500
    check_all(Work(mall.clock.now()))


SAME: Final[Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]] = {
    "phone": ({"phone": PHONE}, {"phone": PHONE}),
    "email": ({"email": "Lin@example.test"}, {"email": "lin@EXAMPLE.test"}),
    "device": ({"device": "9f2c"}, {"device": "9f2c"}),
}


@pytest.mark.parametrize("shared", SAME)
def test_who_shares_a_contact_or_a_device_with_the_referrer_is_refused(
    mall: Mall, shared: str
) -> None:
    first, second = SAME[shared]
    made(joined(mall, "lin", **first), 201)
    refused = joined(mall, "mei", "lin", **second)
    assert (refused.status, refused.code) == (422, "referral_refused")
    if shared != "phone":
        # Without a referrer they may.
        made(joined(mall, "mei", **second), 201)
    made(joined(mall, "ana", "lin", device="77aa", email="ana@example.test"), 201)
    assert "9f2c" not in str(of_sort("P"))


def test_nobody_refers_themselves(mall: Mall) -> None:
    mall.member("lin")
    assert joined(mall, "lin", "lin").code == "referral_refused"
    # Who is not there yet refers nobody.
    assert joined(mall, "mei", "mei").status == 404


def test_a_device_that_somebody_joins_with_by_themselves_counts_too(mall: Mall) -> None:
    lin = Api(mall.app, a_caller("member", subject="lin"))
    made(lin.post("/me", {"device": "9f2c"}), 201)
    mei = Api(mall.app, a_caller("member", subject="mei"))
    refused = mei.post("/me", {"device": "9f2c", "referred_by": id_of("lin")})
    assert refused.code == "referral_refused"
    assert mei.post("/me", {"referred_by": "mem_00000000000"}).code == "not_found"

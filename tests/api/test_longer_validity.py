"""A validity that becomes longer counts for points that members have; a shorter one does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from chalicelib.storage.work import Work
from tests.campaigns import begun, doubling
from tests.events import Api, Json
from tests.invariants import check_all
from tests.mall import Mall, a_purchase, id_of, made
from tests.meter import metered
from tests.orders import cancel, change_program, placed, run_expiry
from tests.relaying import a_desk
from tests.rows import row

VALIDITY = {"basic": 24, "silver": 36, "gold": 60}
LONGER = {"validity_months": VALIDITY | {"basic": 36}}
SHORTER = {"validity_months": VALIDITY | {"basic": 12}}


@pytest.fixture(autouse=True)
def checked(mall: Mall) -> Iterator[None]:
    """Look at every invariant after each test."""
    yield
    check_all(Work(mall.clock.now()))


@pytest.fixture
def lin(mall: Mall) -> Api:
    """Return lin, whose 1,000 points of November 2026 are good for two years."""
    return mall.member("lin", points=1_000)


def at(mall: Mall, day: date) -> None:
    """Move to noon of a day."""
    mall.clock.instant = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def lots(api: Api) -> list[Json]:
    return list(made(api.get("/me/wallet"), 200)["lots"])


def test_points_that_members_have_last_as_long_as_new_ones(mall: Mall, lin: Api) -> None:
    change_program(mall, **LONGER)
    told = made(lin.get("/me/wallet"), 200)
    dates = {"expires_on": "2028-11-30", "usable_through": "2029-11-30"}
    assert told["lots"] == [{**dates, "points": 1_000}]
    assert told["next_expiry"] == "2029-11-30"
    assert [one["on"] for one in lin.get("/me/expiries")["items"]] == ["2029-11-30"]
    mall.earn("lin", 10)
    assert [lot["usable_through"] for lot in lots(lin)] == ["2029-11-30", "2029-11-30"]


def test_they_end_after_their_new_day_and_are_reminded_of_before_it(mall: Mall, lin: Api) -> None:
    change_program(mall, **LONGER)
    for day, reminded in ((date(2028, 10, 31), None), (date(2028, 12, 1), None)):
        at(mall, day)
        run_expiry(mall)
        assert row(id_of("lin"), "W").get("rd", {}).get("S") == reminded
        assert lin.get("/me/wallet")["available"] == 1_000
    at(mall, date(2029, 10, 31))
    run_expiry(mall)
    assert row(id_of("lin"), "W")["rd"]["S"] == "2029-10-31"
    at(mall, date(2029, 11, 30))
    assert lin.get("/me/wallet")["available"] == 1_000
    at(mall, date(2029, 12, 1))
    run_expiry(mall)
    assert (lin.get("/me/wallet")["available"], lots(lin)) == (0, [])


def test_a_shorter_validity_leaves_them_alone(mall: Mall, lin: Api) -> None:
    change_program(mall, **SHORTER)
    assert [lot["usable_through"] for lot in lots(lin)] == ["2028-11-30"]
    mall.earn("lin", 10)
    assert [lot["usable_through"] for lot in lots(lin)] == ["2027-11-30", "2028-11-30"]


def test_points_that_have_expired_stay_expired(mall: Mall, lin: Api) -> None:
    at(mall, date(2028, 12, 1))
    change_program(mall, **LONGER)
    assert lin.get("/me/wallet")["available"] == 0


def test_a_campaigns_own_validity_stays_what_it_said(mall: Mall) -> None:
    begun(mall, doubling(validity_days=8))
    lin = mall.member("lin", points=100)
    change_program(mall, **LONGER)
    assert [lot["usable_through"] for lot in lots(lin)] == ["2026-11-29", "2029-11-30"]


def test_a_refund_finds_them_on_their_own_day(mall: Mall) -> None:
    lin = mall.member("lin")
    made(mall.till.post("/purchases", a_purchase("lin", 100, "p-1")), 201)
    change_program(mall, **LONGER)
    mall.earn("lin", 50)
    at(mall, date(2029, 1, 5))
    body = {"refund_id": "r-1", "amount": {"amount": 10_000, "currency": "cny"}}
    refunded = made(mall.till.post("/purchases/store-1/p-1/refunds", body), 201)
    assert refunded["points_clawed_back"] == 100
    assert [(lot["expires_on"], lot["points"]) for lot in lots(lin)] == [("2029-11-30", 50)]


def test_an_order_gives_them_back_as_good_as_they_are_by_now(mall: Mall, lin: Api) -> None:
    at(mall, date(2028, 11, 30))
    mall.clock.advance(hours=11, minutes=50)
    change_program(mall, **LONGER)
    order = placed(lin, mall.reward(400))
    mall.clock.advance(minutes=20)
    assert made(cancel(lin, order), 200)["returned"]["expired"] == 0
    assert lin.get("/me/wallet")["available"] == 1_000


def test_a_reminder_names_the_longer_day(mall: Mall) -> None:
    with a_desk(mall) as desk:
        desk.lin()
        change_program(mall, **LONGER)
        at(mall, date(2029, 10, 31))
        run_expiry(mall)
        desk.play()
        (mail,) = desk.outbox.sent
    assert "1,000 points until 2029-11-30 (30 days left)" in mail.text


def test_a_purchase_that_is_reported_after_the_change_lasts_as_long_as_new_ones(
    mall: Mall,
) -> None:
    """Its rate is that of its day; how long points last is counted from their booking."""
    lin = mall.member("lin")
    at(mall, date(2026, 11, 30))
    change_program(mall, **LONGER)
    at(mall, date(2026, 12, 2))
    late = {**a_purchase("lin", 100, "p-late"), "occurred_at": "2026-11-29T04:00:00Z"}
    quoted = made(mall.till.post("/earn/quote", {**late, "purchase_id": None}), 200)
    made(mall.till.post("/purchases", late), 201)
    assert [lot["expires_on"] for lot in lots(lin)] == [quoted["expires_on"]] == ["2029-12-31"]


@pytest.mark.parametrize(("change", "through"), [(LONGER, "2029-11-30"), (SHORTER, "2028-11-30")])
def test_a_claim_goes_by_the_longer_validity_of_its_purchase_and_of_now(
    mall: Mall, change: Json, through: str
) -> None:
    lin = mall.member("lin")
    guests = {**a_purchase("lin", 100, "p-guest"), "member_id": None}
    code = made(mall.till.post("/purchases", guests), 201)["claim_code"]
    change_program(mall, **change)
    claimed = made(lin.post("/me/claims", {"claim_code": code}, key="claim"), 201)
    assert claimed["expires_on"] == through
    assert [lot["expires_on"] for lot in lots(lin)] == [through]


def test_a_shorter_validity_is_refused_while_points_were_made_to_last_longer(mall: Mall) -> None:
    change_program(mall, **LONGER)
    mall.clock.advance(days=1)
    read = mall.marketing.get("/admin/program")
    tag = {"If-Match": read.headers["etag"]}
    refused = mall.marketing.put("/admin/program", read.json | SHORTER, headers=tag)
    assert (refused.status, refused.code) == (422, "invalid")
    assert refused.pointers() == ["/validity_months/basic"]
    assert mall.marketing.get("/admin/program").json == read.json


def test_one_that_is_taken_back_the_same_day_silences_no_reminder(mall: Mall, lin: Api) -> None:
    """Though the job looked in between, and found nothing to remind of."""
    at(mall, date(2028, 10, 31))
    change_program(mall, **LONGER)
    run_expiry(mall)
    with metered() as meter:
        run_expiry(mall)
    assert (meter.writes, row(id_of("lin"), "W").get("rd")) == (0, None)
    change_program(mall, validity_months=VALIDITY)
    run_expiry(mall)
    assert row(id_of("lin"), "W")["rd"]["S"] == "2028-10-31"
    at(mall, date(2028, 12, 1))
    run_expiry(mall)
    assert lots(lin) == []

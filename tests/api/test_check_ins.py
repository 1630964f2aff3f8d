"""Checking in: once a day of the program's zone, with streaks, whatever else happens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from chalicelib.storage.work import Work
from tests.events import Api, Json, Reply
from tests.invariants import check_all
from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import change_program, placed

PATH: Final = "/me/check-ins"
LAST_SECOND: Final = datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)
"""Of the day in Shanghai; in UTC it is the afternoon."""


def check_in(api: Api, key: str = "k", **headers: str) -> Reply:
    """Check in."""
    return api.post(PATH, key=key, headers=headers)


def days(mall: Mall, api: Api, count: int, *, key: str = "day") -> list[Json]:
    """Check in on so many days in a row, and return what each brought."""
    told = []
    for number in range(count):
        told.append(made(check_in(api, f"{key}-{number}"), 201))
        mall.clock.advance(days=1)
    return told


def test_a_check_in_gives_points_and_says_why_and_what_comes_next(mall: Mall) -> None:
    lin = mall.member("lin")
    reply = check_in(lin)
    assert reply.status == 201
    assert reply.json == {
        "points": 10,
        "explanation": [{"rule": "check_in", "text": "Checked in: 10 points.", "points": 10}],
        "debt_paid": 0,
        "expires_on": "2028-11-30",
        "streak": {"days": 1, "next_bonus": {"days_left": 6, "points": 1000}},
    }
    assert lin.get("/me/wallet")["available"] == 10
    (entry, _) = lin.get("/me/journal")["items"]
    assert (entry["reason"], entry["points"]) == ("check_in", 10)
    check_all(Work(mall.clock.now()))


def test_the_same_request_again_gets_the_same_answer_also_on_another_day(mall: Mall) -> None:
    lin = mall.member("lin")
    first = made(check_in(lin), 201)
    for _ in range(2):
        again = check_in(lin)
        assert (again.status, again.json) == (201, first)
        assert again.headers["idempotency-replayed"] == "true"
        mall.clock.advance(days=1)
    assert lin.get("/me/wallet")["available"] == 10


def test_the_answer_of_a_replay_is_by_the_settings_of_then(mall: Mall) -> None:
    lin = mall.member("lin")
    first = made(check_in(lin), 201)
    rule = {"points": 3, "streaks": []}
    activities = mall.marketing.get("/admin/program")["activities"] | {"check_in": rule}
    change_program(mall, activities=activities)
    assert check_in(lin).json == first
    mall.clock.advance(days=1)
    told = made(check_in(lin, "next"), 201)
    assert (told["points"], told["streak"]) == (3, {"days": 2, "next_bonus": None})


def test_one_check_in_a_day_under_any_key(mall: Mall) -> None:
    lin = mall.member("lin")
    made(check_in(lin), 201)
    refused = check_in(lin, "other")
    assert (refused.status, refused.code) == (409, "already_checked_in")
    assert refused["resets_at"] == "2026-11-21T16:00:00Z"
    # A person reads the day of the program's zone.
    assert refused["detail"] == "You have checked in today; you can again from 2026-11-22 on."
    assert lin.get("/me/wallet")["available"] == 10


def test_the_day_is_the_one_of_the_programs_zone(mall: Mall) -> None:
    lin = mall.member("lin")
    mall.clock.instant = LAST_SECOND
    made(check_in(lin), 201)
    mall.clock.advance(seconds=1)
    assert made(check_in(lin, "after-midnight"), 201)["streak"]["days"] == 2
    # Midnight in UTC begins no day.
    mall.clock.instant = datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC)
    assert check_in(lin, "third").status == 409


def test_days_change_with_the_clocks_of_a_zone_that_has_summer_time(mall: Mall) -> None:
    change_program(mall, zone="Europe/Berlin")
    mall.clock.instant = datetime(2027, 3, 27, 22, 59, 59, tzinfo=UTC)
    lin = mall.member("lin")
    made(check_in(lin, "saturday"), 201)
    mall.clock.advance(seconds=1)
    assert made(check_in(lin, "sunday"), 201)["streak"]["days"] == 2
    # The day of 23 hours is over at ten in the evening of UTC.
    mall.clock.instant = datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC)
    refused = check_in(lin, "still-sunday")
    assert refused["resets_at"] == "2027-03-28T22:00:00Z"
    mall.clock.advance(seconds=1)
    assert made(check_in(lin, "monday"), 201)["streak"]["days"] == 3


def test_seven_days_in_a_row_bring_the_bonus_and_fourteen_another(mall: Mall) -> None:
    lin = mall.member("lin")
    told = days(mall, lin, 14)
    assert [one["points"] for one in told] == [10] * 6 + [1010] + [10] * 6 + [1010]
    assert [one["streak"]["days"] for one in told] == list(range(1, 15))
    assert told[6]["explanation"][1] == {
        "rule": "streak",
        "text": "7 days in a row: 1000 points.",
        "points": 1000,
    }
    assert told[6]["streak"]["next_bonus"] == {"days_left": 7, "points": 1000}
    assert lin.get("/me/wallet")["available"] == 14 * 10 + 2 * 1000
    check_all(Work(mall.clock.now()))


def test_a_missed_day_begins_anew_and_the_longest_stays(mall: Mall) -> None:
    lin = mall.member("lin")
    days(mall, lin, 5)
    shown = made(lin.get(PATH), 200)
    assert shown == {
        "days": 5,
        "longest": 5,
        "checked_in_today": False,
        "next_bonus": {"days_left": 2, "points": 1000},
        "resets_at": "2026-11-26T16:00:00Z",
    }
    mall.clock.advance(days=1)
    over = made(lin.get(PATH), 200)
    assert (over["days"], over["longest"]) == (0, 5)
    assert made(check_in(lin, "anew"), 201)["streak"]["days"] == 1
    shown = made(lin.get(PATH), 200)
    assert (shown["days"], shown["longest"], shown["checked_in_today"]) == (1, 5, True)
    check_all(Work(mall.clock.now()))


def test_a_check_in_pays_debt_first(mall: Mall) -> None:
    lin = mall.member("lin")
    made(mall.till.post("/purchases", a_purchase("lin", 10, "p-back")), 201)
    placed(lin, mall.reward(6))
    back = {"refund_id": "r", "amount": 1000}
    made(mall.till.post("/purchases/store-1/p-back/refunds", back), 201)
    told = made(check_in(lin), 201)
    assert (told["points"], told["debt_paid"]) == (10, 6)
    assert made(check_in(lin), 201) == told
    assert lin.get("/me/wallet")["available"] == 4
    check_all(Work(mall.clock.now()))


def test_a_frozen_member_may_still_check_in(mall: Mall) -> None:
    lin = mall.member("lin")
    made(mall.support.post(f"/admin/members/{id_of('lin')}/freeze", {"reason": "lost"}), 200)
    assert check_in(lin).status == 201


def test_a_check_in_that_gives_nothing_still_counts(mall: Mall) -> None:
    lin = mall.member("lin")
    nothing = {"points": 0, "streaks": [{"days": 2, "points": 5}]}
    shown = mall.marketing.get("/admin/program")["activities"]
    change_program(mall, activities=shown | {"check_in": nothing})
    assert [one["points"] for one in days(mall, lin, 2)] == [0, 5]
    check_all(Work(mall.clock.now()))


def test_sentences_are_chinese_for_those_who_read_it(mall: Mall) -> None:
    told = check_in(mall.member("lin"), **{"Accept-Language": "zh-CN"})
    assert told["explanation"][0]["text"] == "签到：10 积分。"


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("check_in", {"points": -1, "streaks": []}, 422),
        ("check_in", {"points": 1_000_000, "streaks": []}, 200),
        ("check_in", {"points": 1_000_001, "streaks": []}, 422),
        ("check_in", {"points": 1, "streaks": [{"days": 1, "points": 1}]}, 422),
        ("check_in", {"points": 1, "streaks": [{"days": 367, "points": 1}]}, 422),
        ("check_in", {"points": 1, "streaks": [{"days": d, "points": 1} for d in (2, 2)]}, 422),
        (
            "check_in",
            {"points": 1, "streaks": [{"days": d, "points": 1} for d in range(2, 7)]},
            200,
        ),
        (
            "check_in",
            {"points": 1, "streaks": [{"days": d, "points": 1} for d in range(2, 8)]},
            422,
        ),
        ("tasks", {}, 200),
        ("tasks", {"fly": {"points": 1, "per_day": 100}}, 200),
        ("tasks", {"fly": {"points": 1, "per_day": 101}}, 422),
        ("tasks", {"fly": {"points": 0, "per_day": 1}}, 422),
        ("tasks", {"a/b": {"points": 1, "per_day": 1}}, 422),
        ("tasks", {f"t{n}": {"points": 1, "per_day": 1} for n in range(50)}, 200),
        ("tasks", {f"t{n}": {"points": 1, "per_day": 1} for n in range(51)}, 422),
        (
            "referral",
            {"points": 0, "minimum": {"amount": 0, "currency": "usd"}, "per_month": 0},
            200,
        ),
        (
            "referral",
            {"points": 0, "minimum": {"amount": 1, "currency": "usd"}, "per_month": 0},
            422,
        ),
        (
            "referral",
            {"points": 0, "minimum": {"amount": 1, "currency": "cny"}, "per_month": 1_001},
            422,
        ),
    ],
)
def test_settings_are_taken_within_their_bounds(
    mall: Mall, field: str, value: object, status: int
) -> None:
    read = mall.marketing.get("/admin/program")
    body = read.json | {"activities": read["activities"] | {field: value}}
    tag = {"If-Match": read.headers["etag"]}
    changed = mall.marketing.put("/admin/program", body, headers=tag)
    assert changed.status == status, changed.text
    kept = mall.marketing.get("/admin/program")["activities"]
    if status == 200 and field != "referral":
        assert kept[field] == value

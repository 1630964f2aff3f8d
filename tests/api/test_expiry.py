"""Points that end, over the front door: the line of dates, the job, and what to use them for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from chalicelib.ledger.expiry.model import Reminder
from chalicelib.ledger.expiry.service import reminder_in
from chalicelib.ledger.wallets import service as wallets
from chalicelib.storage.wakes import waiting
from chalicelib.storage.work import Work
from infra.local import jobs
from tests import invariants_ledger as ledger
from tests.api.shelf import all_pages, ids
from tests.books import read_books
from tests.events import Api
from tests.mall import Mall, id_of, made
from tests.orders import cancel, placed, refund, run_expiry, wallet
from tests.postings import credit
from tests.rows import overwrite, row

LAST: Final = date(2026, 12, 31)
MIDNIGHT: Final = datetime(2026, 12, 31, 16, tzinfo=UTC)
"""When that day ends in Shanghai."""
SECOND: Final = timedelta(seconds=1)


def give(mall: Mall, subject: str, points: int, expires_on: date = LAST) -> None:
    credit(Work(mall.clock.now()), id_of(subject), points=points, expires_on=expires_on)


def at(mall: Mall, day: date) -> None:
    """Move to noon of a day."""
    mall.clock.instant = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def sound(mall: Mall) -> None:
    """Check wallets and journals; the points given here come from no purchase."""
    books = read_books(Work(mall.clock.now()))
    for holds in (
        ledger.journals_make_the_wallets,
        ledger.the_books_balance,
        ledger.redemptions_take_the_soonest,
        ledger.wallets_are_looked_after_in_time,
    ):
        assert list(holds(books)) == []


def reasons(api: Api) -> list[str]:
    return [entry["reason"] for entry in api.get("/me/journal")["items"]]


def told(subject: str) -> str | None:
    """Return the day of a member's last reminder, as the wallet notes it."""
    return row(id_of(subject), "W").get("rd", {}).get("S")


@pytest.fixture
def lin(mall: Mall) -> Api:
    """Return lin, with ten points that end with the year."""
    api = mall.member("lin")
    give(mall, "lin", 10)
    return api


def test_my_dates_are_told_soonest_first_with_the_reminders_to_come(mall: Mall, lin: Api) -> None:
    give(mall, "lin", 5, date.max)
    give(mall, "lin", 7, date(2026, 12, 5))
    assert made(lin.get("/me/expiries"), 200) == {
        "items": [
            {"on": "2026-12-05", "points": 7, "remind_on": ["2026-12-02"]},
            {
                "on": "2026-12-31",
                "points": 10,
                "remind_on": ["2026-12-01", "2026-12-16", "2026-12-28"],
            },
        ],
        "next_cursor": None,
    }


def test_my_dates_come_in_pages(mall: Mall, lin: Api) -> None:
    for day in (28, 29, 30):
        give(mall, "lin", 1, date(2026, 12, day))
    first = lin.get("/me/expiries?limit=3")
    assert [one["on"][-2:] for one in first["items"]] == ["28", "29", "30"]
    rest = lin.get(f"/me/expiries?limit=3&cursor={first['next_cursor']}")
    assert ([one["on"][-2:] for one in rest["items"]], rest["next_cursor"]) == (["31"], None)


def test_the_job_books_points_at_the_first_instant_after_their_day_and_not_before(
    mall: Mall, lin: Api
) -> None:
    mall.clock.instant = MIDNIGHT - SECOND
    run_expiry(mall)
    assert (reasons(lin)[0], wallet(lin)["available"]) == ("purchase", 10)
    mall.clock.instant = MIDNIGHT
    assert (reasons(lin)[0], wallet(lin)["available"]) == ("purchase", 0)
    run_expiry(mall)
    run_expiry(mall)
    entry = lin.get("/me/journal?limit=1")["items"][0]
    assert (entry["reason"], entry["points"], entry["balance_after"]) == ("expiry", -10, 0)
    assert reasons(lin).count("expiry") == 1
    sound(mall)


def test_a_late_job_changes_nobodys_rights(mall: Mall, lin: Api) -> None:
    """Ten years late: what was earned meanwhile is as it would be."""
    mall.clock.instant = MIDNIGHT
    give(mall, "lin", 4, date.max)
    at(mall, date(2036, 1, 1))
    before = wallet(lin)
    run_expiry(mall)
    assert wallet(lin) == before
    assert "expiry" not in reasons(lin), "the earning had booked it already"


def test_members_are_reminded_once_on_each_day_however_often_the_job_runs(
    mall: Mall, lin: Api
) -> None:
    give(mall, "lin", 3, date(2027, 1, 15))
    seen = []
    while mall.clock.instant < MIDNIGHT + timedelta(days=16):
        before = row(id_of("lin"), "W")
        run_expiry(mall)
        run_expiry(mall)
        reminder = reminder_in(before, row(id_of("lin"), "W"))
        seen += [reminder] if reminder else []
        mall.clock.advance(days=1)
    days = [reminder.on for reminder in seen]
    first, second, both = date(2026, 12, 1), date(2026, 12, 16), date(2026, 12, 28)
    assert days == [first, second, both, date(2026, 12, 31), date(2027, 1, 12)]
    assert reasons(lin).count("expiry") == 2


def test_a_reminder_is_no_version_of_the_wallet(mall: Mall, lin: Api) -> None:
    at(mall, date(2026, 12, 1))
    before = row(id_of("lin"), "W")
    run_expiry(mall)
    after = row(id_of("lin"), "W")
    assert after.pop("rd") == {"S": "2026-12-01"}
    assert after.pop("wa") == {"S": f"2026-12-16#{id_of('lin')}"}
    assert after == {name: before[name] for name in before if name != "wa"}
    assert made(lin.get("/me/expiries"), 200)["items"][0]["remind_on"] == [
        "2026-12-16",
        "2026-12-28",
    ]


@pytest.mark.usefixtures("lin")
def test_a_job_that_rested_reminds_once(mall: Mall) -> None:
    at(mall, date(2026, 12, 30))
    before = row(id_of("lin"), "W")
    run_expiry(mall)
    reminder = reminder_in(before, row(id_of("lin"), "W"))
    assert reminder == Reminder(id_of("lin"), date(2026, 12, 30))
    at(mall, date(2026, 12, 31))
    run_expiry(mall)
    assert told("lin") == "2026-12-30"


def test_frozen_points_expire_and_are_reminded_of(mall: Mall, lin: Api) -> None:
    made(mall.support.post(f"/admin/members/{id_of('lin')}/freeze", {"reason": "theft"}), 200)
    at(mall, date(2026, 12, 1))
    run_expiry(mall)
    assert told("lin") == "2026-12-01"
    mall.clock.instant = MIDNIGHT
    run_expiry(mall)
    assert reasons(lin)[0] == "expiry"


def test_what_is_held_over_its_last_day_expires_with_a_member_and_lives_on_with_the_house(
    mall: Mall, lin: Api
) -> None:
    cup = mall.reward(5)
    mall.clock.instant = MIDNIGHT - 60 * SECOND
    mine, theirs = (placed(lin, cup, key=key) for key in ("mine", "theirs"))
    mall.clock.instant = MIDNIGHT
    run_expiry(mall)
    assert made(cancel(lin, mine), 200)["returned"]["expired"] == 5
    made(refund(mall, theirs), 201)
    assert made(lin.get("/me/expiries"), 200)["items"] == [
        {"on": "2027-01-08", "points": 5, "remind_on": ["2027-01-05"]}
    ]
    at(mall, date(2027, 1, 5))
    run_expiry(mall)
    assert told("lin") == "2027-01-05"
    at(mall, date(2027, 1, 9))
    run_expiry(mall)
    assert (wallet(lin)["available"], reasons(lin)[0]) == (0, "expiry")
    sound(mall)


def test_an_exemption_keeps_points_and_when_it_ends_they_go_by_its_last_day(
    mall: Mall, lin: Api
) -> None:
    wallets.exempt(Work(mall.clock.now()), id_of("lin"), until=date(2027, 3, 1))
    at(mall, date(2027, 2, 28))
    run_expiry(mall)
    assert (told("lin"), wallet(lin)["available"]) == (None, 10)
    assert lin.get("/me/expiries")["items"][0]["on"] == "2027-03-31"
    at(mall, date(2027, 3, 1))
    run_expiry(mall)
    assert told("lin") == "2027-03-01"
    at(mall, date(2027, 4, 1))
    run_expiry(mall)
    assert (wallet(lin)["available"], reasons(lin)[0]) == (0, "expiry")


def test_an_exemption_that_is_taken_away_lets_points_go_the_same_night(
    mall: Mall, lin: Api
) -> None:
    wallets.exempt(Work(mall.clock.now()), id_of("lin"), until=date(2027, 3, 1))
    at(mall, date(2027, 2, 1))
    run_expiry(mall)
    wallets.exempt(Work(mall.clock.now()), id_of("lin"), until=None)
    assert wallet(lin)["available"] == 0
    run_expiry(mall)
    assert reasons(lin)[0] == "expiry"


def test_only_wallets_that_are_due_are_looked_at(
    mall: Mall, lin: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    give(mall, "lin", 1, date.max)
    for number in range(7):
        mall.member(f"other-{number}", points=5)
        give(mall, f"other-{number}", 2) if number % 2 else None
    mall.clock.instant = MIDNIGHT
    capsys.readouterr()
    run_expiry(mall)
    line = capsys.readouterr().out.splitlines()[-1]
    for fact in ('"done":4', '"wallets_swept":4', '"points_expired":16', '"reminded":0'):
        assert fact in line.replace(" ", "")
    work = Work(mall.clock.now())
    # Of the wallet without dates nobody has to think any more; the seven others wait for theirs.
    assert len(waiting(work, "wallet", limit=100).items) == 7
    assert reasons(lin)[0] == "expiry"
    sound(mall)


def test_a_wallet_that_cannot_be_looked_after_holds_up_nobody_else(mall: Mall) -> None:
    for number in range(6):
        mall.member(f"m-{number}")
        give(mall, f"m-{number}", 2)
    mall.clock.instant = MIDNIGHT
    overwrite(row(id_of("m-3"), "W"), v={"S": "not a number"})
    with pytest.raises(Exception, match="expiry"):
        jobs.run(mall.app, "expiry", now=mall.clock.now())
    left = waiting(Work(mall.clock.now()), "wallet", limit=100).items
    assert left == [id_of("m-3")]


def test_use_soon_lists_what_points_that_end_within_thirty_days_would_pay_cheapest_first(
    mall: Mall, lin: Api
) -> None:
    give(mall, "lin", 500, date(2028, 1, 31))
    ten, eleven, one = mall.reward(10), mall.reward(11), mall.reward(1)
    both = mall.reward(options=[{"points": 400}, {"points": 9}])
    assert ids(lin.get("/me/catalog?use_soon=true")) == [], "forty days are left"
    at(mall, date(2026, 12, 1))
    assert all_pages(lin, "/me/catalog?use_soon=true&limit=2") == [one, both, ten]
    assert ids(lin.get("/me/catalog?use_soon=false")) == [eleven]
    told = {reward["id"]: reward for reward in lin.get("/me/catalog")["items"]}
    soon = {name: told[name]["use_soon"] for name in told}
    assert soon == {ten: True, eleven: False, one: True, both: True}
    assert all(reward["affordable"] for reward in told.values())
    mall.clock.instant = MIDNIGHT
    assert ids(lin.get("/me/catalog?use_soon=true")) == []

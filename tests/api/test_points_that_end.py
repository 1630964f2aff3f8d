"""The last day of points over the front door: zones, months, merged dates, and every currency."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.points import POINTS_MAX
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import LOTS_MAX, Posting
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import Work
from tests.events import Api, Json
from tests.invariants import check_all
from tests.mall import CHANNEL_NAME, Mall, a_purchase, id_of, made
from tests.orders import change_program, newest, placed, run_expiry, wallet
from tests.postings import credit
from tests.rows import row

SECOND: Final = timedelta(seconds=1)
OWN: Final = date(2028, 11, 30)
"""The date of a purchase at the opening."""
NEXT: Final = date(2028, 12, 1)
LAST_INSTANT: Final = datetime(2028, 11, 30, 15, 59, 59, tzinfo=UTC)
"""The last second of that day in Shanghai."""


def spendable(lin: Api) -> int:
    points: int = wallet(lin)["available"]
    return points


def expired_by_the_job(mall: Mall, lin: Api) -> int:
    """Return how many points the job books as expired; run again, it books none."""
    before = newest(lin)["version"]
    run_expiry(mall)
    run_expiry(mall)
    entry = newest(lin)
    assert (entry["version"], entry["reason"]) == (before + 1, "expiry")
    expired: int = entry["legs"]["expired"]
    return expired


@pytest.mark.parametrize(
    ("zone", "last_day", "last_second"),
    [
        ("UTC", date(2026, 12, 31), "2026-12-31T23:59:59Z"),
        # The day before clocks are set back: it ends by summer time.
        ("Europe/Berlin", date(2027, 10, 30), "2027-10-30T21:59:59Z"),
        # The day on which they are, at three in the morning, has 25 hours and ends by winter time.
        ("Europe/Berlin", date(2027, 10, 31), "2027-10-31T22:59:59Z"),
    ],
)
def test_in_any_zone_points_are_there_for_the_last_second_of_their_day_and_no_longer(
    mall: Mall, zone: str, last_day: date, last_second: str
) -> None:
    change_program(mall, zone=zone)
    lin, mug = mall.member("lin"), mall.reward(4)
    credit(Work(mall.clock.now()), id_of("lin"), points=10, expires_on=last_day)
    mall.clock.instant = datetime.fromisoformat(last_second)
    run_expiry(mall)
    placed(lin, mug)
    assert (spendable(lin), newest(lin)["reason"]) == (6, "redemption")
    mall.clock.instant += SECOND
    assert spendable(lin) == 0
    assert lin.post("/orders", {"reward_id": mug}, key="late").code == "insufficient_points"
    assert expired_by_the_job(mall, lin) == 6


def test_the_hour_that_comes_twice_reminds_once(mall: Mall) -> None:
    """Half past two in Berlin, and an hour later half past two again."""
    change_program(mall, zone="Europe/Berlin")
    mall.member("lin")
    credit(Work(mall.clock.now()), id_of("lin"), points=10, expires_on=date(2027, 11, 30))
    wallets_then = []
    for hour in (0, 1):
        mall.clock.instant = datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
        run_expiry(mall)
        wallets_then.append(row(id_of("lin"), "W"))
    assert wallets_then[0] == wallets_then[1]
    assert wallets_then[0]["rd"] == {"S": "2027-10-31"}


@pytest.mark.parametrize(
    ("bought_at", "expires_on"),
    [
        ("2027-01-31T15:59:59Z", "2027-02-28"),
        ("2027-01-31T16:00:00Z", "2027-03-31"),
        ("2028-01-31T15:59:59Z", "2028-02-29"),
    ],
)
def test_what_is_bought_on_the_31st_of_january_for_a_month_ends_with_february(
    mall: Mall, bought_at: str, expires_on: str
) -> None:
    """In Shanghai: a second later it is the first of February."""
    change_program(mall, validity_months={"basic": 1, "silver": 36, "gold": 60})
    lin = mall.member("lin")
    mall.clock.instant = datetime.fromisoformat(bought_at)
    mall.earn("lin", 100)
    assert [lot["expires_on"] for lot in wallet(lin)["lots"]] == [expires_on]
    mall.clock.instant = datetime.fromisoformat(f"{expires_on}T15:59:59Z")
    assert spendable(lin) == 100
    mall.clock.instant += SECOND
    assert (spendable(lin), expired_by_the_job(mall, lin)) == (0, 100)
    check_all(Work(mall.clock.now()))


def give_dates(mall: Mall, *days: date) -> None:
    """Bring a point of each date into lin's wallet, all by one entry."""
    work = Work(mall.clock.now())
    posting = Posting(wallets.open_wallet(work, id_of("lin")).wallet, date(2026, 11, 21))
    for day in days:
        posting.credit(1, day)
    persist(work, lambda tx: wallets.add(tx, posting.close(Reason.CHECK_IN, at=work.now)))


@pytest.fixture
def crowded(mall: Mall) -> Api:
    """Return lin, whose hundred points of a purchase are in the next day's, for want of room."""
    lin = mall.member("lin")
    made(mall.till.post("/purchases", a_purchase("lin", 100, "p")), 201)
    # 36 dates before these two, a month and more apart, and 35 after them.
    before = [OWN - timedelta(days=20 * number) for number in range(1, 37)]
    give_dates(mall, *before, *(NEXT + timedelta(days=40 * number) for number in range(1, 36)))
    assert len(wallet(lin)["lots"]) == LOTS_MAX
    give_dates(mall, NEXT)
    lots = {lot["expires_on"]: lot["points"] for lot in wallet(lin)["lots"]}
    assert (len(lots), lots.get(str(OWN)), lots[str(NEXT)]) == (LOTS_MAX, None, 101)
    return lin


def test_the_sweep_of_a_wallet_of_73_dates_takes_what_is_past_and_nothing_that_was_merged(
    mall: Mall, crowded: Api
) -> None:
    mall.clock.instant = LAST_INSTANT + SECOND
    assert expired_by_the_job(mall, crowded) == 36
    lots = [(lot["expires_on"], lot["points"]) for lot in wallet(crowded)["lots"]]
    assert (lots[0], len(lots)) == ((str(NEXT), 101), 36)
    mall.clock.advance(days=1)
    assert (expired_by_the_job(mall, crowded), spendable(crowded)) == (101, 35)


def refunded(mall: Mall, yuan: int, refund_id: str) -> tuple[int, int]:
    """Return what a refund of lin's purchase took back, and how much of it is owed."""
    body = {"refund_id": refund_id, "amount": yuan * 100}
    told: Json = made(mall.till.post(f"/purchases/{CHANNEL_NAME}/p/refunds", body), 201)
    return told["points_clawed_back"], told["debt"]


def test_a_refund_takes_merged_points_back_from_the_date_that_they_have_by_now(
    mall: Mall, crowded: Api
) -> None:
    """Before their own date, after it, and not after the later one: then they have expired."""
    assert refunded(mall, 30, "early") == (30, 0)
    assert newest(crowded)["balance_after"] == 142
    mall.clock.instant = LAST_INSTANT + SECOND
    assert refunded(mall, 40, "after-its-own-date") == (40, 0)
    assert wallet(crowded)["lots"][0] == {
        "expires_on": str(NEXT),
        "usable_through": str(NEXT),
        "points": 31,
    }
    mall.clock.advance(days=1)
    assert refunded(mall, 30, "late") == (0, 0)
    assert spendable(crowded) == 35


@pytest.mark.parametrize("yen", [1_500, 10**12])
def test_points_of_yen_end_like_any_others_up_to_the_largest_amount(mall: Mall, yen: int) -> None:
    change_program(mall, currency="jpy")
    lin = mall.member("lin")
    paid = {"paid": {"amount": yen, "currency": "jpy"}}
    told = made(mall.till.post("/purchases", {**a_purchase("lin", 1, "p"), **paid}), 201)
    assert (told["points"], spendable(lin)) == (yen, yen)
    mall.clock.instant = LAST_INSTANT
    assert spendable(lin) == yen
    mall.clock.instant += SECOND
    assert (spendable(lin), expired_by_the_job(mall, lin)) == (0, yen)
    check_all(Work(mall.clock.now()))


@pytest.mark.parametrize(("currency", "amount"), [("cny", 2_000), ("jpy", 20)])
def test_a_purchase_from_before_a_change_of_currency_is_paid_in_that_of_then_or_of_now(
    mall: Mall, currency: str, amount: int
) -> None:
    lin = mall.member("lin")
    then = rfc3339(mall.clock.now())
    mall.clock.advance(hours=1)
    change_program(mall, currency="jpy")
    late = {**a_purchase("lin", 1, "p"), "paid": {"amount": amount, "currency": currency}}
    made(mall.till.post("/purchases", {**late, "occurred_at": then}), 201)
    assert spendable(lin) == 20
    if currency == "cny":
        refused = mall.till.post("/purchases", {**late, "purchase_id": "of-now"})
        assert refused.code == "currency_not_supported"


def test_a_trillion_points_from_the_desk_are_spent_and_expire_to_the_last_one(mall: Mall) -> None:
    lin = mall.member("lin")
    asked = {"member_id": id_of("lin"), "points": POINTS_MAX, "reason": "A whole bank."}
    desk = "/admin/adjustments"
    waits = made(mall.support.post(desk, asked, key="k"), 201)["id"]
    made(mall.finance.post(f"{desk}/{waits}/approve", {}, key="yes"), 200)
    assert POINTS_MAX == 10**12
    placed(lin, mall.reward(POINTS_MAX - 1))
    mall.clock.instant = LAST_INSTANT + SECOND
    assert (spendable(lin), expired_by_the_job(mall, lin)) == (0, 1)
    check_all(Work(mall.clock.now()))

"""When points end and when their member is told: every rule at its edges, on every calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

import pytest

from chalicelib.kernel.clock import day_of
from chalicelib.ledger.dates.rules import next_day, reminder_days
from chalicelib.ledger.expiry.model import Ending, Looked
from chalicelib.ledger.expiry.rules import (
    endings,
    has_expired,
    is_due,
    points_ending,
    reminder,
    swept,
    timeline,
)
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import NEVER, Lot, Wallet
from chalicelib.ledger.wallets.rules import LOTS_MAX, Posting, balance
from tests.builders import LATER, NOW, SOON, TODAY, YESTERDAY, a_lot, a_wallet, legs
from tests.ending import DAY, EMPTY, earned, in_days, seen, spent

TRILLION: Final = 10**12


# --- the last day, on the clock of the program


@pytest.mark.parametrize(
    ("zone", "last_day", "last_second"),
    [
        ("Asia/Shanghai", date(2026, 12, 31), "2026-12-31T15:59:59.999999Z"),
        ("UTC", date(2026, 12, 31), "2026-12-31T23:59:59.999999Z"),
        ("UTC", date(2028, 2, 29), "2028-02-29T23:59:59.999999Z"),
        # This day has 25 hours: clocks are set back at two in the morning.
        ("America/New_York", date(2026, 11, 1), "2026-11-02T04:59:59.999999Z"),
        # Clocks are set back at midnight, so the hour before it comes twice, and counts twice.
        ("America/Santiago", date(2027, 4, 3), "2027-04-04T03:59:59.999999Z"),
        # Clocks are set forward at midnight: the next day begins at one.
        ("America/Santiago", date(2026, 9, 5), "2026-09-06T03:59:59.999999Z"),
    ],
)
def test_points_are_good_through_the_last_second_of_their_day_and_not_after(
    zone: str, last_day: date, last_second: str
) -> None:
    wallet = a_wallet(a_lot(10, last_day))
    last = datetime.fromisoformat(last_second)
    assert balance(wallet, day_of(last, zone)) == 10
    assert balance(wallet, day_of(last + timedelta(microseconds=1), zone)) == 0


def test_points_of_a_leap_day_are_good_on_it_and_reminded_of_before() -> None:
    assert reminder_days(date(2028, 2, 29)) == (
        date(2028, 1, 30),
        date(2028, 2, 14),
        date(2028, 2, 26),
    )
    assert reminder_days(date(2028, 3, 1)) == (
        date(2028, 1, 31),
        date(2028, 2, 15),
        date(2028, 2, 27),
    )


# --- from when a wallet is looked after


def test_a_new_wallet_waits_for_nobody() -> None:
    assert (EMPTY.wakes_on, EMPTY.reminded_on) == (None, None)
    assert not is_due(EMPTY, date.max)


def test_points_that_never_expire_are_neither_reminded_of_nor_looked_after() -> None:
    wallet = earned(EMPTY, a_lot(5, NEVER))
    assert wallet.wakes_on is None
    assert (reminder_days(NEVER), next_day([NEVER], first=TODAY)) == ((), None)
    assert (reminder(wallet, TODAY), timeline(wallet, TODAY)) == ((), ())


@pytest.mark.parametrize(
    ("left", "wakes"),
    [
        (100, 70),
        (31, 1),
        (30, 0),  # Today is the thirtieth day before: there is still time to say so.
        (29, 14),  # Too late for the first: the second and the third are to come.
        (15, 0),
        (14, 11),
        (3, 0),
        (2, 3),
        (0, 1),
    ],
)
def test_a_wallet_wakes_on_the_next_reminder_or_the_day_after_the_last(
    left: int, wakes: int
) -> None:
    assert earned(EMPTY, a_lot(10, in_days(left))).wakes_on == in_days(wakes)


def test_the_soonest_of_all_dates_counts() -> None:
    assert earned(EMPTY, a_lot(5, LATER), a_lot(5, SOON)).wakes_on == SOON - 30 * DAY


def test_a_date_that_comes_sooner_moves_the_day_and_one_that_comes_later_does_not() -> None:
    wallet = earned(EMPTY, a_lot(5, in_days(100)))
    assert earned(wallet, a_lot(5, in_days(200))).wakes_on == in_days(70)
    assert earned(wallet, a_lot(5, in_days(99))).wakes_on == in_days(69)


def test_spending_the_soonest_points_leaves_the_day_where_it_is() -> None:
    """It costs an index entry to move; looking in vain, once, moves it."""
    wallet = spent(earned(EMPTY, a_lot(5, in_days(40)), a_lot(5, in_days(90))), 5)
    assert wallet.wakes_on == in_days(10)
    after = seen(wallet, in_days(10))
    assert (after.wakes_on, after.reminded_on) == (in_days(60), None)


def test_a_wallet_that_has_nothing_left_is_woken_once_more_and_then_no_more() -> None:
    wallet = spent(earned(EMPTY, a_lot(5, in_days(40))), 5)
    assert seen(wallet, in_days(10)) == replace(wallet, wakes_on=None)


def test_a_seventy_third_date_never_lets_a_wallet_wake_too_late() -> None:
    lots = [a_lot(1, in_days(40 + 2 * number)) for number in range(LOTS_MAX)]
    wallet = earned(EMPTY, *lots)
    merged = earned(wallet, a_lot(1, in_days(41)))
    assert len(merged.lots) == LOTS_MAX
    assert (wallet.wakes_on, merged.wakes_on) == (in_days(10), in_days(10))
    assert balance(merged, in_days(41)) == LOTS_MAX + 1


# --- exemptions


def exempted(wallet: Wallet, until: date | None, today: date = TODAY) -> Wallet:
    """Return a wallet after its exemption was set, or ended."""
    posting = Posting(wallet, today)
    posting.exempt(until)
    return posting.close(Reason.EXEMPTION, at=NOW).after


def test_reminders_count_to_the_thirtieth_day_after_an_exemption() -> None:
    wallet = exempted(earned(EMPTY, a_lot(5, in_days(1)), a_lot(6, in_days(50))), in_days(100))
    assert endings(wallet, TODAY) == (Ending(in_days(130), 11, 130),)
    assert timeline(wallet, TODAY)[0].remind_on == (in_days(100), in_days(115), in_days(127))


def test_nobody_is_reminded_of_points_that_an_exemption_keeps() -> None:
    """The days that stood in the index before are looked at, and pass."""
    wallet = exempted(earned(EMPTY, a_lot(5, in_days(35))), in_days(100))
    assert wallet.wakes_on == in_days(5)
    after = seen(wallet, in_days(5))
    assert (after.reminded_on, after.wakes_on) == (None, in_days(100))
    longer = exempted(after, in_days(400), in_days(90))
    assert seen(longer, in_days(100)).reminded_on is None


def test_a_wallet_whose_exemption_ends_is_looked_after_by_its_own_dates() -> None:
    wallet = seen(exempted(earned(EMPTY, a_lot(5, in_days(35))), in_days(100)), in_days(5))
    assert exempted(wallet, None, in_days(10)).wakes_on == in_days(20)
    over = exempted(wallet, None, in_days(40))
    assert (over.wakes_on, has_expired(over, in_days(40))) == (in_days(36), True)
    assert seen(over, in_days(40)).lots == ()


# --- sweeping


def test_a_sweep_books_what_has_expired_and_nothing_else() -> None:
    wallet = replace(a_wallet(a_lot(7, YESTERDAY), a_lot(5, TODAY), held=9), wakes_on=TODAY)
    change = swept(wallet, TODAY, at=NOW, program_version=3)
    assert change.entry.legs == legs(expired=7, available=-7)
    assert (change.entry.reason, change.entry.program_version) == (Reason.EXPIRY, 3)
    assert change.entry.dates == {YESTERDAY: -7}
    assert (change.after.lots, change.after.held) == ((Lot(TODAY, 5),), 9)
    assert change.after.wakes_on == TODAY + DAY


def test_frozen_points_expire_like_any_others() -> None:
    wallet = replace(a_wallet(a_lot(7, YESTERDAY), frozen=True), wakes_on=TODAY)
    after = swept(wallet, TODAY, at=NOW, program_version=1).after
    assert (after.lots, after.frozen, after.wakes_on) == ((), True, None)


def test_a_sweep_reminds_of_what_is_left_in_the_same_write() -> None:
    wallet = earned(EMPTY, a_lot(7, TODAY), a_lot(5, in_days(31)))
    after = swept(wallet, in_days(1), at=NOW, program_version=1).after
    assert (after.lots, after.reminded_on) == ((Lot(in_days(31), 5),), in_days(1))
    assert after.wakes_on == in_days(16)


def test_points_are_swept_the_day_after_and_not_on_their_last_day() -> None:
    wallet = replace(a_wallet(a_lot(7, TODAY)), wakes_on=TODAY)
    assert not has_expired(wallet, TODAY)
    assert has_expired(wallet, TODAY + DAY)


def test_a_trillion_points_expire_to_the_last_one() -> None:
    wallet = earned(EMPTY, a_lot(TRILLION, TODAY), a_lot(TRILLION, in_days(9)))
    change = swept(wallet, in_days(2), at=NOW, program_version=1)
    assert change.entry.legs == legs(expired=TRILLION, available=-TRILLION)
    assert balance(change.after, in_days(2)) == TRILLION
    assert points_ending(change.after, in_days(2)) == TRILLION


def test_what_the_house_returns_late_is_reminded_of_three_days_before_its_week_ends() -> None:
    posting = Posting(replace(EMPTY, held=9), TODAY)
    posting.give_back((Lot(YESTERDAY, 9),), source=Account.ESCROW, by_house=True)
    wallet = posting.close(Reason.HOLD_RETURNED, at=NOW).after
    assert (wallet.lots, wallet.wakes_on) == ((Lot(in_days(7), 9),), in_days(4))


def test_what_a_member_lets_go_late_wakes_nobody() -> None:
    posting = Posting(replace(EMPTY, held=9), TODAY)
    posting.give_back((Lot(YESTERDAY, 9),), source=Account.ESCROW, by_house=False)
    wallet = posting.close(Reason.CANCELLATION, at=NOW).after
    assert (wallet.lots, wallet.wakes_on) == ((), None)


def test_points_that_pay_a_debt_whole_wake_nobody() -> None:
    indebted = replace(EMPTY, debt=30)
    assert earned(indebted, a_lot(30, SOON)).wakes_on is None
    assert earned(indebted, a_lot(31, SOON)).wakes_on == SOON - 30 * DAY


def test_looking_counts_nothing_by_itself() -> None:
    assert Looked() == Looked(expired=0, is_reminded=False)

"""Reminders: thirty, fifteen and three days before, once a day, of whatever is about to end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.ledger.dates.rules import reminder_days
from chalicelib.ledger.expiry.model import Ending, Timed
from chalicelib.ledger.expiry.rules import is_due, points_ending, reminder, timeline
from chalicelib.ledger.wallets.model import NEVER
from tests.builders import LATER, SOON, TODAY, YESTERDAY, a_lot, a_wallet
from tests.ending import EMPTY, earned, in_days, seen, spent


def test_a_lot_is_reminded_of_thirty_fifteen_and_three_days_before_and_then_swept() -> None:
    wallet, last = earned(EMPTY, a_lot(10, in_days(100))), in_days(100)
    told = []
    while wallet.wakes_on is not None:
        today = wallet.wakes_on
        wallet = seen(wallet, today)
        if wallet.reminded_on == today:
            told.append((last - today).days)
    assert (told, wallet.lots) == ([30, 15, 3], ())


@pytest.mark.parametrize(("left", "told"), [(30, [30, 15, 3]), (29, [15, 3]), (3, [3]), (2, [])])
def test_points_that_come_late_are_reminded_of_on_the_days_that_are_left(
    left: int, told: list[int]
) -> None:
    wallet = earned(EMPTY, a_lot(10, in_days(left)))
    found = []
    for day in range(left + 1):
        if is_due(wallet, in_days(day)):
            wallet = seen(wallet, in_days(day))
            found += [left - day] if wallet.reminded_on == in_days(day) else []
    assert found == told


def test_a_job_that_did_not_run_for_days_reminds_once_and_of_what_is_left() -> None:
    wallet = earned(EMPTY, a_lot(10, in_days(100)), a_lot(20, in_days(115)))
    late = in_days(98)
    after = seen(wallet, late)
    assert after.reminded_on == late
    assert reminder(after, late) == (Ending(in_days(100), 10, 2), Ending(in_days(115), 20, 17))
    assert after.wakes_on == in_days(100)


def test_what_was_due_is_still_due_when_its_member_earns_or_spends_before_the_job_comes() -> None:
    wallet = earned(EMPTY, a_lot(10, in_days(35)))
    for busy in (earned(wallet, a_lot(1, LATER), today=in_days(7)), spent(wallet, 1, in_days(7))):
        assert busy.wakes_on == in_days(5)
        assert seen(busy, in_days(8)).reminded_on == in_days(8)


def test_nobody_is_reminded_twice_a_day() -> None:
    wallet = seen(earned(EMPTY, a_lot(10, in_days(30))), TODAY)
    assert (wallet.reminded_on, wallet.wakes_on) == (TODAY, in_days(15))
    again = earned(wallet, a_lot(10, in_days(15)), a_lot(10, in_days(30)))
    assert seen(again, TODAY) == again


@pytest.mark.parametrize(("left", "then"), [(30, 15), (15, 12), (3, 4)])
def test_points_that_come_after_todays_reminder_on_a_day_of_theirs_have_one_tomorrow(
    left: int, then: int
) -> None:
    """Nobody was told of them; and three days before their last one there is no other reminder."""
    wallet = seen(earned(EMPTY, a_lot(10, in_days(30))), TODAY)
    more = earned(wallet, a_lot(70, in_days(left)))
    assert seen(more, TODAY) == more
    after = seen(more, in_days(1))
    assert (after.reminded_on, after.wakes_on) == (in_days(1), in_days(then))
    assert seen(more, in_days(2)).reminded_on == in_days(2)


@pytest.mark.parametrize(("left", "then"), [(16, 1), (2, 3)])
def test_points_that_come_on_any_other_day_wake_nobody_tomorrow(left: int, then: int) -> None:
    wallet = seen(earned(EMPTY, a_lot(10, in_days(30))), TODAY)
    assert earned(wallet, a_lot(70, in_days(left))).wakes_on == in_days(then)


def test_what_is_spent_of_points_that_were_reminded_of_wakes_nobody() -> None:
    wallet = seen(earned(EMPTY, a_lot(10, in_days(30))), TODAY)
    assert spent(wallet, 3).wakes_on == in_days(15)


def test_what_passed_before_todays_reminder_is_over_with_it() -> None:
    """A wallet whose exemption was ended names a day long past, though it was reminded today."""
    lot, past = a_lot(5, in_days(27)), in_days(-5)
    wallet = replace(a_wallet(lot), wakes_on=past, reminded_on=TODAY)
    assert seen(wallet, TODAY).wakes_on == in_days(12)


def test_points_that_went_again_before_tomorrow_are_not_reminded_of() -> None:
    wallet = seen(earned(EMPTY, a_lot(10, in_days(30))), TODAY)
    gone = spent(earned(wallet, a_lot(70, in_days(3))), 80)
    assert seen(gone, TODAY).wakes_on is None


def test_a_reminder_lists_whatever_ends_within_thirty_days_soonest_first() -> None:
    wallet = a_wallet(
        a_lot(1, YESTERDAY), a_lot(2, TODAY), a_lot(3, in_days(30)), a_lot(4, in_days(31))
    )
    assert reminder(wallet, TODAY) == (Ending(TODAY, 2, 0), Ending(in_days(30), 3, 30))
    assert points_ending(wallet, TODAY) == 5


def test_a_timeline_tells_every_date_and_the_reminders_that_are_left() -> None:
    wallet = a_wallet(a_lot(1, YESTERDAY), a_lot(2, in_days(15)), a_lot(3, SOON), a_lot(4, NEVER))
    first = Timed(in_days(15), 2, (TODAY, in_days(12)))
    second = Timed(SOON, 3, reminder_days(SOON))
    assert timeline(wallet, TODAY) == (first, second)
    told = replace(wallet, reminded_on=TODAY)
    assert timeline(told, TODAY)[0].remind_on == (in_days(12),)


def test_a_timeline_names_tomorrow_for_points_that_came_after_todays_reminder() -> None:
    told = replace(a_wallet(a_lot(5, SOON)), wakes_on=in_days(10), reminded_on=TODAY)
    wallet = earned(told, a_lot(2, in_days(3)), a_lot(3, in_days(15)))
    days = [timed.remind_on for timed in timeline(wallet, TODAY)]
    assert days == [(in_days(1),), (in_days(1), in_days(12)), reminder_days(SOON)]
    assert seen(wallet, in_days(1)).reminded_on == in_days(1)
    days = [timed.remind_on for timed in timeline(seen(wallet, in_days(1)), in_days(1))]
    assert days == [(), (in_days(12),), reminder_days(SOON)]

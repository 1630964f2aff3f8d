"""Last days of points whose validity became longer, and dates that only look like theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from chalicelib.ledger.dates.rules import closest, house_return, lengthened, usable_through
from chalicelib.ledger.expiry.rules import looked_after
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import Lot, Wallet
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.program.documents.model import Longer
from tests.builders import NOW, TODAY, a_lot, a_wallet

GIVEN: Final = Longer(date(2027, 5, 7), date(2029, 5, 31), 12, date(2027, 5, 7))
AGAIN: Final = Longer(date(2027, 6, 5), date(2030, 6, 30), 24, date(2027, 6, 5))
NEVER: Final = date.max


def test_ends_of_months_between_both_days_last_longer_and_no_other_day_does() -> None:
    for day in (date(2027, 5, 31), date(2028, 2, 29), date(2029, 5, 31)):
        assert lengthened(day, [GIVEN]) > day
    for day in (date(2027, 4, 30), date(2027, 6, 29), date(2029, 6, 30), NEVER):
        assert lengthened(day, [GIVEN]) == usable_through(day, None, longer=[GIVEN]) == day
    assert lengthened(date(2027, 2, 28), [replace(GIVEN, first=date(2027, 2, 28))]) == date(
        2028, 2, 29
    )


def test_one_longer_validity_counts_after_another() -> None:
    assert lengthened(date(2028, 5, 31), [GIVEN, AGAIN]) == date(2031, 5, 31)


def test_the_later_of_an_exemption_and_a_longer_validity_counts() -> None:
    day, longer = date(2028, 5, 31), [GIVEN]
    assert usable_through(day, date(2029, 4, 1), longer=longer) == date(2029, 5, 31)
    assert usable_through(day, date(2029, 6, 1), longer=longer) == date(2029, 7, 1)


def test_what_the_house_returns_is_good_for_a_week_and_not_for_a_year() -> None:
    assert house_return(date(2027, 5, 23), [GIVEN]) == date(2027, 5, 30)
    assert house_return(date(2027, 5, 24), [GIVEN]) == date(2027, 6, 1)
    assert house_return(date(2027, 5, 24), []) == date(2027, 5, 31)


def test_a_returned_date_is_no_end_of_a_month_that_was_made_longer() -> None:
    longer = replace(GIVEN, first=TODAY, last=TODAY + timedelta(days=90))
    returned = date(2026, 11, 30)
    posting = Posting(replace(a_wallet(held=4), longer=[longer]), returned - timedelta(days=7))
    posting.give_back((Lot(date(2026, 1, 31), 4),), source=Account.ESCROW, by_house=True)
    change = posting.close(Reason.HOLD_RETURNED, at=NOW)
    assert change.after.lots == (Lot(returned + timedelta(days=1), 4),)


def test_no_date_joins_one_that_ends_sooner() -> None:
    ends = {date(2027, 5, 31): date(2028, 5, 31)}
    own = {date(2027, 6, 2): date(2027, 6, 2), date(2027, 6, 20): date(2027, 6, 20)}
    assert closest({**ends, **own}, most=2) == (date(2027, 6, 2), date(2027, 6, 20))
    assert closest({**ends, **own}, most=3) is None


MONTHS_END: Final = date(2028, 11, 30)


def looked(day: date, *, given_on: date, expires_on: date = MONTHS_END, months: int = 12) -> Wallet:
    """Return a wallet after a look at it; on a day its points were given more months."""
    longer = Longer(date(2028, 10, 1), date(2030, 10, 31), months, given_on)
    wallet = replace(a_wallet(a_lot(5, expires_on)), longer=[longer], wakes_on=day)
    return looked_after(wallet, day)


def test_what_was_given_today_moves_no_wallet_past_what_is_due_without_it() -> None:
    """It may be taken back today; and a day of a reminder that it spares is kept until tomorrow."""
    day = date(2028, 10, 20)
    assert looked(day, given_on=day).wakes_on == date(2028, 10, 31)
    assert looked(day, given_on=day - timedelta(days=1)).wakes_on == date(2029, 10, 31)
    day = date(2028, 10, 31)
    spared = looked(day, given_on=day)
    assert (spared.wakes_on, spared.reminded_on) == (day, None)
    tomorrow = looked_after(spared, day + timedelta(days=1))
    assert (tomorrow.wakes_on, tomorrow.reminded_on) == (date(2029, 10, 31), None)
    back = looked_after(replace(spared, longer=()), day)
    assert (back.wakes_on, back.reminded_on) == (date(2028, 11, 15), day)


def test_nor_past_what_is_due_with_it() -> None:
    """The last of April is reminded of on that of March, which is not over then."""
    day, end = date(2029, 3, 29), date(2029, 3, 31)
    assert looked(day, given_on=day, expires_on=end, months=1).wakes_on == end


def test_points_that_come_today_wake_nobody_too_late_either() -> None:
    longer = Longer(TODAY, date(2028, 11, 30), 12, TODAY)
    posting = Posting(replace(a_wallet(), longer=[longer]), TODAY)
    posting.credit(5, date(2027, 1, 31))
    assert posting.close(Reason.PURCHASE, at=NOW).after.wakes_on == date(2027, 1, 1)

"""Last days of points whose validity became longer, and dates that only look like theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from chalicelib.ledger.dates.rules import closest, house_return, lengthened, usable_through
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import Lot
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.program.documents.model import Longer
from tests.builders import NOW, TODAY, a_wallet

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

"""Until when points can be used, and how many dates a wallet keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

import pytest

from chalicelib.kernel.clock import day_of, end_of_month_after
from chalicelib.ledger.dates.rules import joined, usable_through
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import NEVER, Change, ClawBack, Lot, Wallet
from chalicelib.ledger.wallets.rules import LOTS_MAX, Posting, balance, usable_lots
from chalicelib.program.documents.model import Longer
from tests.builders import (
    LATER,
    NOW,
    SOON,
    TODAY,
    YESTERDAY,
    a_lot,
    a_posting,
    a_wallet,
    legs,
)


def closed(posting: Posting) -> Change:
    """Return what a posting became."""
    return posting.close(Reason.PURCHASE, at=NOW)


@pytest.mark.parametrize(
    ("booked", "months", "expires"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 1), 24, date(2028, 12, 31)),
        (date(2026, 11, 21), 36, date(2029, 11, 30)),
        (date(2026, 11, 30), 60, date(2031, 11, 30)),
    ],
)
def test_validity_runs_to_the_end_of_its_last_month(
    booked: date, months: int, expires: date
) -> None:
    assert end_of_month_after(booked, months) == expires


def test_the_day_of_booking_is_the_zones() -> None:
    late = datetime.fromisoformat("2026-11-30T16:00:00Z")
    assert day_of(late, "Asia/Shanghai") == date(2026, 12, 1)
    assert day_of(late - timedelta(microseconds=1), "Asia/Shanghai") == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("expires", "exempt_until", "through"),
    [
        (SOON, None, SOON),
        (SOON, SOON - timedelta(days=31), SOON),
        (SOON, SOON - timedelta(days=30), SOON),
        (SOON, SOON - timedelta(days=29), SOON + timedelta(days=1)),
        (SOON, SOON, SOON + timedelta(days=30)),
        (NEVER, None, NEVER),
        (NEVER, SOON, NEVER),
    ],
)
def test_points_are_usable_through_their_date_or_thirty_days_past_the_exemption(
    expires: date, exempt_until: date | None, through: date
) -> None:
    assert usable_through(expires, exempt_until) == through


def test_a_lot_counts_on_its_last_day_and_not_on_the_next() -> None:
    wallet = a_wallet(a_lot(10, TODAY), a_lot(20, SOON))
    assert balance(wallet, TODAY) == 30
    assert balance(wallet, TODAY + timedelta(days=1)) == 20
    assert usable_lots(wallet, TODAY + timedelta(days=1)) == (Lot(SOON, 20),)


def test_while_exempt_nothing_expires() -> None:
    wallet = a_wallet(a_lot(10, YESTERDAY), exempt_until=TODAY - timedelta(days=30))
    assert balance(wallet, TODAY) == 10
    assert balance(wallet, TODAY + timedelta(days=1)) == 0


def test_every_posting_first_books_what_has_expired() -> None:
    posting = a_posting(a_lot(7, YESTERDAY), a_lot(5, TODAY))
    posting.credit(1, LATER)
    change = closed(posting)
    assert change.after.lots == (Lot(TODAY, 5), Lot(LATER, 1))
    assert change.entry.legs == legs(expired=7, available=-6, issued=-1)
    assert change.entry.dates == {YESTERDAY: -7, LATER: 1}


def test_an_exemption_that_comes_after_the_last_day_revives_nothing() -> None:
    posting = a_posting(a_lot(7, YESTERDAY), a_lot(5, TODAY))
    posting.exempt(LATER)
    after = closed(posting).after
    assert (after.exempt_until, after.available) == (LATER, 5)


ONE_DAY = timedelta(days=1)
MERGED = TODAY + 80 * ONE_DAY
"""The 41st of `lots_of`."""


def lots_of(dates: int) -> list[Lot]:
    """Return one point on each of so many dates, two days apart, beginning today."""
    return [a_lot(1, TODAY + timedelta(days=2 * number)) for number in range(dates)]


def test_a_wallet_keeps_seventy_two_dates_and_never_expiring_points_beside_them() -> None:
    posting = a_posting(*lots_of(LOTS_MAX - 1), a_lot(1, NEVER))
    posting.credit(1, LATER)
    assert LOTS_MAX == 72
    assert len(closed(posting).after.lots) == LOTS_MAX + 1


def test_a_seventy_third_date_merges_the_two_closest_into_the_later() -> None:
    lots = lots_of(LOTS_MAX)
    close = lots[40].expires_on + timedelta(days=1)
    posting = a_posting(*lots)
    posting.credit(5, close)
    change = closed(posting)
    days = {lot.expires_on: lot.points for lot in change.after.lots}
    assert len(days) == LOTS_MAX
    assert (lots[40].expires_on in days, days[close]) == (False, 6)
    assert change.entry.dates == {lots[40].expires_on: -1, close: 6}
    assert change.entry.legs == legs(issued=-5, available=5)


def merged(purchase: int = 5) -> Change:
    """Return a wallet whose 41st date became the next day's, from which so many points came."""
    posting = a_posting(*lots_of(LOTS_MAX))
    posting.credit(purchase, MERGED + ONE_DAY)
    return closed(posting)


def test_merged_points_are_clawed_back_as_long_as_the_date_that_they_have_by_now() -> None:
    """From the lot that they are in, and after their own date, too; then the soonest, then debt."""
    wallet = merged().after
    assert wallet.merged == ((MERGED, MERGED + ONE_DAY),)
    for today in (TODAY, MERGED, MERGED + ONE_DAY):
        posting = Posting(wallet, today)
        assert posting.claw_back(4, MERGED) == ClawBack(4, 0, (Lot(MERGED + ONE_DAY, 4),))
        assert {lot.expires_on: lot.points for lot in closed(posting).after.lots}[
            MERGED + ONE_DAY
        ] == 2
    late = Posting(wallet, MERGED + ONE_DAY)
    soonest, left = MERGED + 2 * ONE_DAY, LOTS_MAX - 41
    taken = late.claw_back(100, MERGED)
    assert taken.taken[:2] == (Lot(MERGED + ONE_DAY, 6), Lot(soonest, 1))
    assert taken.debt == 100 - 6 - left


def test_merged_points_that_have_expired_are_not_clawed_back() -> None:
    over = MERGED + 2 * ONE_DAY
    assert Posting(merged().after, over).claw_back(4, MERGED) == ClawBack(0, 0)
    assert closed(Posting(merged().after, over)).after.merged == ()


def test_a_date_before_the_first_that_was_merged_or_after_the_last_is_its_own() -> None:
    lots = (a_lot(1, SOON - ONE_DAY), a_lot(1, SOON), a_lot(1, SOON + 5 * ONE_DAY))
    wallet = replace(a_wallet(*lots), merged=((SOON, SOON + 5 * ONE_DAY),))
    for day, taken in (
        (SOON - ONE_DAY, SOON - ONE_DAY),
        (SOON, SOON + 5 * ONE_DAY),
        (SOON + 4 * ONE_DAY, SOON + 5 * ONE_DAY),
        (SOON + 5 * ONE_DAY, SOON + 5 * ONE_DAY),
    ):
        assert Posting(wallet, TODAY).claw_back(1, day).taken == (Lot(taken, 1),)


def test_what_comes_in_for_a_date_that_was_merged_joins_it_though_there_is_room() -> None:
    """No date ever lies within what another stands for."""
    posting = Posting(merged().after, TODAY + 9 * ONE_DAY)
    posting.credit(7, MERGED)
    joined = closed(posting).after
    assert len(joined.lots) < LOTS_MAX - 1
    assert {lot.expires_on: lot.points for lot in joined.lots}[MERGED + ONE_DAY] == 13
    assert MERGED not in {lot.expires_on for lot in joined.lots}


def test_a_date_that_is_merged_again_is_remembered_from_the_first() -> None:
    posting = Posting(merged().after, TODAY)
    posting.credit(1, LATER)
    further = closed(posting).after
    assert further.merged == ((MERGED, MERGED + 2 * ONE_DAY),)
    taken = Posting(further, MERGED + 2 * ONE_DAY).claw_back(7, MERGED).taken
    assert taken == (Lot(MERGED + 2 * ONE_DAY, 7),)


def test_a_merged_date_is_remembered_without_points_until_its_last_day_has_passed() -> None:
    """So parts end where the whole does, whatever was used in between."""
    later = MERGED + ONE_DAY
    posting = Posting(merged().after, later)
    assert posting.claw_back(6, MERGED) == ClawBack(6, 0, (Lot(later, 6),))
    used_up = closed(posting).after
    assert used_up.merged == ((MERGED, later),)
    assert Posting(used_up, later).claw_back(1, MERGED).points == 1
    over = Posting(used_up, later + ONE_DAY)
    over.exempt(LATER)
    assert closed(over).after.merged == ()
    gone = Posting(used_up, later)
    gone.erase()
    assert closed(gone).after.merged == ()


def test_what_was_merged_and_used_up_between_two_dates_is_merged_with_them() -> None:
    one, two, three, four, five = (TODAY + number * ONE_DAY for number in range(1, 6))
    assert joined({three: two, five: four}, one, into=four) == {four: one, five: four}
    assert joined({two: one, four: three}, two, into=four) == {four: one}


LONGER: Final = Longer(TODAY, LATER, 12, TODAY)
MONTHS_END: Final = date(2026, 11, 30)
JOINED: Final = MONTHS_END + 2 * ONE_DAY
OTHER: Final = Lot(date(2028, 12, 31), 500)


def outlived(*lots: Lot) -> Wallet:
    """Return one in which an end of a month became another day, and would last longer by itself."""
    merged = ((MONTHS_END, JOINED),)
    return replace(a_wallet(*lots, held=9), merged=merged, longer=(LONGER,))


@pytest.mark.parametrize("parts", [(100,), (40, 60)])
def test_no_part_of_a_refund_takes_what_expired_in_a_merged_date_that_would_last_longer(
    parts: tuple[int, ...],
) -> None:
    wallet = outlived(Lot(JOINED, 40), OTHER)
    for points in parts:
        posting = Posting(wallet, JOINED + ONE_DAY)
        assert posting.claw_back(points, MONTHS_END) == ClawBack(0, 0)
        wallet = closed(posting).after
        assert (wallet.lots, wallet.merged) == ((OTHER,), ((MONTHS_END, JOINED),))
    over = usable_through(MONTHS_END, None, longer=[LONGER]) + ONE_DAY
    assert closed(Posting(wallet, over)).after.merged == ()


@pytest.mark.parametrize("by_house", [True, False])
def test_points_come_back_by_the_date_that_theirs_became(*, by_house: bool) -> None:
    """They join it while it is good; after it they get a week from the house, or expire."""
    for today, lots in (
        (MONTHS_END + ONE_DAY, (Lot(JOINED, 9),)),
        (JOINED, (Lot(JOINED, 9),)),
        (JOINED + ONE_DAY, (Lot(JOINED + 8 * ONE_DAY, 9),) if by_house else ()),
    ):
        for wallet in (outlived(), replace(outlived(), longer=())):
            posting = Posting(wallet, today)
            posting.give_back((Lot(MONTHS_END, 9),), source=Account.ESCROW, by_house=by_house)
            change = closed(posting)
            assert change.after.lots == lots
            assert balance(change.after, today) == change.after.available


def test_points_that_expired_in_a_merged_date_stay_so_when_others_merge() -> None:
    today = JOINED + ONE_DAY
    lots = [a_lot(1, today + 2 * number * ONE_DAY) for number in range(LOTS_MAX)]
    posting = Posting(outlived(*lots), today)
    posting.credit(1, LATER)
    assert posting.claw_back(9, MONTHS_END) == ClawBack(0, 0)
    merged = closed(posting).after.merged
    assert merged == ((MONTHS_END, JOINED), (today, today + 2 * ONE_DAY))


@pytest.mark.parametrize("until", [None, date(2040, 1, 1)])
def test_a_wallet_has_and_remembers_no_more_dates_than_it_keeps(until: date | None) -> None:
    """Whatever is used up day by day, and where an exemption lets nothing be forgotten."""
    wallet, chance = replace(a_wallet(), exempt_until=until), Random(1)
    for today in (TODAY + number * ONE_DAY for number in range(150)):
        posting = Posting(wallet, today)
        if len(wallet.lots) == LOTS_MAX:
            posting.spend(wallet.lots[0].points * chance.randrange(2), into=Account.REDEEMED)
        posting.credit(1, today + timedelta(days=366))
        wallet = closed(posting).after
        dates = {lot.expires_on for lot in wallet.lots} | {last for _, last in wallet.merged}
        assert len(dates) <= LOTS_MAX
    assert wallet.merged


def test_of_pairs_equally_close_the_earlier_merges() -> None:
    lots = lots_of(LOTS_MAX)
    posting = a_posting(*lots)
    posting.credit(5, lots[-1].expires_on + timedelta(days=2))
    after = closed(posting).after
    assert after.lots[0] == Lot(lots[1].expires_on, 2)
    assert after.lots[-1].points == 5


def test_expired_dates_make_room_before_anything_merges() -> None:
    lots = lots_of(LOTS_MAX)
    posting = Posting(a_wallet(*lots), TODAY + timedelta(days=1))
    posting.credit(5, LATER)
    after = closed(posting).after
    assert [lot.points for lot in after.lots] == [1] * (LOTS_MAX - 1) + [5]

"""The rules of points: how they come, go, expire, and what is owed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import NEVER, Change, ClawBack, Lot
from chalicelib.ledger.wallets.rules import (
    DebtOpen,
    InsufficientPoints,
    MemberFrozen,
    Posting,
    new_wallet,
    refuse_debt,
    refuse_frozen,
    refuse_short,
)
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

IN_A_WEEK = TODAY + timedelta(days=7)


def closed(posting: Posting) -> Change:
    """Return what a posting became."""
    return posting.close(Reason.PURCHASE, at=NOW)


def test_the_first_version_is_empty_and_has_an_entry_that_records_the_program() -> None:
    change = new_wallet("mem_0Ab1Cd2Ef3G", NOW, program_version=3)
    assert (change.before, change.after.version, change.after.available) == (None, 1, 0)
    assert (change.entry.reason, change.entry.program_version) == (Reason.ENROLLED, 3)
    assert change.after.chain == change.entry.hash


def test_what_comes_in_is_issued_under_its_date() -> None:
    posting = a_posting(a_lot(5, SOON))
    assert posting.credit(10, SOON) == 0
    change = closed(posting)
    assert change.after.lots == (Lot(SOON, 15),)
    assert (change.entry.legs, change.entry.dates) == (
        legs(issued=-10, available=10),
        {SOON: 10},
    )


def test_nothing_comes_in_without_points() -> None:
    posting = a_posting()
    posting.credit(0, SOON)
    assert closed(posting).after.lots == ()


def test_the_soonest_date_is_spent_first_and_never_expiring_points_last() -> None:
    posting = a_posting(a_lot(5, NEVER), a_lot(10, LATER), a_lot(3, SOON))
    assert posting.spend(14, into=Account.REDEEMED) == (Lot(SOON, 3), Lot(LATER, 10), Lot(NEVER, 1))
    change = closed(posting)
    assert change.after.lots == (Lot(NEVER, 4),)
    assert change.entry.legs == legs(available=-14, redeemed=14)
    assert change.after.held == 0


def test_the_whole_balance_can_be_spent_and_not_one_point_more() -> None:
    assert a_posting(a_lot(5)).spend(5, into=Account.REDEEMED) == (a_lot(5),)
    with pytest.raises(AssertionError, match="more than there is"):
        a_posting(a_lot(5)).spend(6, into=Account.REDEEMED)


def test_held_points_are_out_of_the_balance_and_settle_as_redeemed() -> None:
    posting = a_posting(a_lot(10, SOON))
    posting.spend(4, into=Account.ESCROW)
    held = closed(posting).after
    assert (held.available, held.held) == (6, 4)
    settling = Posting(held, TODAY)
    settling.settle_hold(4)
    change = closed(settling)
    assert (change.after.available, change.after.held) == (6, 0)
    assert change.entry.legs == legs(escrow=-4, redeemed=4)


@pytest.mark.parametrize("by_house", [True, False])
def test_points_that_come_back_keep_a_usable_date(*, by_house: bool) -> None:
    posting = Posting(a_wallet(held=9), TODAY)
    taken = (Lot(TODAY, 4), Lot(NEVER, 5))
    assert posting.give_back(taken, source=Account.ESCROW, by_house=by_house).debt_paid == 0
    change = closed(posting)
    assert (change.after.lots, change.after.held) == (taken, 0)
    assert change.entry.legs == legs(escrow=-9, available=9)


def test_a_date_that_has_passed_becomes_a_week_when_the_house_returns_it() -> None:
    posting = Posting(a_wallet(held=9), TODAY)
    posting.give_back((Lot(YESTERDAY, 4), Lot(SOON, 5)), source=Account.ESCROW, by_house=True)
    assert closed(posting).after.lots == (Lot(IN_A_WEEK, 4), Lot(SOON, 5))


def test_points_whose_date_has_passed_expire_when_the_member_lets_go() -> None:
    posting = Posting(a_wallet(held=9), TODAY)
    posting.give_back((Lot(YESTERDAY, 4), Lot(SOON, 5)), source=Account.ESCROW, by_house=False)
    change = closed(posting)
    assert (change.after.lots, change.after.held) == ((Lot(SOON, 5),), 0)
    assert change.entry.legs == legs(escrow=-9, expired=4, available=5)


def test_redeemed_points_come_back_out_of_redeemed() -> None:
    posting = a_posting()
    posting.give_back((Lot(SOON, 5),), source=Account.REDEEMED, by_house=True)
    assert closed(posting).entry.legs == legs(redeemed=-5, available=5)


def test_whatever_comes_in_pays_debt_first() -> None:
    posting = a_posting(debt=30)
    assert posting.credit(50, SOON) == 30
    change = closed(posting)
    assert (change.after.debt, change.after.lots) == (0, (Lot(SOON, 20),))
    assert change.entry.legs == legs(issued=-50, debt=30, available=20)


def test_less_than_the_debt_leaves_debt_and_no_points() -> None:
    posting = a_posting(debt=30)
    assert posting.credit(29, SOON) == 29
    after = closed(posting).after
    assert (after.debt, after.available, after.lots) == (1, 0, ())


def test_returned_points_pay_debt_too() -> None:
    posting = Posting(a_wallet(held=9, debt=6), TODAY)
    taken = (Lot(SOON, 4), Lot(LATER, 5))
    assert posting.give_back(taken, source=Account.ESCROW, by_house=True).debt_paid == 6
    change = closed(posting)
    assert (change.after.debt, change.after.held, change.after.lots) == (0, 0, (Lot(LATER, 3),))
    assert change.entry.legs == legs(escrow=-9, debt=6, available=3)


def test_a_claw_back_takes_the_purchases_own_date_then_the_soonest_then_leaves_debt() -> None:
    lots = (a_lot(10, SOON), a_lot(10, LATER), a_lot(10, NEVER))
    posting = a_posting(*lots)
    assert posting.claw_back(8, LATER) == ClawBack(8, 0, (Lot(LATER, 8),))
    assert closed(posting).after.lots == (Lot(SOON, 10), Lot(LATER, 2), Lot(NEVER, 10))

    posting = a_posting(*lots)
    assert posting.claw_back(15, LATER).taken == (Lot(LATER, 10), Lot(SOON, 5))
    assert closed(posting).after.lots == (Lot(SOON, 5), Lot(NEVER, 10))

    posting = a_posting(*lots)
    assert posting.claw_back(100, LATER) == ClawBack(
        100, 70, (Lot(LATER, 10), Lot(SOON, 10), Lot(NEVER, 10))
    )
    change = closed(posting)
    assert (change.after.lots, change.after.debt) == ((), 70)
    assert change.entry.legs == legs(clawed_back=100, available=-30, debt=-70)


def test_without_a_date_of_their_own_the_soonest_are_taken_then_the_never_expiring() -> None:
    lots = (a_lot(10, SOON), a_lot(10, LATER), a_lot(10, NEVER))
    posting = a_posting(*lots)
    assert posting.claw_back(22, None) == ClawBack(
        22, 0, (Lot(SOON, 10), Lot(LATER, 10), Lot(NEVER, 2))
    )
    assert closed(posting).after.lots == (Lot(NEVER, 8),)

    posting = a_posting(*lots)
    assert posting.claw_back(31, None) == ClawBack(31, 1, lots)
    change = closed(posting)
    assert (change.after.lots, change.after.debt) == ((), 1)
    assert change.entry.legs == legs(clawed_back=31, available=-30, debt=-1)


def test_nothing_is_clawed_back_once_the_points_have_expired() -> None:
    posting = a_posting(a_lot(10, SOON))
    assert posting.claw_back(8, YESTERDAY) == ClawBack(0, 0)
    change = closed(posting)
    assert (change.entry.legs, change.after.available) == ({}, 10)


def test_points_kept_by_an_exemption_are_clawed_back_past_their_date() -> None:
    posting = a_posting(a_lot(10, YESTERDAY), exempt_until=YESTERDAY)
    assert posting.claw_back(8, YESTERDAY) == ClawBack(8, 0, (Lot(YESTERDAY, 8),))
    assert closed(posting).after.lots == (Lot(YESTERDAY, 2),)


def test_an_exemption_that_comes_after_their_date_lets_nothing_be_clawed_back() -> None:
    posting = a_posting(a_lot(10, SOON))
    posting.exempt(LATER)
    assert posting.claw_back(8, YESTERDAY) == ClawBack(0, 0)
    assert posting.claw_back(8, TODAY) == ClawBack(8, 0, (Lot(SOON, 8),))


def test_an_exemption_that_goes_on_keeps_what_it_kept_before() -> None:
    posting = a_posting(a_lot(10, YESTERDAY), exempt_until=YESTERDAY)
    posting.exempt(LATER)
    assert posting.claw_back(8, YESTERDAY) == ClawBack(8, 0, (Lot(YESTERDAY, 8),))


def test_an_entry_tells_by_date_which_points_paid_what_was_owed() -> None:
    posting = a_posting(debt=7)
    posting.credit(5, NEVER)
    posting.credit(4, SOON)
    assert closed(posting).entry.refers == {"paid": "never:5 261231:2"}
    posting = a_posting()
    posting.credit(4, SOON)
    assert closed(posting).entry.refers == {}


def test_a_claw_back_that_is_undone_lowers_what_is_owed_and_gives_back_what_was_taken() -> None:
    posting = a_posting(debt=70)
    posting.restore(ClawBack(0, 60, (Lot(SOON, 30),)), paid=())
    change = closed(posting)
    assert (change.after.debt, change.after.lots) == (0, (Lot(SOON, 20),))
    assert change.entry.legs == legs(clawed_back=-90, debt=70, available=20)


def test_a_debt_that_was_paid_comes_back_as_the_points_that_paid_it() -> None:
    posting = a_posting(a_lot(1, SOON), debt=10)
    posting.restore(ClawBack(0, 60, (Lot(YESTERDAY, 3),)), paid=(Lot(LATER, 50),))
    change = closed(posting)
    assert (change.after.debt, change.after.lots) == (
        0,
        (Lot(IN_A_WEEK, 3), Lot(SOON, 1), Lot(LATER, 50)),
    )
    assert change.entry.legs == legs(clawed_back=-63, debt=10, available=53)


def test_nobody_is_forgiven_more_than_is_owed() -> None:
    with pytest.raises(AssertionError, match="less than nothing"):
        a_posting(debt=9).restore(ClawBack(0, 10), paid=())


def test_freezing_is_an_entry_without_legs() -> None:
    posting = a_posting(a_lot(10))
    posting.freeze(frozen=True)
    change = posting.close(Reason.FROZEN, at=NOW)
    assert (change.after.frozen, change.entry.legs, change.entry.dates) == (True, {}, {})
    assert change.after.version == 2


def test_spending_is_refused_while_frozen_in_debt_or_short() -> None:
    wallet = a_wallet(a_lot(10, TODAY), a_lot(9, YESTERDAY))
    refuse_frozen(wallet)
    refuse_debt(wallet)
    refuse_short(wallet, TODAY, points=10)
    with pytest.raises(MemberFrozen):
        refuse_frozen(a_wallet(frozen=True))
    with pytest.raises(DebtOpen) as owed:
        refuse_debt(a_wallet(debt=1))
    assert owed.value.facts == {"debt": 1}
    with pytest.raises(InsufficientPoints) as short:
        refuse_short(wallet, TODAY, points=11)
    assert short.value.facts == {"available": 10, "missing_points": 1}

"""What a posting says to the letter, and what it leaves as it is: where mutants came through."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from chalicelib.ledger.dates.rules import GRACE_DAYS
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import NEVER, Change, ClawBack, GivenBack, Lot
from chalicelib.ledger.wallets.rules import Posting
from tests.builders import LATER, NOW, SOON, TODAY, a_lot, a_wallet

TOMORROW: Final = TODAY + timedelta(days=1)


def closed(posting: Posting) -> Change:
    """Return what a posting became."""
    return posting.close(Reason.PURCHASE, at=NOW)


def test_what_is_held_already_stays_held_beside_what_is_held_now() -> None:
    posting = Posting(a_wallet(a_lot(10), held=5), TODAY)
    posting.spend(3, into=Account.ESCROW)
    assert closed(posting).after.held == 8


def test_what_comes_back_past_its_date_is_told_in_all_and_frees_only_what_was_held() -> None:
    past = (Lot(TODAY - timedelta(days=2), 3), Lot(TODAY - timedelta(days=1), 4))
    for source, held in ((Account.REDEEMED, 9), (Account.ESCROW, 2)):
        posting = Posting(a_wallet(held=9), TODAY)
        assert posting.give_back(past, source=source, by_house=False) == GivenBack(0, 7)
        change = closed(posting)
        assert (change.after.held, change.after.lots) == (held, ())
        assert change.entry.legs == {source: -7, Account.EXPIRED: 7}


def test_what_has_no_date_of_its_own_is_never_taken_from_the_points_that_never_expire() -> None:
    lots = (a_lot(10, SOON), a_lot(10, NEVER))
    posting = Posting(a_wallet(*lots), TODAY)
    assert posting.claw_back(5, None) == ClawBack(5, 0, (Lot(SOON, 5),))
    assert closed(posting).after.lots == (Lot(SOON, 5), Lot(NEVER, 10))


def test_an_exemption_begins_anew_only_when_the_one_before_has_lapsed() -> None:
    """The thirtieth day after its last one still belongs to it, the next does not."""
    began, until = TODAY - timedelta(days=90), TODAY - timedelta(days=GRACE_DAYS)
    wallet = replace(a_wallet(exempt_until=until), exempt_since=began)
    for today, since in ((TODAY, began), (TOMORROW, TOMORROW)):
        posting = Posting(wallet, today)
        told = {"until": LATER.isoformat(), "since": since.isoformat()}
        assert posting.exempt(LATER) == told
        assert closed(posting).after.exempt_since == since


def test_an_exemption_that_ends_tells_and_keeps_nothing() -> None:
    wallet = replace(a_wallet(exempt_until=LATER), exempt_since=SOON)
    posting = Posting(wallet, TODAY)
    assert posting.exempt(None) == {}
    after = closed(posting).after
    assert (after.exempt_until, after.exempt_since) == (None, None)


def test_a_change_keeps_the_wallet_before_it_and_names_no_program_by_itself() -> None:
    wallet = a_wallet(a_lot(10))
    change = closed(Posting(wallet, TODAY))
    assert change.before is wallet
    assert (change.entry.program_version, change.entry.refers) == (0, {})


def test_what_comes_in_for_nobody_pays_what_is_owed_and_the_rest_ends() -> None:
    posting = Posting(replace(a_wallet(debt=3), erased=True), TODAY)
    assert posting.credit(7, LATER) == 3
    change = closed(posting)
    assert change.after.lots == ()
    assert change.entry.legs == {Account.ISSUED: -7, Account.DEBT: 3, Account.EXPIRED: 4}

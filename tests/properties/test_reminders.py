"""Whatever a member earns and spends, and however seldom the job runs, reminders come as promised.

Days pass; on some of them points come or go, and on some the job looks. A calendar of its own says
which reminders are due: on each day of a lot that is still there, and was not when the day before
it was looked at.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.ledger.expiry.rules import has_expired, is_due, looked_after, reminder, swept
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import Wallet
from chalicelib.ledger.wallets.rules import Posting, balance, new_wallet
from tests.builders import MEMBER_ID, NOW, TODAY

BEFORE: Final = (30, 15, 3)

deeds = st.one_of(
    st.tuples(st.just("earn"), st.integers(0, 60)),
    st.tuples(st.just("spend"), st.integers(1, 3)),
    st.tuples(st.just("exempt"), st.integers(0, 40)),
    st.just(("nothing", 0)),
)
days = st.lists(st.tuples(st.booleans(), st.lists(deeds, max_size=2)), min_size=1, max_size=90)


def did(wallet: Wallet, today: date, kind: str, number: int) -> Wallet:
    """Return a wallet after a deed."""
    posting = Posting(wallet, today)
    if kind == "earn":
        posting.credit(1, today + timedelta(days=number))
    elif kind == "spend":
        posting.spend(min(number, balance(wallet, today)), into=Account.REDEEMED)
    elif kind == "exempt":
        posting.exempt(today + timedelta(days=number))
    return posting.close(Reason.ADJUSTMENT, at=NOW).after


def looked(wallet: Wallet, today: date) -> Wallet:
    """Return a wallet after the job."""
    if not is_due(wallet, today):
        return wallet
    if has_expired(wallet, today):
        return swept(wallet, today, at=NOW, program_version=1).after
    return looked_after(wallet, today)


def throughs(wallet: Wallet, today: date) -> set[date]:
    """Return the last days of what can be used."""
    grace = wallet.exempt_until + timedelta(days=30) if wallet.exempt_until else date.min
    ends = {max(lot.expires_on, grace) for lot in wallet.lots}
    return {end for end in ends if end >= today}


def has_a_day(wallet: Wallet, today: date) -> bool:
    """Tell whether something is to be said of a wallet today."""
    return any((end - today).days in BEFORE for end in throughs(wallet, today))


@settings(max_examples=150, deadline=None)
@given(days)
def test_every_day_of_a_reminder_has_one_and_no_other_day_has(
    life: list[tuple[bool, list[tuple[str, int]]]],
) -> None:
    """The job runs twice a day: before anything else, and after.

    What comes after a reminder, on a day of its own, is reminded of on the next.
    """
    wallet, today = new_wallet(MEMBER_ID, NOW).after, TODAY
    is_late = False
    for _, chosen in life:
        wallet = looked(wallet, today)
        yesterday = today - timedelta(days=1)
        expected = has_a_day(wallet, today) or (is_late and has_a_day(wallet, yesterday))
        is_late, is_told = False, wallet.reminded_on == today
        for kind, number in chosen:
            had, wallet = wallet, did(wallet, today, kind, number)
            came = replace(wallet, lots=tuple(set(wallet.lots) - set(had.lots)))
            is_late |= kind == "earn" and is_told and has_a_day(came, today)
        is_late &= has_a_day(wallet, today)
        expected = expected or has_a_day(wallet, today)
        wallet = looked(wallet, today)
        assert (wallet.reminded_on == today) == expected, today
        assert not has_expired(wallet, today)
        today += timedelta(days=1)


@settings(max_examples=150, deadline=None)
@given(days)
def test_a_job_that_rests_reminds_when_it_comes_of_what_it_missed(
    life: list[tuple[bool, list[tuple[str, int]]]],
) -> None:
    """No lot reaches its last three days unmentioned that the job looked at in them."""
    wallet, today = new_wallet(MEMBER_ID, NOW).after, TODAY
    there: dict[date, date] = {}
    for runs, chosen in life:
        if runs:
            wallet = looked(wallet, today)
            assert not has_expired(wallet, today)
            assert not is_due(wallet, today) or wallet.reminded_on == today
            for end, since in there.items():
                missed = {end - timedelta(days=days) for days in BEFORE}
                if end >= today and any(max(since, TODAY) <= day <= today for day in missed):
                    told = wallet.reminded_on
                    assert told is not None, (end, today)
                    assert told >= max(day for day in missed if day <= today), (end, told)
        for kind, number in chosen:
            wallet = did(wallet, today, kind, number)
        now = throughs(wallet, today)
        there = {end: there.get(end, today + timedelta(days=1)) for end in now}
        today += timedelta(days=1)
    assert all(one.points for one in reminder(wallet, today))

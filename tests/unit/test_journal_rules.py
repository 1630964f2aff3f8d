"""The journal and the wallet hold together, whatever happened, and tampering with either shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ledger.dates.rules import usable_through
from chalicelib.ledger.journal.model import Account, Entry, Reason
from chalicelib.ledger.journal.rules import recompute, seal, trial_balance
from chalicelib.ledger.wallets.model import NEVER, Lots, Wallet
from chalicelib.ledger.wallets.rules import (
    LOTS_MAX,
    Posting,
    balance,
    new_wallet,
    verify,
)
from tests.builders import LATER, MEMBER_ID, NOW, SOON, TODAY, legs

AMOUNTS = st.integers(0, 1_000)
DAYS_AHEAD = st.integers(0, 400)


@dataclass(slots=True)
class History:
    """A wallet's life: its present, its entries, what is out of it into escrow, and the day."""

    wallet: Wallet
    entries: list[Entry]
    today: date = TODAY
    escrow: list[Lots] = field(default_factory=list)

    def posting(self) -> Posting:
        """Begin the next version."""
        return Posting(self.wallet, self.today)

    def close(
        self,
        posting: Posting,
        reason: Reason = Reason.PURCHASE,
        refers: Mapping[str, str] | None = None,
    ) -> None:
        """Take the next version in."""
        at = datetime(self.today.year, self.today.month, self.today.day, tzinfo=UTC)
        change = posting.close(reason, at=at, refers=refers)
        self.wallet = change.after
        self.entries.append(change.entry)

    def credit(self, points: int, days: int) -> None:
        posting = self.posting()
        posting.credit(points, self.today + timedelta(days=days))
        self.close(posting)

    def hold(self, points: int, days: int) -> None:
        del days
        posting = self.posting()
        points = min(points, balance(self.wallet, self.today))
        taken = posting.spend(points, into=Account.ESCROW)
        assert all(self.is_usable(lot.expires_on) for lot in taken)
        assert [lot.expires_on for lot in taken] == sorted(lot.expires_on for lot in taken)
        self.escrow.append(taken)
        self.close(posting)

    def settle(self, points: int, days: int) -> None:
        del points, days
        posting = self.posting()
        if self.escrow:
            posting.settle_hold(sum(lot.points for lot in self.escrow.pop()))
        self.close(posting)

    def give_back(self, points: int, days: int) -> None:
        posting = self.posting()
        if self.escrow:
            by_house = (points + days) % 2 == 0
            posting.give_back(self.escrow.pop(), source=Account.ESCROW, by_house=by_house)
        self.close(posting)

    def claw_back(self, points: int, days: int) -> None:
        posting = self.posting()
        taken = posting.claw_back(points, self.today + timedelta(days=days - 200))
        assert taken.points in {0, points}
        assert 0 <= taken.debt <= taken.points
        self.close(posting)

    def freeze(self, points: int, days: int) -> None:
        del days
        posting = self.posting()
        posting.freeze(frozen=points % 2 == 0)
        self.close(posting, Reason.FROZEN if points % 2 == 0 else Reason.THAWED)

    def exempt(self, points: int, days: int) -> None:
        until = self.today + timedelta(days=days) if points % 2 else None
        posting = self.posting()
        self.close(posting, Reason.EXEMPTION, posting.exempt(until))

    def wait(self, points: int, days: int) -> None:
        del points
        self.today += timedelta(days=days)

    def is_usable(self, day: date) -> bool:
        return usable_through(day, self.wallet.exempt_until) >= self.today


STEPS = (
    History.credit,
    History.hold,
    History.settle,
    History.give_back,
    History.claw_back,
    History.freeze,
    History.exempt,
    History.wait,
)


def a_history() -> History:
    """Return a life that has just begun."""
    first = new_wallet(MEMBER_ID, NOW)
    return History(first.after, [first.entry])


@given(st.lists(st.tuples(st.sampled_from(STEPS), AMOUNTS, DAYS_AHEAD), max_size=30))
def test_after_any_sequence_the_books_are_whole(
    steps: list[tuple[object, int, int]],
) -> None:
    life = a_history()
    for step, points, days in steps:
        assert callable(step)
        step(life, points, days)
        wallet, entry = life.wallet, life.entries[-1]
        assert sum(entry.legs.values()) == 0
        assert sum(entry.dates.values()) == entry.legs.get(Account.AVAILABLE, 0)
        assert wallet.available == sum(lot.points for lot in wallet.lots)
        assert min(wallet.available, wallet.held, wallet.debt) >= 0
        assert all(lot.points > 0 for lot in wallet.lots)
        assert not (wallet.available and wallet.debt)
        assert wallet.held == sum(lot.points for lots in life.escrow for lot in lots)
        assert sum(lot.expires_on != NEVER for lot in wallet.lots) <= LOTS_MAX
    journal = recompute(life.entries)
    assert verify(life.wallet, journal) == []
    assert trial_balance(journal.totals)


@given(st.integers(1, 200), st.integers(1, 5))
def test_many_dates_merge_without_losing_a_point_or_a_day(dates: int, apart: int) -> None:
    life = a_history()
    for number in range(dates):
        life.credit(1, 1 + (number * apart * 37) % 400)
        assert sum(lot.expires_on != NEVER for lot in life.wallet.lots) <= LOTS_MAX
    assert life.wallet.available == dates
    for day in (lot.expires_on for lot in life.wallet.lots):
        credited = sum(1 + (n * apart * 37) % 400 <= (day - TODAY).days for n in range(dates))
        kept = sum(lot.points for lot in life.wallet.lots if lot.expires_on <= day)
        assert kept <= credited


def a_short_history() -> History:
    """Return a life with points, a hold, debt-free, frozen and exempt."""
    life = a_history()
    life.credit(100, 40)
    life.credit(50, 300)
    life.hold(30, 0)
    life.freeze(0, 0)
    life.exempt(1, 90)
    return life


TAMPERED_WALLETS = {
    "version": lambda wallet: replace(wallet, version=wallet.version + 1),
    "available": lambda wallet: replace(wallet, available=wallet.available + 1),
    "held": lambda wallet: replace(wallet, held=wallet.held - 1),
    "debt": lambda wallet: replace(wallet, debt=1),
    "chain head": lambda wallet: replace(wallet, chain=b"else"),
    "freezing": lambda wallet: replace(wallet, frozen=False),
    "exemption": lambda wallet: replace(wallet, exempt_until=LATER),
    "exemption's first day": lambda wallet: replace(wallet, exempt_since=SOON),
    "lots": lambda wallet: replace(
        wallet, lots=(*wallet.lots[:-1], replace(wallet.lots[-1], expires_on=NEVER))
    ),
}


@pytest.mark.parametrize("field_name", TAMPERED_WALLETS)
def test_a_wallet_that_was_tampered_with_disagrees_with_its_journal(field_name: str) -> None:
    life = a_short_history()
    tampered = TAMPERED_WALLETS[field_name](life.wallet)
    assert verify(life.wallet, recompute(life.entries)) == []
    faults = verify(tampered, recompute(life.entries))
    assert faults == [f"the wallet's {field_name} is not the journal's"]


TAMPERED_ENTRIES = {
    "member": lambda entry: replace(entry, member_id="mem_00000000000"),
    "version": lambda entry: replace(entry, version=entry.version + 1),
    "instant": lambda entry: replace(entry, at=entry.at + timedelta(microseconds=1)),
    "reason": lambda entry: replace(entry, reason=Reason.REFUND),
    "legs": lambda entry: replace(entry, legs=legs(transfer=-50, available=50)),
    "dates": lambda entry: replace(entry, dates={SOON: 50}),
    "what it refers to": lambda entry: replace(entry, refers={"order": "ord_1"}),
    "program": lambda entry: replace(entry, program_version=9),
    "balance": lambda entry: replace(entry, available_after=151),
    "predecessor": lambda entry: replace(entry, previous=b"else"),
    "hash": lambda entry: replace(entry, hash=b"else"),
}


@pytest.mark.parametrize("what", TAMPERED_ENTRIES)
def test_an_entry_that_was_tampered_with_is_found(what: str) -> None:
    life = a_short_history()
    tampered = [*life.entries[:2], TAMPERED_ENTRIES[what](life.entries[2]), *life.entries[3:]]
    assert recompute(life.entries).faults == ()
    assert recompute(tampered).faults != ()


def test_an_entry_that_was_rewritten_and_sealed_anew_breaks_the_chain_behind_it() -> None:
    life = a_short_history()
    forged = seal(replace(life.entries[2], program_version=9))
    faults = recompute([*life.entries[:2], forged, *life.entries[3:]]).faults
    assert faults == ("version 4 does not follow its predecessor",)


@pytest.mark.parametrize("gone", range(6))
def test_an_entry_that_is_missing_is_found(gone: int) -> None:
    life = a_short_history()
    left = [entry for entry in life.entries if entry.version != gone + 1]
    assert verify(life.wallet, recompute(left)) != []


def test_entries_that_do_not_balance_are_told_even_where_their_hashes_are_right() -> None:
    life = a_history()
    forged = seal(replace(life.entries[0], legs=legs(issued=-10), dates={SOON: -10}))
    assert set(recompute([forged]).faults) == {
        "version 1 has legs that do not sum to 0",
        "version 1 has dates that are not its balance",
        f"version 1: {SOON} goes below 0",
        "version 1: balance is not the sum of its dates",
    }


@pytest.mark.parametrize(
    ("totals", "holds"),
    [
        (legs(issued=-10, available=10), True),
        (legs(issued=-10, available=9), False),
        (legs(issued=-10, transfer=10), False),
        ({}, True),
    ],
)
def test_the_trial_balance_holds_when_legs_cancel_and_transfers_net_to_nothing(
    *, totals: dict[Account, int], holds: bool
) -> None:
    assert trial_balance(totals) is holds

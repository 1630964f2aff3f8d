"""What a dispute means to its order, and that winning one leaves nothing behind in the wallet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.gateways.payments.model import DisputeStatus
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Account, Entry, Reason
from chalicelib.ledger.journal.rules import UNPAID, last_paid
from chalicelib.ledger.wallets.model import Change, ClawBack, Lot, Wallet
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.program.documents.model import Program
from chalicelib.redeem.disputes.rules import (
    STATES,
    alarm_of,
    is_used,
    left_over,
    next_of,
    owed_for,
    paid_since,
    points_worth,
)
from chalicelib.redeem.fulfilment.model import Progress
from chalicelib.redeem.fulfilment.rules import fetched, progressed
from chalicelib.redeem.orders.model import Dispute, DisputeState, Fulfilment, Order, Status
from chalicelib.redeem.orders.rules import OrderDisputed, refuse_disputed
from tests.builders import LATER, NOW, SOON, TODAY, a_lot, a_posting, a_wallet
from tests.unit.orders import an_order

OPEN, WON, LOST = DisputeState.OPEN, DisputeState.WON, DisputeState.LOST
ONE, OTHER = "dp_1", "dp_2"
PRICE: Final = Money(6000, "cny")


def paid(dispute: Dispute | None = None, **changes: Any) -> Order:
    """Return an order of ¥60, and of points."""
    return an_order(cash=PRICE, intent_id="pi_1", dispute=dispute, **changes)


def test_an_inquiry_a_prevented_dispute_and_an_unknown_word_mean_nothing() -> None:
    silent = {status for status in DisputeStatus if status not in STATES}
    warnings = {status for status in DisputeStatus if status.startswith("warning_")}
    assert silent == warnings | {DisputeStatus.PREVENTED, DisputeStatus.UNKNOWN}


@pytest.mark.parametrize(
    ("known", "state", "step"),
    [
        (None, OPEN, OPEN),
        (None, WON, WON),
        (None, LOST, OPEN),
        (Dispute(ONE, OPEN), OPEN, None),
        (Dispute(ONE, OPEN), WON, WON),
        (Dispute(ONE, OPEN), LOST, LOST),
        (Dispute(ONE, WON), OPEN, None),
        (Dispute(ONE, WON), WON, None),
        (Dispute(ONE, WON), LOST, None),
        (Dispute(ONE, LOST), OPEN, None),
        (Dispute(ONE, LOST), WON, None),
        (Dispute(ONE, LOST), LOST, None),
        (Dispute(OTHER, WON), OPEN, OPEN),
        (Dispute(OTHER, WON), LOST, OPEN),
        (Dispute(OTHER, WON), WON, None),
        (Dispute(OTHER, OPEN), OPEN, None),
        (Dispute(OTHER, OPEN), WON, None),
        (Dispute(OTHER, LOST), OPEN, None),
    ],
)
def test_a_step_is_taken_once_and_none_leads_back(
    known: Dispute | None, state: DisputeState, step: DisputeState | None
) -> None:
    assert next_of(paid(known), ONE, state=state) is step


@pytest.mark.parametrize(
    ("known", "state", "told"),
    [
        (None, LOST, None),
        (Dispute(ONE, LOST), OPEN, None),
        (Dispute(ONE, LOST), LOST, None),
        (Dispute(ONE, LOST), WON, "dispute_won_after_lost"),
        (Dispute(ONE, WON), LOST, "dispute_lost_after_won"),
        (Dispute(ONE, WON), OPEN, None),
        (Dispute(OTHER, OPEN), OPEN, "dispute_beside_another"),
        (Dispute(OTHER, LOST), LOST, "dispute_beside_another"),
        (Dispute(OTHER, LOST), WON, None),
        (Dispute(OTHER, WON), OPEN, None),
    ],
)
def test_what_no_step_leads_to_wakes_somebody(
    known: Dispute | None, state: DisputeState, told: str | None
) -> None:
    assert alarm_of(paid(known), ONE, state=state) == told


@pytest.mark.parametrize(
    ("changes", "used"),
    [
        ({}, False),
        ({"is_fetched": True}, True),
        ({"fulfilment": Fulfilment.SENT}, True),
        ({"fulfilment": Fulfilment.PENDING}, False),
        ({"is_fetched": True, "status": Status.PARTLY_REFUNDED}, True),
        ({"is_fetched": True, "status": Status.REFUNDED}, False),
    ],
)
def test_what_was_fetched_or_sent_and_not_given_back_is_used(
    changes: dict[str, Any], *, used: bool
) -> None:
    assert is_used(paid(**changes)) is used


@pytest.mark.parametrize(
    ("is_fetched", "gone", "returned", "owed"),
    [
        (True, 6000, 0, 6000),
        (True, 2000, 0, 2000),
        # ¥20 are kept for nothing, and ¥40 went back twice.
        (True, 6000, 4000, 6000),
        (False, 6000, 0, 0),
        (False, 2000, 4000, 0),
        (False, 2001, 4000, 1),
        (False, 6000, 6000, 6000),
        (False, 6001, 6000, 6000),
    ],
)
def test_what_was_used_or_goes_back_twice_is_owed(
    *, is_fetched: bool, gone: int, returned: int, owed: int
) -> None:
    order = paid(is_fetched=is_fetched)
    assert owed_for(order, Money(gone, "cny"), returned=returned) == owed


def test_an_amount_in_the_payers_currency_means_the_whole_price() -> None:
    assert owed_for(paid(is_fetched=True), Money(850, "usd"), returned=0) == 6000
    assert left_over(paid(), Money(850, "usd")) == 0


def test_what_neither_went_back_nor_is_disputed_is_left_over() -> None:
    assert left_over(paid(cash_returned=1000), Money(2000, "cny")) == 3000
    assert left_over(paid(cash_returned=5000), Money(2000, "cny")) == 0


def test_cash_is_worth_points_by_the_currencys_own_digits_rounded_down() -> None:
    program = Program(worth_points=100)
    assert points_worth(program, Money(2999, "cny")) == 2999
    assert points_worth(program, Money(29, "jpy")) == 2900
    assert points_worth(replace(program, worth_points=3), Money(2999, "cny")) == 89
    assert points_worth(program, Money(29_990, "kwd")) == 2999


@pytest.mark.parametrize("state", [OPEN, LOST])
def test_a_disputed_order_gives_nothing_until_the_dispute_is_won(state: DisputeState) -> None:
    order = paid(Dispute(ONE, state), fulfilment=Fulfilment.PENDING)
    for refused in (
        lambda: refuse_disputed(order),
        lambda: fetched(order),
        lambda: progressed(order, Progress(Fulfilment.SENT, None)),
    ):
        with pytest.raises(OrderDisputed) as told:
            refused()
        assert told.value.facts == {"dispute": state.value}
    for fine in (paid(), paid(Dispute(ONE, WON))):
        refuse_disputed(fine)


@dataclass(slots=True)
class Life:
    """A wallet and its entries, newest last."""

    wallet: Wallet
    entries: list[Entry] = field(default_factory=list)

    def write(
        self, do: Callable[[Posting], object], *, refers: dict[str, str] | None = None
    ) -> None:
        posting = Posting(self.wallet, TODAY)
        do(posting)
        change: Change = posting.close(Reason.ADJUSTMENT, at=NOW, refers=refers)
        self.wallet = change.after
        self.entries.append(change.entry)

    def credit(self, lot: Lot) -> None:
        self.write(lambda posting: posting.credit(lot.points, lot.expires_on))

    def spend(self, points: int) -> None:
        self.write(lambda posting: posting.spend(points, into=Account.REDEEMED))

    def claw_back(self, points: int) -> None:
        self.write(lambda posting: posting.claw_back(points, None))

    def dispute(self, points: int) -> Dispute:
        """Lose points to a dispute."""
        taken: list[ClawBack] = []
        self.write(lambda posting: taken.append(posting.claw_back(points, None)))
        return Dispute(ONE, OPEN, taken[0].taken, taken[0].debt)

    def win(self, lost: Dispute) -> None:
        """Get them back."""
        back = paid_since(lost, self.wallet, entries=reversed(self.entries))
        told = {UNPAID: str(sum(lot.points for lot in back))} if back else {}
        clawed = ClawBack(0, lost.debt, lost.taken)
        self.write(lambda posting: posting.restore(clawed, paid=back), refers=told)

    def totals(self) -> dict[Account, int]:
        """Return the sums of all legs."""
        return {
            account: sum(entry.legs.get(account, 0) for entry in self.entries)
            for account in Account
        }


POINTS: Final = st.integers(1, 200)
LOTS: Final = st.builds(Lot, st.integers(0, 40).map(lambda n: SOON + timedelta(days=n)), POINTS)
COMING: Final = st.lists(LOTS, max_size=6)


def come(*lives: Life, lots: list[Lot]) -> None:
    for life in lives:
        for lot in lots:
            life.credit(lot)


@given(COMING, POINTS, COMING, st.integers(0, 100))
def test_a_won_dispute_leaves_the_wallet_as_if_it_had_never_been(
    before: list[Lot], points: int, since: list[Lot], debt: int
) -> None:
    life, twin = (Life(a_wallet(debt=debt)) for _ in "12")
    come(life, twin, lots=before)
    lost = life.dispute(points)
    come(life, twin, lots=since)
    life.win(lost)
    assert life.wallet.lots == twin.wallet.lots
    assert life.totals() == twin.totals()
    assert (life.wallet.debt, life.wallet.held) == (twin.wallet.debt, twin.wallet.held)


@given(st.lists(COMING, min_size=4, max_size=4), POINTS, POINTS, st.sampled_from([1, -1]))
def test_two_disputes_that_are_won_in_any_order_leave_nothing_behind(
    lots: list[list[Lot]], one: int, other: int, order: int
) -> None:
    life, twin = Life(a_wallet()), Life(a_wallet())
    come(life, twin, lots=lots[0])
    lost = [life.dispute(one)]
    come(life, twin, lots=lots[1])
    lost.append(life.dispute(other))
    for dispute, coming in zip(lost[::order], lots[2:], strict=True):
        come(life, twin, lots=coming)
        life.win(dispute)
    assert (life.wallet.lots, life.wallet.debt) == (twin.wallet.lots, twin.wallet.debt)


@given(COMING, POINTS, st.lists(st.tuples(st.sampled_from("+-c"), LOTS), max_size=8))
def test_whatever_was_spent_or_taken_meanwhile_not_a_point_is_lost_or_won(
    before: list[Lot], points: int, since: list[tuple[str, Lot]]
) -> None:
    life, twin = Life(a_wallet()), Life(a_wallet())
    come(life, twin, lots=before)
    lost = life.dispute(points)
    for kind, lot in since:
        if kind == "+":
            come(life, twin, lots=[lot])
        elif kind == "-" and life.wallet.available >= lot.points and not life.wallet.debt:
            for one in (life, twin):
                one.spend(lot.points)
        elif kind == "c":
            for one in (life, twin):
                one.claw_back(lot.points)
    life.win(lost)
    assert life.totals() == twin.totals()
    assert (life.wallet.available, life.wallet.debt) == (twin.wallet.available, twin.wallet.debt)


def test_the_last_points_that_paid_are_found_behind_those_that_came_in_after_all() -> None:
    life = Life(a_wallet(debt=10))
    come(life, lots=[Lot(SOON, 4), Lot(LATER, 3)])
    life.write(lambda _: None, refers={UNPAID: "2"})
    newest = list(reversed(life.entries))
    assert last_paid(newest, 2) == {LATER: 1, SOON: 1}
    assert last_paid(newest, 0) == {}
    with pytest.raises(AssertionError, match="more was paid"):
        last_paid(newest, 6)


def test_where_all_of_it_is_still_owed_no_entry_is_read() -> None:
    posting = a_posting(a_lot(30, SOON))
    clawed = posting.claw_back(100, None)
    wallet = posting.close(Reason.DISPUTE, at=NOW).after
    lost = Dispute(ONE, OPEN, clawed.taken, clawed.debt)
    assert paid_since(lost, wallet, entries=iter(())) == ()

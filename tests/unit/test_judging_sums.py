"""The sums over any verdict: lines, replays, and refunds in any parts, in rules and in wallets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.kernel.clock import end_of_month_after
from chalicelib.kernel.money import MONEY_MAX
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import Lot, Wallet
from chalicelib.ledger.wallets.rules import Posting, balance, new_wallet
from chalicelib.program.documents.model import DEFAULTS, Longer
from chalicelib.tiers.campaigns.model import Cap, Per
from chalicelib.tiers.judging.model import Facts, Judgement, Kept
from chalicelib.tiers.judging.rules import explain, parts, rebuilt, worth
from tests.builders import LATER, MEMBER_ID, NOW, TODAY
from tests.campaigns import a_bonus, a_campaign, cmp, judged

BOOKED: Final = date(2027, 1, 1)
LAST: Final = date(2029, 1, 31)
LONGER: Final = Longer(TODAY, LATER, 12, TODAY)


@st.composite
def verdicts(draw: st.DrawFn) -> Judgement:
    """Return what a purchase is given by one multiplier and two bonuses, all sorts of them."""
    fen = draw(st.integers(0, MONEY_MAX) | st.integers(0, 100_000))
    tea = draw(st.integers(0, fen))
    optional: Any = st.none() | st.integers(1, 3_660)
    about: Any = st.sampled_from([(), ("tea",)])
    campaigns = [
        a_campaign(
            "a",
            multiplier_bp=draw(st.integers(10_001, 100_000)),
            validity_days=draw(optional),
            categories=draw(about),
            per_member=Cap(10**6, Per.EVER),
        ),
        a_bonus("b", yuan=draw(st.integers(1, 1_000)), validity_days=draw(optional)),
        a_bonus("c", yuan=draw(st.integers(1, 10)), categories=draw(about), budget=1_000),
    ]
    facts = Facts(
        room={cmp("a"): draw(st.integers(0, 10**6))},
        left={cmp("c"): draw(st.integers(0, 400))},
    )
    return judged(*campaigns, fen=fen, amounts={"tea": tea}, facts=facts).judgement


@settings(max_examples=150)
@given(verdicts())
def test_the_lines_add_up_to_the_points_and_a_replay_tells_the_same(verdict: Judgement) -> None:
    lines = explain(verdict, booked_on=BOOKED)
    assert sum(line.points for line in lines) == worth(verdict, left=verdict.paid.amount)
    assert all(f"{line.points} point" in line.en for line in lines if line.points)
    campaigns = {o.campaign.id: o.campaign for o in verdict.outcomes}
    kept = Kept(0, 1, verdict.paid, verdict.kept(), verdict.matched())
    again = rebuilt(kept, DEFAULTS, campaigns=campaigns)
    assert explain(again, booked_on=BOOKED) == lines


@settings(max_examples=150)
@given(verdicts(), st.data())
def test_any_partition_of_a_refund_ends_where_the_whole_does(
    verdict: Judgement, data: st.DataObject
) -> None:
    paid = verdict.paid.amount
    cuts = sorted(data.draw(st.lists(st.integers(0, paid), max_size=6)), reverse=True)
    before = dated(verdict, paid)
    assert sum(before.values()) == worth(verdict, left=paid)
    for left in [*cuts, 0]:
        after = dated(verdict, left)
        # No step gives anything back, on any date.
        assert all(points <= before.get(day, 0) for day, points in after.items())
        before = after
    assert before == {}


def dated(verdict: Judgement, left: int) -> dict[date, int]:
    lots = parts(verdict, left=left, expires_on=LAST, booked_on=BOOKED)
    return {lot.expires_on: lot.points for lot in lots}


@dataclass(frozen=True)
class Purse:
    """A wallet with the points of a purchase, of a referral and others, and when some go back."""

    verdict: Judgement
    expires_on: date
    referral: Lot
    wallet: Wallet
    today: date

    def worth(self, left: int) -> dict[date, int]:
        """Return by date what so much of the purchase is worth."""
        lots = parts(self.verdict, left=left, expires_on=self.expires_on, booked_on=TODAY)
        return {lot.expires_on: lot.points for lot in lots}


@st.composite
def purses(draw: st.DrawFn) -> Purse:
    """Return a purse of which some was spent; what was merged goes back when some of it is past.

    A validity that became longer since may keep the date that was merged, and not its later one.
    """
    days: Any = st.integers(1, 120)
    fen = draw(st.integers(100, 5_000))
    verdict = judged(
        a_campaign(
            "a",
            multiplier_bp=draw(st.integers(10_001, 40_000)),
            validity_days=draw(st.none() | days),
        ),
        a_bonus(
            "b",
            points=draw(st.integers(1, 30)),
            yuan=draw(st.integers(1, 20)),
            validity_days=draw(st.none() | days),
        ),
        fen=fen,
    ).judgement
    months_end = end_of_month_after(TODAY, draw(st.integers(0, 3)))
    ends, *others = (
        Lot(TODAY + timedelta(days=draw(days)), draw(st.integers(1, 40)))
        for _ in range(draw(st.integers(2, 5)))
    )
    wallet, today = new_wallet(MEMBER_ID, NOW).after, TODAY
    if more := draw(st.just(0) | st.integers(1, 60)):
        if longer := draw(st.sampled_from([(), (LONGER,)])):
            ends = replace(ends, expires_on=months_end)
        first = ends.expires_on if longer else draw(st.sampled_from([ends, others[0]])).expires_on
        wallet = replace(wallet, merged=((first, first + timedelta(days=more)),), longer=longer)
        today = first + timedelta(days=draw(st.integers(0, more) | st.just(more + 1)))
    purse = Purse(verdict, ends.expires_on, others[0], wallet, today)
    posting = Posting(wallet, TODAY)
    for day, points in purse.worth(fen).items():
        posting.credit(points, day)
    for lot in others:
        posting.credit(lot.points, lot.expires_on)
    wallet = posting.close(Reason.PURCHASE, at=NOW).after
    if spent := draw(st.integers(0, wallet.available)):
        spending = Posting(wallet, TODAY)
        spending.spend(spent, into=Account.REDEEMED)
        wallet = spending.close(Reason.REDEMPTION, at=NOW).after
    return replace(purse, wallet=wallet)


def stepped(purse: Purse, steps: Iterable[tuple[Reason, int]]) -> tuple[Wallet, int]:
    """Return a wallet after refunds until so much is left, and what could be spent between them."""
    wallet, spent, before = purse.wallet, 0, purse.worth(purse.verdict.paid.amount)
    for reason, amount in steps:
        posting = Posting(wallet, purse.today)
        if reason is Reason.REFUND:
            after = purse.worth(amount)
            for day, points in before.items():
                posting.claw_back(points - after.get(day, 0), day)
            before = after
        elif reason is Reason.REFERRAL_REFUND:
            posting.claw_back(amount, purse.referral.expires_on)
        elif not wallet.debt and 0 < amount <= balance(wallet, purse.today):
            posting.spend(amount, into=Account.REDEEMED)
            spent += amount
        wallet = posting.close(reason, at=NOW).after
    return wallet, spent


@settings(max_examples=150)
@given(purses(), st.data())
def test_any_partition_of_a_refund_leaves_the_wallet_where_the_whole_does(
    purse: Purse, data: st.DataObject
) -> None:
    """Whatever could be spent between the parts, and wherever a referral is taken back.

    Spending takes the soonest dates and a refund its own first; both go on with the soonest, so
    either order uses up the same ones, as long as there was enough for the spending.
    """
    paid = purse.verdict.paid.amount
    marks = data.draw(st.lists(st.integers(0, paid), min_size=1, max_size=5).map(sorted))
    spending = [(Reason.REDEMPTION, n) for n in data.draw(st.lists(st.integers(1, 60), max_size=3))]
    referral = (Reason.REFERRAL_REFUND, purse.referral.points)
    steps = data.draw(st.permutations([referral, *spending, *((Reason.REFUND, 0) for _ in marks)]))
    downwards = reversed(marks)
    stepwise, spent = stepped(
        purse,
        [(why, next(downwards) if why is Reason.REFUND else amount) for why, amount in steps],
    )
    refund, all_of_it = (Reason.REFUND, marks[0]), (Reason.REDEMPTION, spent)
    whole, _ = stepped(purse, [all_of_it, refund, referral])
    assert (stepwise.lots, stepwise.debt) == (whole.lots, whole.debt)
    later, as_much = stepped(purse, [referral, refund, all_of_it])
    if as_much == spent:
        assert (later.lots, later.debt) == (whole.lots, whole.debt)

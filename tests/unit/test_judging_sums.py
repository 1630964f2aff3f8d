"""The sums over any verdict: lines, replays, and refunds in any parts, in rules and in wallets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.kernel.money import MONEY_MAX
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import Wallet
from chalicelib.ledger.wallets.rules import Posting, new_wallet
from chalicelib.program.documents.model import DEFAULTS
from chalicelib.tiers.campaigns.model import Cap, Per
from chalicelib.tiers.judging.model import Facts, Judgement, Kept
from chalicelib.tiers.judging.rules import explain, parts, rebuilt, worth
from tests.builders import MEMBER_ID, NOW, TODAY
from tests.campaigns import a_bonus, a_campaign, cmp, judged

BOOKED: Final = date(2027, 1, 1)
LAST: Final = date(2029, 1, 31)


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


@st.composite
def purses(draw: st.DrawFn) -> tuple[Judgement, date, Wallet]:
    """Return a verdict of up to three dates, and a wallet that got it and spent some of all."""
    days: Any = st.none() | st.integers(1, 120)
    fen = draw(st.integers(100, 5_000))
    verdict = judged(
        a_campaign("a", multiplier_bp=draw(st.integers(10_001, 40_000)), validity_days=draw(days)),
        a_bonus(
            "b",
            points=draw(st.integers(1, 30)),
            yuan=draw(st.integers(1, 20)),
            validity_days=draw(days),
        ),
        fen=fen,
    ).judgement
    last = TODAY + timedelta(days=draw(st.integers(1, 120)))
    lots = parts(verdict, left=fen, expires_on=last, booked_on=TODAY)
    posting = Posting(new_wallet(MEMBER_ID, NOW).after, TODAY)
    for points, ends in draw(
        st.lists(st.tuples(st.integers(1, 40), st.integers(1, 120)), max_size=3)
    ):
        posting.credit(points, TODAY + timedelta(days=ends))
    for lot in lots:
        posting.credit(lot.points, lot.expires_on)
    wallet = posting.close(Reason.PURCHASE, at=NOW).after
    spending = Posting(wallet, TODAY)
    if spent := draw(st.integers(0, wallet.available)):
        spending.spend(spent, into=Account.REDEEMED)
        wallet = spending.close(Reason.REDEMPTION, at=NOW).after
    return verdict, last, wallet


@settings(max_examples=150)
@given(purses(), st.data())
def test_any_partition_of_a_refund_leaves_the_wallet_where_the_whole_does(
    purse: tuple[Judgement, date, Wallet], data: st.DataObject
) -> None:
    verdict, last, wallet = purse
    paid = verdict.paid.amount
    end = data.draw(st.integers(0, paid - 1))
    cuts = data.draw(st.lists(st.integers(end, paid), max_size=5))

    def left_of(wallet: Wallet, *marks: int) -> Wallet:
        before = parts(verdict, left=paid, expires_on=last, booked_on=TODAY)
        for left in marks:
            after = parts(verdict, left=left, expires_on=last, booked_on=TODAY)
            kept = {lot.expires_on: lot.points for lot in after}
            posting = Posting(wallet, TODAY)
            for lot in before:
                posting.claw_back(lot.points - kept.get(lot.expires_on, 0), lot.expires_on)
            wallet, before = posting.close(Reason.REFUND, at=NOW).after, after
        return wallet

    whole = left_of(wallet, end)
    stepwise = left_of(wallet, *sorted(cuts, reverse=True), end)
    assert (stepwise.lots, stepwise.debt) == (whole.lots, whole.debt)

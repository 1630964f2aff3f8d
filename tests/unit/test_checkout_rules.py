"""The order in which an order is refused, as a table; and what redeeming takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

import pytest

from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.rewards.model import (
    EVERYONE,
    Audience,
    Kind,
    Limit,
    Option,
    Per,
    Reward,
    Standing,
    Taker,
    Text,
    Window,
)
from chalicelib.catalog.rewards.rules import NotEligible, NotRedeemableNow
from chalicelib.catalog.stock.model import Left, Mode, Shard, StockPlan
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.kernel.errors import InvalidFields, LimitReached, Refusal
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import Lot, Wallet
from chalicelib.ledger.wallets.rules import DebtOpen, InsufficientPoints, MemberFrozen
from chalicelib.redeem.checkout.model import Ask, Price
from chalicelib.redeem.checkout.rules import (
    CashBelowMinimum,
    CashNotChargeable,
    Facts,
    begun,
    judge,
    redeem,
)
from chalicelib.redeem.orders.model import Status
from chalicelib.redeem.orders.rules import PAY_WITHIN
from chalicelib.redeem.review.rules import REVIEW_WITHIN

NOW: Final = datetime(2026, 11, 21, 4, tzinfo=UTC)
TODAY: Final = date(2026, 11, 21)
SOON, LATE = date(2026, 12, 31), date(2027, 12, 31)
ONE: Final = Ask("rwd_00000000000", 0, 1)


def a_wallet(*lots: Lot, frozen: bool = False, debt: int = 0) -> Wallet:
    available = sum(lot.points for lot in lots)
    return Wallet("mem_00000000000", 3, available, 0, debt, lots, None, frozen, b"")


def a_reward(points: int = 100, *, cash: int = 0) -> Reward:
    return Reward(
        id=ONE.reward_id,
        version=1,
        created_at=NOW,
        kind=Kind.GOODS,
        title=Text("马克杯", "Mug"),
        description=None,
        brand=None,
        picture=None,
        category=None,
        options=(Option(points, cash=Money(cash, "cny") if cash else None),),
        audience=EVERYONE,
        limits=(),
        shown=None,
        redeemable=None,
        stock=StockPlan(ONE.reward_id, Mode.COUNTED, 10, 4, 1),
    )


GOOD: Final = Facts(
    now=NOW,
    today=TODAY,
    wallet=a_wallet(Lot(SOON, 80), Lot(LATE, 80)),
    reward=a_reward(),
    taker=Taker(),
    counters=(),
    left=Left({0: Shard(10, 10)}),
)
FULL: Final = Counter("mem_00000000000", "L#", Limit(Per.DAY, 1), None, used=1)

CAUSES: Final[list[tuple[type[Refusal], dict[str, object]]]] = [
    (MemberFrozen, {"wallet": a_wallet(frozen=True, debt=5)}),
    (DebtOpen, {"wallet": a_wallet(debt=5)}),
    (NotRedeemableNow, {"reward": replace(a_reward(), redeemable=Window(closes=NOW))}),
    (NotEligible, {"reward": replace(a_reward(), audience=Audience(standing=Standing.GOLD))}),
    (LimitReached, {"counters": (FULL,)}),
    (InsufficientPoints, {"wallet": a_wallet(Lot(SOON, 99))}),
    (CashBelowMinimum, {"reward": a_reward(cash=479)}),
    (CashNotChargeable, {"reward": a_reward(cash=100_000_000)}),
    (SoldOut, {"left": Left({0: Shard(10, 0)})}),
]


@pytest.mark.parametrize(("refusal", "cause"), CAUSES)
def test_each_cause_is_refused_by_its_own_code(
    refusal: type[Refusal], cause: dict[str, object]
) -> None:
    with pytest.raises(refusal):
        judge(_facts(cause), ONE)


@pytest.mark.parametrize("first", range(len(CAUSES)))
def test_the_first_cause_in_the_contracts_order_speaks(first: int) -> None:
    wrong: dict[str, object] = {}
    for _, cause in reversed(CAUSES[first:]):
        wrong |= cause
    # Two causes lie in the reward; the window comes before the audience.
    if CAUSES[first][0] is NotRedeemableNow:
        wrong["reward"] = replace(
            a_reward(), redeemable=Window(closes=NOW), audience=Audience(standing=Standing.GOLD)
        )
    with pytest.raises(CAUSES[first][0]):
        judge(_facts(wrong), ONE)


def test_nothing_wrong_costs_points_times_quantity() -> None:
    assert judge(GOOD, ONE) == Price(100, None)
    wealthy = replace(GOOD, wallet=a_wallet(Lot(SOON, 300)))
    assert judge(wealthy, replace(ONE, quantity=3)) == Price(300, None)


def test_cash_is_paid_for_each_unit() -> None:
    dear = replace(GOOD, reward=a_reward(10, cash=480))
    assert judge(dear, replace(ONE, quantity=3)) == Price(30, Money(1440, "cny"))


@pytest.mark.parametrize("cash", [480, 99_999_999])
def test_the_least_and_the_most_that_a_card_is_charged(cash: int) -> None:
    judge(replace(GOOD, reward=a_reward(cash=cash)), ONE)


@pytest.mark.parametrize(
    ("cash", "is_looked_at", "status", "deadline"),
    [
        (None, False, Status.SETTLED, None),
        (None, True, Status.IN_REVIEW, NOW + REVIEW_WITHIN),
        (Money(480, "cny"), False, Status.AWAITING_PAYMENT, NOW + PAY_WITHIN),
        (Money(480, "cny"), True, Status.IN_REVIEW, NOW + REVIEW_WITHIN),
    ],
)
def test_an_order_begins_by_its_cash_and_by_who_looks_at_it(
    *, cash: Money | None, is_looked_at: bool, status: Status, deadline: datetime | None
) -> None:
    told = begun(Price(10, cash), is_looked_at=is_looked_at, now=NOW)
    assert told == (status, deadline)


def test_without_a_look_at_them_limits_and_stock_are_left_to_the_transaction() -> None:
    unread = replace(FULL, used=None)
    assert judge(replace(GOOD, left=None, counters=(unread,)), ONE) == Price(100, None)


def test_an_option_that_is_not_there_is_an_invalid_field() -> None:
    with pytest.raises(InvalidFields) as refused:
        judge(GOOD, replace(ONE, option=1))
    assert refused.value.facts["errors"] == [
        {"pointer": "/option", "detail": "this reward has 1 option(s)"}
    ]


def test_redeeming_takes_the_soonest_date_first_and_names_the_order() -> None:
    redeemed = redeem(GOOD, 100, held=False, order_id="ord_1", program_version=7)
    assert redeemed.taken == (Lot(SOON, 80), Lot(LATE, 20))
    assert redeemed.change.after.lots == (Lot(LATE, 60),)
    entry = redeemed.change.entry
    assert entry.legs == {Account.AVAILABLE: -100, Account.REDEEMED: 100}
    assert (entry.reason, entry.refers) == (Reason.REDEMPTION, {"order": "ord_1"})
    assert entry.program_version == 7


def test_points_are_held_while_an_order_is_looked_at() -> None:
    redeemed = redeem(GOOD, 100, held=True, order_id="ord_1", program_version=7)
    entry, after = redeemed.change.entry, redeemed.change.after
    assert entry.legs == {Account.AVAILABLE: -100, Account.ESCROW: 100}
    assert (entry.reason, after.held) == (Reason.HOLD, 100)


def _facts(wrong: dict[str, object]) -> Facts:
    return replace(GOOD, **wrong)  # type: ignore[arg-type]

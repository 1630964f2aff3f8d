"""What an order costs, who may place it, and what placing it does: pure, in one fixed order.

Refusals: frozen, debt, not redeemable now, not eligible, limit reached, insufficient points, sold
out. What limits and stock hold costs a read, so the first try does without: the transaction's own
conditions stand in for the rules, and when one of them fails the rules are asked with the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.catalog.limits import rules as limits
from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.rewards import rules as rewards
from chalicelib.catalog.rewards.model import Reward, Taker
from chalicelib.catalog.stock import rules as stock
from chalicelib.catalog.stock.model import Left
from chalicelib.gateways.payments.rules import Unchargeable, minimum_charge, why_unchargeable
from chalicelib.kernel.errors import InvalidFields, RuleRefusal
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets import rules as wallets
from chalicelib.ledger.wallets.model import Change, Lots, Wallet
from chalicelib.redeem.checkout.model import Ask, Price
from chalicelib.redeem.orders.model import Status
from chalicelib.redeem.orders.rules import PAY_WITHIN
from chalicelib.redeem.review.rules import REVIEW_WITHIN


class CashBelowMinimum(RuleRefusal):
    """The cash part is less than what a card can be charged."""

    code = "cash_below_minimum"
    en = "The cash part must be at least {minimum} minor units of {currency}."
    zh = "现金部分不得低于 {minimum}（{currency} 最小货币单位）。"


class CashNotChargeable(RuleRefusal):
    """The cash part is an amount that no card can be charged."""

    code = "cash_not_chargeable"
    en = "The cash part cannot be charged: {reason}."
    zh = "现金部分无法收取（{reason}）。"


@dataclass(frozen=True, slots=True)
class Facts:
    """What an order is judged by. `counters` are the reward's limits in their present periods.

    `left` is the stock; where it, or what a counter used, was not read, it refuses nothing.
    """

    now: datetime
    today: date
    wallet: Wallet
    reward: Reward
    taker: Taker
    counters: tuple[Counter, ...]
    left: Left | None


def price_of(reward: Reward, ask: Ask) -> Price:
    """Return the price of all units of the option asked for."""
    if ask.option >= len(reward.options):
        count = len(reward.options)
        raise InvalidFields.at(
            "/option", f"this reward has {count} option(s)", zh=f"该奖励仅有 {count} 个兑换选项"
        )
    option = reward.options[ask.option]
    cash = option.cash and Money(option.cash.amount * ask.quantity, option.cash.currency)
    return Price(option.points * ask.quantity, cash)


def refuse_unchargeable(price: Price) -> None:
    """Raise `CashBelowMinimum` or `CashNotChargeable` for cash that no card can be charged with."""
    why = None if price.cash is None else why_unchargeable(price.cash)
    if why is Unchargeable.BELOW_MINIMUM:
        assert price.cash is not None
        least = minimum_charge(price.cash.currency)
        raise CashBelowMinimum(minimum=least.amount, currency=least.currency)
    if why is not None:
        raise CashNotChargeable(reason=why.value)


def judge(facts: Facts, ask: Ask) -> Price:
    """Return the price, or raise the first refusal in the contract's order."""
    price = price_of(facts.reward, ask)
    wallets.refuse_frozen(facts.wallet)
    wallets.refuse_debt(facts.wallet)
    rewards.refuse_not_redeemable(facts.reward, facts.now)
    rewards.refuse_not_eligible(facts.reward, facts.taker)
    limits.refuse(facts.counters, ask.quantity)
    wallets.refuse_short(facts.wallet, facts.today, points=price.points)
    refuse_unchargeable(price)
    if facts.left is not None:
        stock.refuse_sold_out(facts.reward.stock, facts.left, quantity=ask.quantity)
    return price


def begun(price: Price, *, is_looked_at: bool, now: datetime) -> tuple[Status, datetime | None]:
    """Return how an order begins, and until when it waits."""
    if is_looked_at:
        return Status.IN_REVIEW, now + REVIEW_WITHIN
    if price.cash is not None:
        return Status.AWAITING_PAYMENT, now + PAY_WITHIN
    return Status.SETTLED, None


def redeem(
    facts: Facts, points: int, *, held: bool, order_id: str, program_version: int
) -> Redeemed:
    """Return the wallet after paying `points`, or after they were `held`, and which dates paid."""
    posting = wallets.Posting(facts.wallet, facts.today)
    taken = posting.spend(points, into=Account.ESCROW if held else Account.REDEEMED)
    change = posting.close(
        Reason.HOLD if held else Reason.REDEMPTION,
        at=facts.now,
        refers={"order": order_id},
        program_version=program_version,
    )
    return Redeemed(change, taken)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A wallet's change that pays an order, and the lots it took."""

    change: Change
    taken: Lots

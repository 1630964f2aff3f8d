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
from chalicelib.kernel.errors import InvalidFields
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets import rules as wallets
from chalicelib.ledger.wallets.model import Change, Lots, Wallet
from chalicelib.redeem.checkout.model import Ask


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


def price_of(reward: Reward, ask: Ask) -> int:
    """Return the points of all units of the option asked for."""
    if ask.option >= len(reward.options):
        raise InvalidFields.at("/option", f"this reward has {len(reward.options)} option(s)")
    return reward.options[ask.option].points * ask.quantity


def judge(facts: Facts, ask: Ask) -> int:
    """Return the price, or raise the first refusal in the contract's order."""
    points = price_of(facts.reward, ask)
    wallets.refuse_frozen(facts.wallet)
    wallets.refuse_debt(facts.wallet)
    rewards.refuse_not_redeemable(facts.reward, facts.now)
    rewards.refuse_not_eligible(facts.reward, facts.taker)
    limits.refuse(facts.counters, ask.quantity)
    wallets.refuse_short(facts.wallet, facts.today, points=points)
    if facts.left is not None:
        stock.refuse_sold_out(facts.reward.stock, facts.left, quantity=ask.quantity)
    return points


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

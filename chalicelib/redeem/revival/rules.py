"""What stands against bringing an order back, and what it is like when it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.catalog.limits import rules as limits
from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.stock.model import Taken
from chalicelib.gateways.payments.model import Intent
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets import rules as wallets
from chalicelib.ledger.wallets.model import Change, Lots, Wallet
from chalicelib.redeem.orders.model import Fulfilment, Order, Status


@dataclass(frozen=True, slots=True)
class Facts:
    """What bringing an order back is judged by, as fresh as lost races have shown it.

    `counters` are the reward's limits, in the periods in which the order was placed.
    """

    now: datetime
    today: date
    wallet: Wallet
    counters: Sequence[Counter]
    reward_version: int
    program_version: int


@dataclass(frozen=True, slots=True)
class Retaken:
    """What an order takes anew: points by date, with the wallet's change, and units."""

    change: Change
    taken: Lots
    units: Taken


def refuse(order: Order, facts: Facts) -> None:
    """Raise what stands against it as against any new spending; units are asked for later.

    A member who was erased has no points, and nothing is free.
    """
    wallets.refuse_frozen(facts.wallet)
    wallets.refuse_debt(facts.wallet)
    limits.refuse(facts.counters, order.quantity)
    wallets.refuse_short(facts.wallet, facts.today, points=order.points)


def retaken(order: Order, facts: Facts, *, units: Taken) -> Retaken:
    """Return what an order takes anew: its price, soonest dates first."""
    posting = wallets.Posting(facts.wallet, facts.today)
    taken = posting.spend(order.points, into=Account.REDEEMED)
    change = posting.close(
        Reason.REVIVED,
        at=facts.now,
        refers={"order": order.id},
        program_version=facts.program_version,
    )
    return Retaken(change, taken, units)


def revived(order: Order, facts: Facts, *, again: Retaken, intent: Intent) -> Order:
    """Return an order that is settled after all, at the price it was placed at.

    It names the version of its reward whose limits count it now.
    """
    return replace(
        order,
        reward_version=facts.reward_version,
        version=order.version + 1,
        status=Status.SETTLED,
        settled_at=facts.now,
        taken=again.taken,
        units=again.units,
        periods=tuple(counter.period for counter in facts.counters),
        quantity_returned=0,
        returned=0,
        debt_paid=0,
        expired=0,
        intent_id=intent.id,
    )


def to_be_sent(order: Order) -> Order:
    """Return an order that goes to the address that it was placed with."""
    return replace(order, fulfilment=Fulfilment.PENDING)

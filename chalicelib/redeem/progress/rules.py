"""What a payment means to its order."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Final

from chalicelib.gateways.payments.model import Intent, IntentStatus
from chalicelib.redeem.orders.model import Order, Status
from chalicelib.redeem.orders.rules import is_overdue

DEAD: Final = frozenset({Status.CANCELLED, Status.EXPIRED})
"""States in which everything came back by itself or at somebody's wish."""
UNNOTED: Final = frozenset({Status.AWAITING_PAYMENT, Status.EXPIRED})
"""States in which an order's payment may have been made without its id being kept."""


class Meaning(Enum):
    """What follows from how a payment stands."""

    WAIT = "nothing yet"
    SETTLE = "it was paid as asked"
    RELEASE = "nobody can pay it any more"
    STRANGE = "it was paid otherwise than asked"


def meaning_of(order: Order, intent: Intent, *, is_live: bool) -> Meaning:
    """Return what a payment means to its order; only Stripe's own word counts.

    `is_live`: whether our key moves real money; a payment that does otherwise is none of ours.
    """
    if intent.status is IntentStatus.CANCELED:
        return Meaning.RELEASE
    if intent.status is not IntentStatus.SUCCEEDED:
        return Meaning.WAIT
    is_ours = intent.mark is not None and intent.mark.order_id == order.id
    is_whole = intent.cash == order.cash and intent.received == order.cash
    is_real = intent.is_live is is_live
    return Meaning.SETTLE if is_ours and is_whole and is_real else Meaning.STRANGE


def is_over(order: Order, now: datetime) -> bool:
    """Tell whether nobody is to pay an order any more: it is overdue, or its member cancels it."""
    return order.wish is not None or is_overdue(order, now)


def is_own(order: Order, intent: Intent) -> bool:
    """Tell whether a payment is the one that its order waits, or waited, for."""
    if order.intent_id is not None:
        return order.intent_id == intent.id
    is_ours = intent.mark is not None and intent.mark.order_id == order.id
    return is_ours and order.status in UNNOTED


def is_late(order: Order, intent: Intent) -> bool:
    """Tell whether money came for an order that is dead, or that does not wait for it."""
    is_paid = intent.status is IntentStatus.SUCCEEDED
    return is_paid and (order.status in DEAD or not is_own(order, intent))

"""What a payment means to its order."""

from __future__ import annotations

from enum import Enum

from chalicelib.gateways.payments.model import Intent, IntentStatus
from chalicelib.redeem.orders.model import Order


class Meaning(Enum):
    """What follows from how a payment stands."""

    WAIT = "nothing yet"
    SETTLE = "it was paid as asked"
    RELEASE = "nobody can pay it any more"
    STRANGE = "it was paid otherwise than asked"


def meaning_of(order: Order, intent: Intent) -> Meaning:
    """Return what a payment means to its order; only Stripe's own word counts."""
    if intent.status is IntentStatus.CANCELED:
        return Meaning.RELEASE
    if intent.status is not IntentStatus.SUCCEEDED:
        return Meaning.WAIT
    is_ours = intent.mark is not None and intent.mark.order_id == order.id
    is_whole = intent.cash == order.cash and intent.received == order.cash
    return Meaning.SETTLE if is_ours and is_whole else Meaning.STRANGE

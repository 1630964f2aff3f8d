"""When an order began to wait for its money, what Stripe remembers, and what its words mean."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from chalicelib.kernel.errors import Unavailable
from chalicelib.redeem.orders.model import Order
from chalicelib.redeem.orders.rules import PAY_WITHIN

UNKNOWN: Final = "resource_missing"
"""Stripe's word for what its account does not have, or does not have in this mode."""
IN_USE: Final = "idempotency_key_in_use"
"""Stripe's word while another request with the same key is still being carried out."""
FORGOTTEN: Final = timedelta(hours=23)
"""Stripe answers a key alike for 24 hours at least; an hour before, nobody relies on it."""


class StripeAway(Unavailable):
    """Stripe does not say how a payment stands; whoever only looks is shown what we know."""


def begun_at(order: Order) -> datetime:
    """Return when an order began to wait for money: before that nobody asked for its payment."""
    return order.placed_at if order.deadline is None else order.deadline - PAY_WITHIN


def is_forgotten(order: Order, now: datetime) -> bool:
    """Tell whether Stripe may no longer know the key of an order's payment."""
    return begun_at(order) + FORGOTTEN <= now

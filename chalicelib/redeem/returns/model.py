"""What is asked when an order comes back, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.redeem.orders.model import Order
from chalicelib.redeem.refunds.model import OrderRefund


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancelled order, and whether this request found it so."""

    order: Order
    replayed: bool


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What support wants to give back: so many units, or so many minor units of the cash.

    Nothing said: all that is left. `restock`: the units may be sold again.
    """

    quantity: int | None
    restock: bool
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund, and whether an earlier request made it."""

    refund: OrderRefund
    replayed: bool

"""What is asked when an order comes back, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.redeem.orders.model import Order


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancelled order, and whether this request found it so."""

    order: Order
    replayed: bool


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What support wants to give back: so many units, all that are left where `quantity` is None.

    `restock`: the units may be sold again.
    """

    quantity: int | None
    restock: bool


@dataclass(frozen=True, slots=True)
class OrderRefund:
    """A refund of an order that was made: `debt_paid` of the points paid what was owed."""

    id: str
    order_id: str
    quantity: int
    points: int
    debt_paid: int
    is_restocked: bool
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund, and whether an earlier request made it."""

    refund: OrderRefund
    replayed: bool

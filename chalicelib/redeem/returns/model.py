"""What is asked when an order comes back, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.kernel.money import Money
from chalicelib.redeem.orders.model import Order


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancelled order, and whether this request found it so."""

    order: Order
    replayed: bool


class RefundState(StrEnum):
    """Where a refund stands: its points are back at once, its money when Stripe says so."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What support wants to give back: so many units, or so many minor units of the cash.

    Nothing said: all that is left. `restock`: the units may be sold again.
    """

    quantity: int | None
    restock: bool
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class OrderRefund:
    """A refund of an order that was made: `debt_paid` of the points paid what was owed.

    `cash` goes back through Stripe, as the `number`-th refund of the order's payment.
    """

    id: str
    order_id: str
    quantity: int
    points: int
    debt_paid: int
    is_restocked: bool
    fingerprint: bytes
    cash: Money | None = None
    number: int = 0
    intent_id: str | None = None
    state: RefundState = RefundState.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund, and whether an earlier request made it."""

    refund: OrderRefund
    replayed: bool

"""What an order that waits for money shows to whoever may pay it."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.redeem.orders.model import Order, Status, Step
from chalicelib.redeem.refunds.model import OrderRefund


@dataclass(frozen=True, slots=True)
class Current:
    """An order as it is by now; `client_secret` lets its member pay, while it waits for money.

    `is_told`: what was to be written beside the step was written with it.
    """

    order: Order
    client_secret: str | None = field(default=None, repr=False)
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How an order ends that waited: why, as what, and which cash is owed with it."""

    step: Step
    status: Status
    owed: OrderRefund | None = None

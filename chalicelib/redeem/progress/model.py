"""What an order that waits for money shows to whoever may pay it."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.redeem.orders.model import Order


@dataclass(frozen=True, slots=True)
class Current:
    """An order as it is by now; `client_secret` lets its member pay, while it waits for money."""

    order: Order
    client_secret: str | None = field(default=None, repr=False)

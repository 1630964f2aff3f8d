"""What an operator says of an order that is to be sent."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.redeem.orders.model import Fulfilment


@dataclass(frozen=True, slots=True)
class Progress:
    """Whether it was sent, and how to follow it; as the audit log keeps it."""

    state: Fulfilment
    tracking: str | None

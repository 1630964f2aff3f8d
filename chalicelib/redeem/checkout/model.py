"""What a member asks for, and what came of asking."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.redeem.orders.model import Address, Order


@dataclass(frozen=True, slots=True)
class Ask:
    """What a member asks for: units of one price option of a reward."""

    reward_id: str
    option: int
    quantity: int
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An order, and whether this request found it already placed."""

    order: Order
    replayed: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order would cost now, and the balance before and after it."""

    points: int
    available: int
    available_after: int

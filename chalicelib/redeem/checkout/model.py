"""What a member asks for, and what came of asking."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.kernel.money import Money
from chalicelib.redeem.orders.model import Address
from chalicelib.redeem.progress.model import Current


@dataclass(frozen=True, slots=True)
class Ask:
    """What a member asks for: units of one price option of a reward."""

    reward_id: str
    option: int
    quantity: int
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What an order costs: points, and cash where its option has a cash part."""

    points: int
    cash: Money | None


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as it is by now, and whether this request found it already placed."""

    current: Current
    replayed: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order would cost now, and the balance before and after it."""

    price: Price
    available: int
    available_after: int

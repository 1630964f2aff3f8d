"""What an order is: the price that was fixed when it was placed, and what was taken for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.ledger.wallets.model import Lots


class Status(StrEnum):
    """Where an order stands."""

    SETTLED = "settled"


class Fulfilment(StrEnum):
    """Whether something is to be sent, and whether it was."""

    NONE = "none"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to send it. Personal data: kept in an item of its own and nowhere else."""

    name: str
    phone: str
    line1: str
    city: str
    country: str
    line2: str | None = None
    region: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What a member asks for: units of one price option of a reward."""

    reward_id: str
    option: int
    quantity: int
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `points` is the price of all its units; `taken` tells which dates paid it."""

    id: str
    member_id: str
    reward_id: str
    reward_version: int
    option: int
    quantity: int
    points: int
    status: Status
    fulfilment: Fulfilment
    placed_at: datetime
    taken: Lots
    program_version: int
    fingerprint: bytes


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

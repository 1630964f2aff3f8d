"""What was decided, as the audit log keeps it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Booked:
    """A refund that somebody made at Stripe and that was booked here: no unit came back with it."""

    stripe_id: str
    amount: int
    restock: bool = False


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A payment that was given back because no order of ours is behind it."""

    intent_id: str
    amount: int
    currency: str

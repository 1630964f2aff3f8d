"""What is kept of an event of Stripe's: enough to know where to look, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Thing(StrEnum):
    """What an event is about, as Stripe calls it; of others nothing follows here."""

    PAYMENT = "payment_intent"
    REFUND = "refund"
    DISPUTE = "dispute"


class State(StrEnum):
    """How far an event is."""

    RECEIVED = "received"
    LEASED = "leased"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: which object to look at.

    `intent_id` and `order_id` are there where the event names them. `leased_until`: until then
    whoever claimed it works it off alone.
    """

    id: str
    type: str
    thing: Thing
    thing_id: str
    intent_id: str | None
    order_id: str | None
    is_live: bool
    created_at: datetime
    received_at: datetime
    state: State = State.RECEIVED
    leased_until: datetime | None = None

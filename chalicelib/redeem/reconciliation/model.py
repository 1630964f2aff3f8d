"""What two sides tell of the same money, and how they may differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from chalicelib.kernel.money import Money


class Kind(Enum):
    """How the two sides of an order may differ; the values are for logs."""

    PAID_WAITING = "paid_waiting"
    OVERDUE = "overdue"
    PAID_DEAD = "paid_dead"
    PAID_TWICE = "paid_twice"
    NO_ORDER = "no_order"
    UNPAID = "unpaid"
    REFUND_WAITS = "refund_waits"
    REFUND_STATE = "refund_state"
    REFUND_FAILED = "refund_failed"
    REFUND_MISSING = "refund_missing"
    REFUND_UNBOOKED = "refund_unbooked"
    REFUND_AMOUNT = "refund_amount"
    DISPUTE = "dispute"
    DISPUTE_CONTRARY = "dispute_contrary"


SENTENCES: Final[Mapping[Kind, str]] = {
    Kind.PAID_WAITING: (
        "{amount} was paid ({about}), and the order {order} still waits for it:"
        " the order takes the payment."
    ),
    Kind.OVERDUE: (
        "The order {order} of {amount} waits past its deadline, {here}:"
        " its payment is cancelled, and points and stock come back."
    ),
    Kind.PAID_DEAD: (
        "{amount} was paid ({about}) for the order {order}, which is {here}:"
        " the order comes back to life, or the money goes back."
    ),
    Kind.PAID_TWICE: (
        "{amount} was paid ({about}) for the order {order}, whose payment is {here}:"
        " the second payment goes back."
    ),
    Kind.NO_ORDER: (
        "{amount} was paid ({about}) for the order {order}, which is not here."
        " Look where it went; mending gives the money back."
    ),
    Kind.UNPAID: (
        "The order {order} settled for {amount}, and Stripe has {there} of its payment {here}."
        " Ask its member; mending takes the order back and returns its points."
    ),
    Kind.REFUND_WAITS: (
        "{amount} of the order {order} is owed back ({about}), and Stripe was not asked for it yet:"
        " it is asked now."
    ),
    Kind.REFUND_STATE: (
        "The refund {about} of {amount} of the order {order} is {here} here and {there} at Stripe:"
        " Stripe's word is written."
    ),
    Kind.REFUND_FAILED: (
        "The refund {about} of {amount} of the order {order} failed, so the money is still ours."
        " Ask where it may go; mending tries the same card again."
    ),
    Kind.REFUND_MISSING: (
        "The refund {about} of {amount} of the order {order} is {here} here, and Stripe does not"
        " know it ({there}). Ask Stripe's support what became of it."
    ),
    Kind.REFUND_UNBOOKED: (
        "{amount} of the order {order} went back at Stripe ({about}), and nobody booked it here."
        " Mending books it: as great a part of the points comes back, no unit does."
    ),
    Kind.REFUND_AMOUNT: (
        "The refund {about} of the order {order} is of {amount} here and of {there} at Stripe."
        " Ask Stripe's support what became of the rest."
    ),
    Kind.DISPUTE: (
        "The dispute {about} over {amount} of the order {order} is {there} at Stripe and {here}"
        " here: the order follows it."
    ),
    Kind.DISPUTE_CONTRARY: (
        "The dispute {about} over {amount} of the order {order} is {there} at Stripe, and the order"
        " says {here}, from which nothing leads there. Decide what its member is owed, and say it"
        " with the command `adjust`."
    ),
}
"""What each means, and what mending does: on its own, or when a person says so."""
FOLLOWS: Final = frozenset(
    {
        Kind.PAID_WAITING,
        Kind.OVERDUE,
        Kind.PAID_DEAD,
        Kind.PAID_TWICE,
        Kind.REFUND_WAITS,
        Kind.REFUND_STATE,
        Kind.DISPUTE,
    }
)
"""What going after Stripe's object mends, so that the job does it by itself."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `about` is the id that the mending command takes.

    `here` and `there` are what either side says, in a word; empty where the sentence needs none.
    """

    kind: Kind
    about: str
    order_id: str
    cash: Money
    here: str = ""
    there: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A difference, and whether it is gone. `why` it is not, where something stood against it."""

    difference: Difference
    is_mended: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """What was looked at, and cash by currency, in minor units, as both sides tell it."""

    orders: int = 0
    payments: int = 0
    refunds: int = 0
    disputes: int = 0
    taken_here: Mapping[str, int] = field(default_factory=dict)
    taken_there: Mapping[str, int] = field(default_factory=dict)
    back_here: Mapping[str, int] = field(default_factory=dict)
    back_there: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one part of the work, a day: how far that is, what differed, and the sums."""

    until: datetime
    found: tuple[Found, ...]
    sums: Sums


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the job is: a run looks at everything up to `until`, and has come to `through`."""

    through: datetime
    until: datetime

"""A refund that was made of an order, and where its money stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.kernel.money import Money


class RefundState(StrEnum):
    """Where a refund stands: its points are back at once, its money when Stripe says so."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class OrderRefund:
    """A refund of an order that was made: `debt_paid` of the points paid what was owed.

    `cash` goes back through Stripe, out of the payment `intent_id`, since `owed_at` by the
    `attempt`-th try, which Stripe calls `stripe_id` once it is known. Without cash there is nothing
    to wait for.

    `asked` are the minor units that Stripe's refund of this attempt is of, None where they are
    `cash`: less where somebody gave a part back at the dashboard before, more where a refund made
    there had covered a part of another record before it was booked.
    """

    id: str
    order_id: str
    quantity: int
    points: int
    debt_paid: int
    is_restocked: bool
    fingerprint: bytes
    cash: Money | None = None
    intent_id: str | None = None
    state: RefundState = RefundState.SUCCEEDED
    attempt: int = 1
    stripe_id: str | None = None
    owed_at: datetime | None = None
    asked: int | None = None

    @property
    def due(self) -> Money | None:
        """What Stripe's refund of it is of; None where it is of points only."""
        if self.cash is None or self.asked is None:
            return self.cash
        return Money(self.asked, self.cash.currency)


@dataclass(frozen=True, slots=True)
class Told:
    """What Stripe says of an attempt; `stripe_id` is None where it refused to begin.

    `reason` is why it failed.
    """

    state: RefundState
    stripe_id: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """A refund that failed and is asked for anew, as the audit log keeps it."""

    refund_id: str
    attempt: int
    asked: int


@dataclass(frozen=True, slots=True)
class Followed:
    """A refund after a look at Stripe, and whether what was to be written beside it was."""

    refund: OrderRefund
    is_told: bool

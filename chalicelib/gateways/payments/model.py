"""Payments as Jifen speaks of them: frozen facts, read from whatever Stripe answered.

A status that Stripe may add one day is `UNKNOWN`: nothing is settled or released on a word that
nobody here understands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from chalicelib.kernel.money import Money

S = TypeVar("S", bound=StrEnum)


class IntentStatus(StrEnum):
    """Where a payment stands."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    REQUIRES_CAPTURE = "requires_capture"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


class RefundStatus(StrEnum):
    """Where a refund stands; one that succeeded may still fail."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


class DisputeStatus(StrEnum):
    """Where a dispute stands. Those that begin with a warning are inquiries: no money has moved."""

    WARNING_NEEDS_RESPONSE = "warning_needs_response"
    WARNING_UNDER_REVIEW = "warning_under_review"
    WARNING_CLOSED = "warning_closed"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    APPEAL_NEEDS_RESPONSE = "appeal_needs_response"
    APPEAL_UNDER_REVIEW = "appeal_under_review"
    PREVENTED = "prevented"
    WON = "won"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mark:
    """What we write on everything that we make at Stripe: nothing personal.

    `refund_id` is our own record of a refund, None on anything else.
    """

    environment: str
    order_id: str
    refund_id: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment. `mark` is None on one that no Jifen made.

    `client_secret` lets a browser pay, so it is shown to the member only and stays out of logs.
    `declined` is why the last try failed: the issuer's word, or Stripe's where it said nothing.
    """

    id: str
    status: IntentStatus
    cash: Money
    received: Money
    mark: Mark | None
    created_at: datetime
    is_live: bool
    charge_id: str | None
    declined: str | None
    client_secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back. `mark` is None on one that somebody made in Stripe's dashboard."""

    id: str
    status: RefundStatus
    cash: Money
    intent_id: str | None
    charge_id: str | None
    mark: Mark | None
    created_at: datetime
    failure: str | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment that its payer's bank questions. `is_withdrawn` while its money is gone from us."""

    id: str
    status: DisputeStatus
    cash: Money
    intent_id: str | None
    charge_id: str
    reason: str
    is_withdrawn: bool
    is_live: bool
    created_at: datetime

    @property
    def is_inquiry(self) -> bool:
        """Tell whether the bank only asks."""
        return self.status.startswith("warning_")


@dataclass(frozen=True, slots=True)
class Notice:
    """What a webhook says: something happened to an object. The object itself is fetched anew.

    `intent_id` is the payment that it belongs to, where the object names one.
    """

    id: str
    type: str
    object_kind: str
    object_id: str
    intent_id: str | None
    mark: Mark | None
    is_live: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """A payment to be made: the same draft always makes the same one."""

    order_id: str
    attempt: int
    cash: Money


@dataclass(frozen=True, slots=True)
class RefundDraft:
    """A refund to be made: the same draft always makes the same one."""

    order_id: str
    refund_id: str
    intent_id: str
    cash: Money
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time: from `since` up to, and not with, `until`."""

    since: datetime
    until: datetime


def status_of(statuses: type[S], told: str | None) -> S:
    """Return the status that Stripe's word stands for, or UNKNOWN."""
    known = {status.value: status for status in statuses}
    return known.get(told or "", known["unknown"])

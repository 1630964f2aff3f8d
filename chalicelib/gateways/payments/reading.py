"""Stripe's objects, read into ours. An id stands where an object may be expanded; both are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from chalicelib.gateways.payments.model import (
    Dispute,
    DisputeStatus,
    Intent,
    IntentStatus,
    Mark,
    Refund,
    RefundStatus,
    status_of,
)
from chalicelib.kernel.money import Money

if TYPE_CHECKING:
    import stripe

ENVIRONMENT: Final = "environment"
ORDER: Final = "order"
ATTEMPT: Final = "attempt"
REFUND: Final = "refund"
"""The names in the metadata of what we make: environment, order, and which payment or refund."""


def intent_of(found: stripe.PaymentIntent) -> Intent:
    """Read a payment."""
    return Intent(
        id=found.id,
        status=status_of(IntentStatus, found.status),
        cash=Money(found.amount, found.currency),
        received=Money(found.amount_received, found.currency),
        mark=mark_of(found.metadata.to_dict()),
        created_at=instant_of(found.created),
        is_live=found.livemode,
        charge_id=_id_of(found.latest_charge),
        declined=_declined(found.last_payment_error),
        client_secret=found.client_secret,
    )


def refund_of(found: stripe.Refund) -> Refund:
    """Read a refund."""
    metadata = found.metadata.to_dict() if found.metadata is not None else {}
    return Refund(
        id=found.id,
        status=status_of(RefundStatus, found.status),
        cash=Money(found.amount, found.currency),
        intent_id=_id_of(found.payment_intent),
        charge_id=_id_of(found.charge),
        mark=mark_of(metadata),
        created_at=instant_of(found.created),
        failure=_told(found, "failure_reason"),
    )


def dispute_of(found: stripe.Dispute) -> Dispute:
    """Read a dispute."""
    charge_id = _id_of(found.charge)
    assert charge_id is not None
    return Dispute(
        id=found.id,
        status=status_of(DisputeStatus, found.status),
        cash=Money(found.amount, found.currency),
        intent_id=_id_of(found.payment_intent),
        charge_id=charge_id,
        reason=found.reason,
        is_withdrawn=sum(moved.amount for moved in found.balance_transactions) < 0,
        is_live=found.livemode,
        created_at=instant_of(found.created),
    )


def mark_of(metadata: Mapping[str, Any]) -> Mark | None:
    """Return our mark on an object, or None where there is none or it was tampered with."""
    environment, order, refund = (metadata.get(name) for name in (ENVIRONMENT, ORDER, REFUND))
    if not (isinstance(environment, str) and isinstance(order, str)):
        return None
    return Mark(environment, order, refund if isinstance(refund, str) else None)


def instant_of(seconds: int) -> datetime:
    """Return an instant that Stripe tells in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def _declined(error: stripe.PaymentIntent.LastPaymentError | None) -> str | None:
    if error is None:
        return None
    return _told(error, "decline_code") or _told(error, "code")


def _told(found: stripe.StripeObject, name: str) -> str | None:
    """Return a member that Stripe leaves out where it says nothing."""
    value: str | None = getattr(found, name, None)
    return value


def _id_of(found: str | stripe.PaymentIntent | stripe.Charge | None) -> str | None:
    return found if found is None or isinstance(found, str) else found.id

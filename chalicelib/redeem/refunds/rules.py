"""What Stripe's word means to a refund, and what is owed of a payment that nobody may keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.gateways.payments.model import Intent, Refund, RefundStatus
from chalicelib.kernel.ids import digest62
from chalicelib.kernel.money import Money
from chalicelib.redeem.orders.model import Order
from chalicelib.redeem.refunds.model import OrderRefund, RefundState, Told

PREFIX: Final = "rfd_"
ID_CHARS: Final = 20
"""119 bits: with its prefix an id has 24 characters."""
FORGOTTEN: Final = timedelta(hours=23)
"""Stripe answers a key alike for 24 hours at least; an hour before, nobody relies on it."""
FARED: Final = {
    RefundStatus.SUCCEEDED: RefundState.SUCCEEDED,
    RefundStatus.FAILED: RefundState.FAILED,
    RefundStatus.CANCELED: RefundState.FAILED,
}
"""What a refund at Stripe means here; any other is still on its way."""
LATER: Final = {RefundState.PENDING: 0, RefundState.SUCCEEDED: 1, RefundState.FAILED: 2}
"""A refund may fail after it succeeded; it never goes back to an earlier state."""


class AlreadyOwed(Exception):
    """The refund is there, so what it rules out comes too late."""


def refund_id_of(caller: str, *, route: str, key: str) -> str:
    """Return the id of the refund that a caller's request makes."""
    return PREFIX + digest62((caller, route, key), ID_CHARS)


def stray_id_of(intent_id: str) -> str:
    """Return the id of the one refund that gives back a payment which nobody may keep."""
    return PREFIX + digest62(("stray", intent_id), ID_CHARS)


def stray(order: Order, intent: Intent, *, back: int, at: datetime) -> OrderRefund | None:
    """Return the refund that is owed of a payment which its order does not get, None where none is.

    `back` minor units went back already by what Stripe says; what the order itself gave back of its
    own payment counts even where Stripe was not asked yet. No point and no unit goes with it.
    """
    own = order.cash_returned if intent.id == order.intent_id else 0
    rest = intent.received.amount - max(back, own)
    if rest <= 0:
        return None
    return OrderRefund(
        id=stray_id_of(intent.id),
        order_id=order.id,
        quantity=0,
        points=0,
        debt_paid=0,
        is_restocked=False,
        fingerprint=intent.id.encode(),
        cash=Money(rest, intent.received.currency),
        intent_id=intent.id,
        state=RefundState.PENDING,
        owed_at=at,
    )


def told_of(found: Refund) -> Told:
    """Return what a refund as fetched from Stripe says."""
    state = FARED.get(found.status, RefundState.PENDING)
    return Told(state, found.id, found.failure or found.status.value)


def after(refund: OrderRefund, told: Told, *, attempt: int) -> OrderRefund:
    """Return a refund after what Stripe said of an attempt; of an earlier one nothing follows."""
    if refund.attempt != attempt or refund.stripe_id not in {None, told.stripe_id}:
        return refund
    state = max(refund.state, told.state, key=LATER.__getitem__)
    return replace(refund, state=state, stripe_id=told.stripe_id or refund.stripe_id)


def retried(refund: OrderRefund, at: datetime, *, asked: int | None) -> OrderRefund:
    """Return a refund that is asked for under a new key."""
    return replace(
        refund,
        state=RefundState.PENDING,
        attempt=refund.attempt + 1,
        stripe_id=None,
        owed_at=at,
        asked=asked,
    )


def to_ask(refund: OrderRefund, received: Money, *, back: int) -> int | None:
    """Return how much to ask for of a refund, as `asked`, when so much of its payment went back.

    What is no longer there went back already, by whomever: nobody owes it twice.
    """
    assert refund.cash is not None, refund.id
    left = max(0, received.amount - back)
    return left if left < refund.cash.amount else None


def alive(refund: OrderRefund, refunds: list[Refund]) -> Told | None:
    """Return what Stripe says of a refund whose id was lost; one that failed counts as not made."""
    ours = (told_of(one) for one in refunds if one.mark and one.mark.refund_id == refund.id)
    return next((told for told in ours if told.state is not RefundState.FAILED), None)


def is_forgotten(refund: OrderRefund, now: datetime) -> bool:
    """Tell whether Stripe may no longer know the key of the present attempt."""
    return refund.owed_at is None or refund.owed_at + FORGOTTEN <= now


def went_back(refunds: list[Refund]) -> int:
    """Return how much of a payment went back or is on its way, by what Stripe says."""
    return sum(one.cash.amount for one in refunds if told_of(one).state is not RefundState.FAILED)

"""Hearing what Stripe tells, and going to look for oneself.

A webhook names an object. What it says of it may be old, so the payment is fetched anew, and its
order moved on as by anybody who looks. Where that cannot be done now, Stripe is told so, and tells
again. What belongs to another environment of the same account is none of ours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from chalicelib.gateways.payments.model import Notice
from chalicelib.gateways.payments.port import Payments
from chalicelib.gateways.payments.webhooks import NotVouchedFor, verify
from chalicelib.kernel.errors import NotFound, Unavailable
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Status
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.webhooks.rules import SignatureInvalid
from chalicelib.settings import settings
from chalicelib.storage.work import Work

PAYMENT: Final = "payment_intent"
DEAD: Final = frozenset({Status.CANCELLED, Status.EXPIRED})


def heard(payload: bytes, header: str, *, now: datetime) -> Notice | None:
    """Return what a webhook tells, None where it is none of ours; raises `SignatureInvalid`."""
    account = settings().stripe
    if account is None:
        raise SignatureInvalid
    try:
        notice = verify(payload, header, secrets=account.webhook_secrets, now=now)
    except NotVouchedFor:
        raise SignatureInvalid from None
    is_ours = notice.mark is not None and notice.mark.environment == account.environment
    return notice if is_ours and notice.object_kind == PAYMENT else None


def follow(work: Work, payments: Payments, *, notice: Notice) -> Order:
    """Move the order on that a payment is of.

    Raises `Unavailable` for an order that is not there, or not yet: Stripe tells again.
    """
    assert notice.mark is not None, "none of ours"
    try:
        order = orders.find(work, notice.mark.order_id)
    except NotFound:
        raise Unavailable from None
    if order.status in DEAD and notice.intent_id is not None:
        intent = payments.get_intent(notice.intent_id)
        progress.give_back_late(payments, order=order, intent=intent)
        return order
    return progress.advance(work, payments, order=order).order

"""Who may tell something unasked, what of it is ours, and who may work it off."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from chalicelib.gateways.payments.model import Notice
from chalicelib.kernel.errors import Kind, Refusal
from chalicelib.redeem.webhooks.model import Event, Thing

ID: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
"""What an id of Stripe's looks like. Theirs have 20 to 30 characters; ours name the event's key."""
TYPES: Final = {
    Thing.PAYMENT: tuple(
        f"payment_intent.{end}" for end in ("succeeded", "canceled", "payment_failed")
    ),
    Thing.REFUND: ("refund.", "charge.refund."),
    Thing.DISPUTE: ("charge.dispute.",),
}
"""How the types of the events begin that something may follow from.

From a payment that was created or is processing nothing does: looking at it would cost a call to
Stripe for each order, and lease and end of an event in the table.
"""
LEASE: Final = timedelta(seconds=30)
"""The time-out of the function that works events off: whoever claimed one longer ago is dead."""


class SignatureInvalid(Refusal):
    """Nobody with a secret of ours signed this just now."""

    kind = Kind.MALFORMED
    code = "signature_invalid"
    en = "The signature is missing, not ours, or not of this moment."
    zh = "签名缺失、无效或已过期。"


def event_of(notice: Notice, *, environment: str, now: datetime) -> Event | None:
    """Return the event to keep of what a webhook tells; None where nothing here follows from it.

    A payment without our mark is none of ours, and neither is anything that bears another
    environment's. Refunds made by hand and disputes bear none: their payment says whose they are.
    """
    thing = next((one for one in Thing if one == notice.object_kind), None)
    if thing is None or not notice.type.startswith(TYPES[thing]):
        return None
    if not (ID.fullmatch(notice.id) and ID.fullmatch(notice.object_id)):
        return None
    mark = notice.mark
    if thing is Thing.PAYMENT if mark is None else mark.environment != environment:
        return None
    return Event(
        id=notice.id,
        type=notice.type,
        thing=thing,
        thing_id=notice.object_id,
        intent_id=notice.intent_id,
        order_id=mark.order_id if mark else None,
        is_live=notice.is_live,
        created_at=notice.created_at,
        received_at=now,
    )

"""Which objects of the two sides are of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, timedelta

from chalicelib.gateways.payments.model import Intent, IntentStatus, Refund, Span
from chalicelib.kernel.ids import digest62
from chalicelib.redeem.orders.model import Order
from chalicelib.redeem.progress.rules import is_late
from chalicelib.redeem.refunds.model import OrderRefund
from chalicelib.redeem.refunds.rules import ID_CHARS, PREFIX, stray_id_of


def booked_id_of(stripe_id: str) -> str:
    """Return the id under which a refund is booked that somebody made at Stripe."""
    return PREFIX + digest62(("booked", stripe_id), ID_CHARS)


def names_of(refund: Refund) -> set[str]:
    """Return under which ids a refund of Stripe's may be known here."""
    marked = {refund.mark.refund_id} if refund.mark and refund.mark.refund_id else set[str]()
    return marked | {booked_id_of(refund.id)}


def matched(owed: OrderRefund, refunds: Iterable[Refund]) -> Refund | None:
    """Return what Stripe has of the present attempt of a refund of ours, the newest where many."""
    if owed.stripe_id is not None:
        return next((one for one in refunds if one.id == owed.stripe_id), None)
    since = owed.owed_at
    ours = [one for one in refunds if owed.id in names_of(one)]
    if owed.attempt > 1 and since is not None:
        # Of an earlier attempt nothing follows; Stripe tells whole seconds.
        ours = [one for one in ours if one.created_at >= since.replace(microsecond=0)]
    return max(ours, key=lambda one: one.created_at, default=None)


def is_stray(owed: OrderRefund) -> bool:
    """Tell whether a refund gives back a payment which its order did not get."""
    return owed.intent_id is not None and owed.id == stray_id_of(owed.intent_id)


def strays_of(order: Order | None, intents: Iterable[Intent]) -> set[str]:
    """Return the ids of refunds that may give back what an order did not get."""
    if order is None:
        return set()
    return {stray_id_of(one.id) for one in intents if is_late(order, one)}


def is_paid(intent: Intent) -> bool:
    """Tell whether money came by a payment."""
    return intent.status is IntentStatus.SUCCEEDED


def days_of(span: Span) -> Iterator[Span]:
    """Yield a span in parts, each within one day of UTC, the oldest first."""
    since = span.since.astimezone(UTC)
    while since < span.until:
        midnight = since.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        until = min(midnight, span.until)
        yield Span(since, until)
        since = until

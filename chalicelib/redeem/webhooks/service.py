"""What Stripe tells: heard, kept once, and worked off by going to look for oneself.

Hearing asks nothing but who signed it: the event is put where none is, its id goes into the queue,
and Stripe is told that it arrived. Where either cannot be done Stripe is told so, and tells again;
told again, an event that is not done goes into the queue once more, as its first message may never
have got there.

Working off claims the event for as long as the function may run, then fetches the object that it
names: whatever the event says of it may be old by now. That the event is done is written together
with what follows from it, or alone where nothing does. What cannot be done now gives the claim up
and leaves the event to its next message; a queue that has tried often enough puts it aside, and
wakes somebody.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from chalicelib.gateways.payments.errors import PaymentsError
from chalicelib.gateways.payments.model import Intent, IntentStatus, Mark
from chalicelib.gateways.payments.port import Payments
from chalicelib.gateways.payments.webhooks import NotVouchedFor, verify
from chalicelib.gateways.queue.port import Queue, QueueDown
from chalicelib.gateways.queue.sqs import STRIPE_EVENTS
from chalicelib.kernel.errors import NotFound, Refusal, Unavailable
from chalicelib.redeem.disputes import service as disputes
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Status
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.webhooks import store
from chalicelib.redeem.webhooks.model import Event, State, Thing
from chalicelib.redeem.webhooks.rules import LEASE, SignatureInvalid, event_of
from chalicelib.settings import settings
from chalicelib.storage.transaction import Aside, persist
from chalicelib.storage.work import Work
from chalicelib.web.logs import alarm

DEAD: Final = frozenset({Status.CANCELLED, Status.EXPIRED})
"""States in which an order takes no money any more."""


class Follow(Protocol):
    """Does what follows from an event."""

    def __call__(self, work: Work, payments: Payments, *, event: Event, aside: Aside) -> bool:
        """Do it, and tell whether the aside was written with it."""


def heard(payload: bytes, header: str, *, now: datetime) -> Event | None:
    """Return what a webhook tells, None where nothing follows here; raises `SignatureInvalid`."""
    account = settings().stripe
    if account is None:
        raise SignatureInvalid
    try:
        notice = verify(payload, header, secrets=account.webhook_secrets, now=now)
    except NotVouchedFor:
        raise SignatureInvalid from None
    return event_of(notice, environment=account.environment, now=now)


def find(work: Work, event_id: str) -> Event | None:
    """Return an event that was kept, or None."""
    return store.find(work, event_id)


def keep(work: Work, queue: Queue, *, event: Event) -> None:
    """Keep an event and have it worked off; raises `Unavailable` where that is not sure."""
    try:
        persist(work, lambda tx: store.put_event(tx, event))
    except store.Kept as kept:
        if kept.event.state is State.DONE:
            return
    try:
        queue.send(STRIPE_EVENTS, event.id)
    except QueueDown:
        raise Unavailable from None


def work_off(work: Work, payments: Payments, *, event_id: str) -> None:
    """Do what follows from an event, once; raises whatever stands against it now."""
    event = store.find(work, event_id)
    if event is None:
        raise NotFound
    if event.state is State.DONE:
        return
    with suppress(store.AlreadyDone):
        until = work.now + LEASE
        persist(work, lambda tx: store.put_lease(tx, event, until=until))
        try:
            _follow(work, payments, event=event)
        except (Refusal, PaymentsError):
            # Somebody comes back for it sooner than a dead handler's lease would end.
            with suppress(store.Leased):
                persist(work, lambda tx: store.put_freed(tx, event.id, until=until))
            raise


def _follow(work: Work, payments: Payments, *, event: Event) -> None:
    aside = partial(store.put_done, event_id=event.id)
    if not FOLLOW[event.thing](work, payments, event=event, aside=aside):
        persist(work, aside)


def _follow_payment(work: Work, payments: Payments, *, event: Event, aside: Aside) -> bool:
    """Move the order of a payment on.

    The event's mark says which order to look at. Where that names this very payment and waits for
    it, Stripe is asked once, on the way forward; anything else is asked for its own mark first.
    """
    assert event.order_id is not None, event.id
    order = orders.find(work, event.order_id)
    is_own = order.intent_id == event.thing_id
    if is_own and order.status not in DEAD:
        return progress.advance(work, payments, order=order, aside=aside).is_told
    intent = payments.get_intent(event.thing_id)
    if not _is_of(intent, order):
        return False
    if order.intent_id is None and order.status is Status.AWAITING_PAYMENT:
        current = progress.advance(work, payments, order=order, aside=aside)
        if current.is_told or current.order.intent_id == intent.id:
            return current.is_told
        order = current.order
    if intent.status is not IntentStatus.SUCCEEDED:
        return False
    return progress.late(work, payments, order=order, intent=intent, aside=aside).is_told


def _follow_refund(work: Work, payments: Payments, *, event: Event, aside: Aside) -> bool:
    """Write down how a refund fares; one that is not in the books is told to a person."""
    found = payments.get_refund(event.thing_id)
    mark = found.mark
    if mark is not None and not _is_ours(mark):
        return False
    refund = refunds.find(work, mark.refund_id) if mark and mark.refund_id else None
    if refund is not None:
        return refunds.follow(work, payments, refund=refund, aside=aside).is_told
    if _is_ours(payments.get_intent(found.intent_id).mark if found.intent_id else mark):
        alarm("refund_of_nobody", refund=found.id, intent=found.intent_id or "")
    return False


def _follow_dispute(work: Work, payments: Payments, *, event: Event, aside: Aside) -> bool:
    return disputes.follow(work, payments, dispute_id=event.thing_id, aside=aside)


def _is_of(intent: Intent, order: Order) -> bool:
    mark = intent.mark
    return mark is not None and _is_ours(mark) and mark.order_id == order.id


def _is_ours(mark: Mark | None) -> bool:
    account = settings().stripe
    return mark is not None and account is not None and mark.environment == account.environment


FOLLOW: Final[Mapping[Thing, Follow]] = {
    Thing.PAYMENT: _follow_payment,
    Thing.REFUND: _follow_refund,
    Thing.DISPUTE: _follow_dispute,
}

"""The payment of an order: made once, noted on the order, and looked for where its id was lost.

Its key at Stripe follows from the order and the attempt, so whoever asks again gets the same
payment. After a failure that Stripe keeps under the key, and once the key may be forgotten, the
payment is looked for; only where none is there does the next attempt take a key of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from chalicelib.gateways.payments.errors import Down, PaymentsError, Rejected, Unclear
from chalicelib.gateways.payments.model import Intent, IntentStatus, PaymentDraft, Span
from chalicelib.gateways.payments.port import Payments
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Status
from chalicelib.redeem.orders.rules import AlreadySo, is_overdue
from chalicelib.redeem.payment.rules import IN_USE, UNKNOWN, StripeAway, begun_at, is_forgotten
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Patience, Work
from chalicelib.web.logs import alarm

DOUBT: Final = timedelta(minutes=1)
"""How far Stripe's clock and ours may differ when a payment is looked for."""

T = TypeVar("T")


def asked(call: Callable[[], T]) -> T:
    """Return Stripe's answer; where there is none, whoever asked is told to come back."""
    try:
        return call()
    except (Down, Unclear):
        raise StripeAway from None
    except PaymentsError as refused:
        alarm("stripe_refused", reason=refused.reason)
        raise StripeAway from None


def of(work: Work, payments: Payments, *, order: Order) -> tuple[Order, Intent | None]:
    """Return an order and its payment as it is now, made and noted where it was not yet.

    None for the payment: nobody made it, and nobody can pay it any more.
    """
    if order.intent_id is not None:
        return order, _known(work, payments, order=order, intent_id=order.intent_id)
    intent = _made(work, payments, order=order)
    if intent is None:
        return order, None
    if begun_at(order) < work.now:
        # The key may have answered with what it answered then: how it stands is asked for.
        known = intent.id
        intent = asked(lambda: payments.get_intent(known))
    order = _noted(work, order, intent=intent)
    if order.status is Status.AWAITING_PAYMENT and order.intent_id != intent.id:
        raise StripeAway
    return order, intent


def _known(work: Work, payments: Payments, *, order: Order, intent_id: str) -> Intent | None:
    """Return the payment that an order has noted.

    None where Stripe does not know it (another account, a table that was restored) and the deadline
    is past. Nobody can pay it, but before that a mistake of ours may still be put right.
    """

    def fetched() -> Intent | None:
        try:
            return payments.get_intent(intent_id)
        except Rejected as refused:
            if refused.reason != UNKNOWN or not is_overdue(order, work.now):
                raise
        alarm("payment_unknown", order=order.id, intent=intent_id)
        return None

    return asked(fetched)


def _made(work: Work, payments: Payments, *, order: Order) -> Intent | None:
    """Return the payment of an order that has noted none, made where Stripe knows none."""
    assert order.cash is not None, order.id
    if is_forgotten(order, work.now):
        # Past every deadline: what was made is looked for, and nothing is made any more.
        return _looked_for(work, payments, order=order)
    try:
        return _created(work, payments, draft=PaymentDraft(order.id, order.attempt, order.cash))
    except Unclear as doubt:
        found = _looked_for(work, payments, order=order) if doubt.is_kept else None
        if found is not None:
            return found
        if doubt.is_kept:
            # The key answers with this failure for a day: whoever comes next takes a new one.
            _begun_anew(work, order)
        raise StripeAway from None
    except Down:
        raise StripeAway from None
    except PaymentsError as refused:
        alarm("payment_refused", order=order.id, reason=refused.reason)
        if is_overdue(order, work.now):
            return _looked_for(work, payments, order=order)
        raise StripeAway from None


def _created(work: Work, payments: Payments, *, draft: PaymentDraft) -> Intent:
    """Return the payment that a draft makes; a twin that is just making it is waited for."""
    patience = Patience(work)
    while True:
        try:
            return payments.create_intent(draft)
        except Unclear as doubt:
            if doubt.reason != IN_USE:
                raise
        patience.again(StripeAway)


def _looked_for(work: Work, payments: Payments, *, order: Order) -> Intent | None:
    """Return the payment of an order whose id was lost: a paid one, or else one that can be."""
    span = Span(begun_at(order) - DOUBT, work.now + DOUBT)
    made = asked(lambda: payments.intents_of(order.id, span=span))
    paid = (one for one in made if one.status is IntentStatus.SUCCEEDED)
    open_ones = (one for one in made if one.status is not IntentStatus.CANCELED)
    return next(paid, None) or next(open_ones, None) or next(iter(made), None)


def _noted(work: Work, order: Order, *, intent: Intent) -> Order:
    """Keep a payment's id on its order."""
    return _changed(work, order, intent_id=intent.id)


def _begun_anew(work: Work, order: Order) -> Order:
    """Let the next attempt to make a payment have a key of its own."""
    return _changed(work, order, attempt=order.attempt + 1)


def _changed(
    work: Work, order: Order, *, intent_id: str | None = None, attempt: int | None = None
) -> Order:
    """Keep what was learnt of a payment that is not noted yet, unless others were quicker."""

    def change(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        is_open = before.status is Status.AWAITING_PAYMENT and before.intent_id is None
        if not is_open or before.attempt != order.attempt:
            raise AlreadySo(before)
        after = replace(
            before,
            version=before.version + 1,
            intent_id=intent_id,
            attempt=attempt or before.attempt,
        )
        orders.put(tx, before, after=after)
        return after

    try:
        return persist(work, change)
    except AlreadySo as already:
        return already.order

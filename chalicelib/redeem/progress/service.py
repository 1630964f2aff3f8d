"""Moving an order on: the one way forward for a client's retry, a webhook, a job and a look.

An order that waits for money follows its payment at Stripe, never a browser's word. Past its
deadline the payment is cancelled there first; only when Stripe has confirmed that is everything
released, and where it says that it was paid, the order settles. Whatever dies in between is taken
up by whoever comes next: the payment's key follows from the order, so it is never made twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from chalicelib.gateways.payments.errors import Down, Unclear
from chalicelib.gateways.payments.model import (
    Intent,
    IntentStatus,
    PaymentDraft,
    RefundDraft,
    Span,
)
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import Unavailable
from chalicelib.kernel.money import Money
from chalicelib.kernel.pages import Page
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Status, Step
from chalicelib.redeem.orders.rules import AlreadySo, is_overdue
from chalicelib.redeem.orders.service import Case, Request
from chalicelib.redeem.progress.model import Current
from chalicelib.redeem.progress.rules import Meaning, meaning_of
from chalicelib.storage.table import Key
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work

REJECTED: Final = Step(Reason.HOLD_RETURNED, by_house=True)
UNPAID: Final = Step(Reason.UNPAID, by_house=False)
"""The member let the deadline pass, so what is past its day expires."""
DOUBT: Final = timedelta(minutes=1)
"""How far Stripe's clock and ours may differ when a payment is looked for."""

T = TypeVar("T")


def open_case(
    work: Work, payments: Payments, *, request: Request, receipt: Key | None = None
) -> Case:
    """Return the order that a request is about, moved on first where it is overdue.

    Raises what `orders.open_case` does.
    """
    case = orders.open_case(work, request, receipt=receipt)
    if not is_overdue(case.order, work.now):
        return case
    order = advance(work, payments, order=case.order).order
    return replace(case, opened=wallets.open_wallet(work, order.member_id), order=order)


def current(work: Work, payments: Payments, *, order: Order) -> Order:
    """Return an order as it is by now: one that waited past its deadline has moved on."""
    return advance(work, payments, order=order).order if is_overdue(order, work.now) else order


def page(
    work: Work, payments: Payments, *, member_id: str, limit: int, after: str | None
) -> Page[Order]:
    """Return a member's orders, newest first, overdue ones moved on; raises `NotEnrolled`."""
    found = orders.page(work, member_id, limit=limit, after=after)
    moved = [current(work, payments, order=order) for order in found.items]
    return Page(moved, found.next_position)


def advance(work: Work, payments: Payments, *, order: Order) -> Current:
    """Bring an order as far as it can come now.

    Raises `Unavailable` when Stripe does not answer: what is held stays held, and the same call
    goes on later.
    """
    if order.status is Status.IN_REVIEW and is_overdue(order, work.now):
        return Current(_released(work, order, step=REJECTED, status=Status.CANCELLED))
    if order.status is not Status.AWAITING_PAYMENT:
        return Current(order)
    return _follow(work, payments, order=order)


def withdraw_payment(work: Work, payments: Payments, *, order: Order) -> Order:
    """Cancel what an order waits for, at Stripe, before anything is released.

    Returns the order: still waiting, and then nobody can pay it any more, or settled.
    """
    intent = _asked(lambda: payments.cancel_intent(_intent(work, payments, order=order).id))
    meaning = meaning_of(order, intent)
    if meaning is Meaning.RELEASE:
        return order
    if meaning is Meaning.WAIT:
        raise Unavailable
    return _settled(work, order)


def _follow(work: Work, payments: Payments, *, order: Order) -> Current:
    intent = _intent(work, payments, order=order)
    if order.intent_id is None:
        order = _noted(work, order, intent=intent)
    if meaning_of(order, intent) is Meaning.WAIT and is_overdue(order, work.now):
        intent = _asked(lambda: payments.cancel_intent(intent.id))
    meaning = meaning_of(order, intent)
    if meaning is Meaning.SETTLE:
        return Current(_settled(work, order))
    if meaning is Meaning.STRANGE:
        give_back_late(payments, order=order, intent=intent)
    if meaning in {Meaning.RELEASE, Meaning.STRANGE}:
        return Current(_released(work, order, step=UNPAID, status=Status.EXPIRED))
    return Current(order, intent.client_secret)


def give_back_late(payments: Payments, *, order: Order, intent: Intent) -> None:
    """Give back what was paid for an order that does not get it, once."""
    back = sum(one.cash.amount for one in _asked(lambda: payments.refunds_of(intent.id)))
    if intent.status is IntentStatus.SUCCEEDED and back < intent.received.amount:
        rest = Money(intent.received.amount - back, intent.received.currency)
        draft = RefundDraft(order.id, order.refunds + 1, intent.id, rest)
        _asked(lambda: payments.create_refund(draft))


def _intent(work: Work, payments: Payments, *, order: Order) -> Intent:
    """Return the payment of an order as it is now, made where it was not yet."""
    if order.intent_id is not None:
        known = order.intent_id
        return _asked(lambda: payments.get_intent(known))
    assert order.cash is not None, order.id
    draft = PaymentDraft(order.id, order.attempt, order.cash)
    try:
        return payments.create_intent(draft)
    except Unclear as doubt:
        span = Span(order.placed_at - DOUBT, work.now + DOUBT)
        made = _asked(lambda: payments.intents_of(order.id, span=span)) if doubt.is_kept else []
        if made:
            return made[0]
        raise Unavailable from None
    except Down:
        raise Unavailable from None


def _asked(call: Callable[[], T]) -> T:
    try:
        return call()
    except (Down, Unclear):
        raise Unavailable from None


def _noted(work: Work, order: Order, *, intent: Intent) -> Order:
    """Keep a payment's id on its order."""

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        if before.intent_id is not None or before.status is not Status.AWAITING_PAYMENT:
            raise AlreadySo(before)
        after = replace(before, version=before.version + 1, intent_id=intent.id)
        orders.put(tx, before, after=after)
        return after

    return _unless_so(work, attempt)


def _settled(work: Work, order: Order) -> Order:
    case = _case(work, order)

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        if before.status is not Status.AWAITING_PAYMENT:
            raise AlreadySo(before)
        return orders.settle(tx, case, before=before, reason=Reason.PAID)

    return _unless_so(work, attempt)


def _released(work: Work, order: Order, *, step: Step, status: Status) -> Order:
    case, waits = _case(work, order), order.status

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        if before.status is not waits:
            raise AlreadySo(before)
        return orders.release(tx, case, before=before, step=step, status=status)

    return _unless_so(work, attempt)


def _case(work: Work, order: Order) -> Case:
    return orders.case_of(work, wallets.open_wallet(work, order.member_id), order=order)


def _unless_so(work: Work, attempt: Callable[[Transaction], Order]) -> Order:
    try:
        return persist(work, attempt)
    except AlreadySo as already:
        return already.order

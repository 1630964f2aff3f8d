"""Moving an order on: the one way forward for a client's retry, a webhook, a job and a look.

An order that waits for money follows its payment at Stripe, never a browser's word. Past its
deadline the payment is cancelled there first; only when Stripe has confirmed that is everything
released, and where it says that it was paid, the order settles. Whatever dies in between is taken
up by whoever comes next. That its member cancels it is noted on the order before Stripe is asked,
so that it ends cancelled whoever releases it, and the request's receipt is written with that.

Money that is not as asked (another amount, currency or mode, another order's) settles nothing: the
order ends, the money goes back, and somebody is woken. Money that comes when its order is dead
brings it back where everything can still be taken, or else goes back, once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from chalicelib.gateways.payments.model import Intent, IntentStatus
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import NotFound, Unavailable
from chalicelib.kernel.pages import Page
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Status, Step, Wish
from chalicelib.redeem.orders.rules import AlreadySo, is_overdue
from chalicelib.redeem.orders.service import Case, Request
from chalicelib.redeem.payment import service as payment
from chalicelib.redeem.payment.rules import StripeAway
from chalicelib.redeem.progress.model import Current, Ending
from chalicelib.redeem.progress.rules import DEAD, Meaning, is_over, is_own, meaning_of
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.refunds.rules import AlreadyOwed, stray, stray_id_of, went_back
from chalicelib.redeem.revival import service as revival
from chalicelib.settings import settings
from chalicelib.storage.receipts import put_receipt
from chalicelib.storage.table import Key
from chalicelib.storage.transaction import Aside, Replayed, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.web.logs import alarm

REJECTED: Final = Ending(Step(Reason.HOLD_RETURNED, by_house=True), Status.CANCELLED)
UNPAID: Final = Ending(Step(Reason.UNPAID, by_house=False), Status.EXPIRED)
"""The member let the deadline pass, so what is past its day expires."""
UNWANTED: Final = Ending(Step(Reason.CANCELLATION, by_house=False), Status.CANCELLED)
"""The member cancelled it before it was paid."""
TURNED_AWAY: Final = Ending(Step(Reason.UNPAID, by_house=True), Status.EXPIRED)
"""The house does not take the money, so what is past its day lives on for a week."""


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
    return replace(
        case, opened=wallets.open_wallet(work, order.member_id, absent=NotFound), order=order
    )


def current(work: Work, payments: Payments, *, order: Order) -> Order:
    """Return an order as it is by now: one that waited past its deadline has moved on."""
    return advance(work, payments, order=order).order if is_overdue(order, work.now) else order


def page(
    work: Work, payments: Payments, *, member_id: str, limit: int, after: str | None
) -> Page[Order]:
    """Return a member's orders, newest first, overdue ones moved on; raises `NotEnrolled`.

    Where Stripe does not answer, an order is listed as it is: it still waits.
    """
    found = orders.page(work, member_id, limit=limit, after=after)
    moved = []
    for order in found.items:
        now = order
        with suppress(StripeAway):
            now = current(work, payments, order=order)
        moved.append(now)
    return Page(moved, found.next_position)


def look(work: Work, payments: Payments, *, order: Order) -> Current:
    """Return an order as it is by now; where Stripe does not answer, as it was read."""
    with suppress(StripeAway):
        return advance(work, payments, order=order)
    return Current(order)


def advance(work: Work, payments: Payments, *, order: Order, aside: Aside | None = None) -> Current:
    """Bring an order as far as it can come now; `aside` is written with the step, if there is one.

    Raises `Unavailable` when Stripe does not answer: what is held stays held, and the same call
    goes on later.
    """
    if order.status is Status.IN_REVIEW and is_overdue(order, work.now):
        return _released(work, order, ending=REJECTED, aside=aside)
    if order.status is not Status.AWAITING_PAYMENT:
        return Current(order)
    order, intent = payment.of(work, payments, order=order)
    if order.status is not Status.AWAITING_PAYMENT:
        return Current(order)
    if intent is None:
        return _released(work, order, ending=UNPAID, aside=aside)
    if _meaning(order, intent) is Meaning.WAIT and is_over(order, work.now):
        waiting = intent.id
        intent = payment.asked(lambda: payments.cancel_intent(waiting))
    return _concluded(work, payments, order=order, intent=intent, aside=aside)


def withdraw(work: Work, payments: Payments, *, order: Order, wish: Wish) -> Order:
    """Cancel an order that waits for money, at Stripe before anything is released.

    Returns it cancelled, bearing the wish that was carried out, or moved on by a payment. Raises
    `Unavailable` while Stripe or a bank does not say which; whoever looks next goes on.
    """
    order = advance(work, payments, order=_wished(work, order, wish=wish)).order
    if order.status is Status.AWAITING_PAYMENT:
        raise Unavailable
    return order


def _wished(work: Work, order: Order, *, wish: Wish) -> Order:
    """Note that its member cancels an order; the first such wish counts."""

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        if before.status is not Status.AWAITING_PAYMENT or before.wish is not None:
            raise AlreadySo(before)
        after = replace(before, version=before.version + 1, wish=wish)
        orders.put(tx, before, after=after)
        return after

    return _unless_so(work, attempt)[0]


def late(
    work: Work, payments: Payments, *, order: Order, intent: Intent, aside: Aside | None = None
) -> Current:
    """Do what follows from money for an order that is dead, or that does not wait for it.

    An order that expired comes back where it can; for any other, and where it cannot, the money
    goes back, once. `aside` is written with either. Raises `Unavailable`.
    """
    assert intent.status is IntentStatus.SUCCEEDED, intent.id
    is_fine = is_own(order, intent) and _meaning(order, intent) is Meaning.SETTLE
    if not is_fine:
        _wake(order, intent)
    if order.status is Status.EXPIRED and is_fine:
        try:
            alive = revival.revive(work, order, intent=intent, aside=aside)
            return Current(alive, is_told=aside is not None)
        except AlreadySo as already:
            return Current(already.order)
        except (*revival.STANDS_AGAINST, AlreadyOwed):
            pass
    return _given_back(work, payments, order=order, intent=intent, aside=aside)


def _given_back(
    work: Work, payments: Payments, *, order: Order, intent: Intent, aside: Aside | None
) -> Current:
    """Owe the money of a payment that its order does not get, and ask for it."""
    back = went_back(payment.asked(lambda: payments.refunds_of(intent.id)))

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        owed = stray(before, intent, back=back, at=work.now)
        kept = is_own(before, intent) and before.status not in DEAD
        if owed is None or kept:
            raise AlreadySo(before)
        refunds.owe(tx, owed)
        # Nothing changes but its version: whoever brings the order back meanwhile meets this.
        after = replace(before, version=before.version + 1)
        orders.put(tx, before, after=after)
        if aside is not None:
            aside(tx)
        return after

    try:
        found, is_told = persist(work, attempt), aside is not None
    except AlreadySo as already:
        return Current(already.order)
    except Replayed:
        found, is_told = order, False
    _finished(work, payments, intent=intent)
    return Current(found, is_told=is_told)


def _concluded(
    work: Work, payments: Payments, *, order: Order, intent: Intent, aside: Aside | None
) -> Current:
    """Do what follows from a payment as it is now."""
    meaning = _meaning(order, intent)
    if meaning is Meaning.SETTLE:
        return _settled(work, order, aside=aside)
    if meaning is Meaning.RELEASE:
        return _released(work, order, ending=UNPAID, aside=aside)
    if meaning is Meaning.WAIT:
        return Current(order, None if is_over(order, work.now) else intent.client_secret)
    _wake(order, intent)
    back = went_back(payment.asked(lambda: payments.refunds_of(intent.id)))
    is_owed = refunds.find(work, stray_id_of(intent.id)) is not None
    owed = None if is_owed else stray(order, intent, back=back, at=work.now)
    ended = _released(work, order, ending=replace(TURNED_AWAY, owed=owed), aside=aside)
    _finished(work, payments, intent=intent)
    return ended


def _finished(work: Work, payments: Payments, *, intent: Intent) -> None:
    """Ask for the money that is owed of a payment which nobody may keep."""
    owed = refunds.find(work, stray_id_of(intent.id))
    if owed is not None:
        refunds.finish(work, payments, refund=owed)


def _meaning(order: Order, intent: Intent) -> Meaning:
    account = settings().stripe
    return meaning_of(order, intent, is_live=account is not None and account.is_live)


def _wake(order: Order, intent: Intent) -> None:
    alarm("payment_not_as_asked", order=order.id, intent=intent.id)


def _settled(work: Work, order: Order, *, aside: Aside | None) -> Current:
    case = _case(work, order)

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        if before.status is not Status.AWAITING_PAYMENT:
            raise AlreadySo(before)
        after = orders.settle(tx, case, before=before, reason=Reason.PAID)
        if aside is not None:
            aside(tx)
        return after

    found, is_done = _unless_so(work, attempt)
    return Current(found, is_told=is_done and aside is not None)


def _released(work: Work, order: Order, *, ending: Ending, aside: Aside | None) -> Current:
    case, waits = _case(work, order), order.status

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        if before.status is not waits:
            raise AlreadySo(before)
        end = UNWANTED if before.wish and ending is UNPAID else ending
        after = orders.release(tx, case, before=before, step=end.step, status=end.status)
        if after.wish is not None:
            receipt = (after.member_id, after.wish.receipt)
            put_receipt(tx, receipt, fingerprint=after.wish.fingerprint)
        if ending.owed is not None:
            refunds.owe(tx, ending.owed)
        if aside is not None:
            aside(tx)
        return after

    found, is_done = _unless_so(work, attempt)
    return Current(found, is_told=is_done and aside is not None)


def _case(work: Work, order: Order) -> Case:
    return orders.case_of(
        work, wallets.open_wallet(work, order.member_id, absent=NotFound), order=order
    )


def _unless_so(work: Work, attempt: Callable[[Transaction], Order]) -> tuple[Order, bool]:
    """Return the order after a step, and whether it was taken here."""
    try:
        return persist(work, attempt), True
    except AlreadySo as already:
        return already.order, False

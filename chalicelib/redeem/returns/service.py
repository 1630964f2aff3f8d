"""Giving back an order: at its member's wish for half an hour, by support at any time.

Both return exactly what was taken: points with their dates, units to where they came from, limits
in the periods that counted them, cash through Stripe in the proportion paid. A member's own wish
revives no point; the house's does, for a week.

Points and units go back in one transaction, which also notes what cash is owed, under a number of
the order's own. Then Stripe is asked, by that number; whoever dies in between, the job asks again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from chalicelib.gateways.payments.errors import Down, Unclear
from chalicelib.gateways.payments.model import Refund, RefundDraft, RefundStatus
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import Unavailable
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Reason
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Status, Step
from chalicelib.redeem.orders.rules import whole
from chalicelib.redeem.orders.service import Case, Request
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.returns import store
from chalicelib.redeem.returns.model import (
    Cancelled,
    OrderRefund,
    Refunded,
    RefundRequest,
    RefundState,
)
from chalicelib.redeem.returns.rules import refundable, refunded, refuse_not_cancellable
from chalicelib.redeem.returns.store import AlreadyTold
from chalicelib.storage.receipts import put_receipt, unless_carried_out
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work

FARED = {
    RefundStatus.SUCCEEDED: RefundState.SUCCEEDED,
    RefundStatus.FAILED: RefundState.FAILED,
    RefundStatus.CANCELED: RefundState.FAILED,
}
"""What a refund at Stripe means here; any other is still on its way."""


def cancel(work: Work, payments: Payments, *, request: Request) -> Cancelled:
    """Give a member's order back whole.

    Raises `KeyReused`, `NotEnrolled`, `NotFound`, `OrderNotCancellable`.
    """
    assert request.member_id is not None, "only its member cancels an order"
    try:
        with unless_carried_out(work, request.receipt, fingerprint=request.fingerprint):
            case = progress.open_case(work, payments, request=request)
            if case.order.status is Status.AWAITING_PAYMENT:
                order = progress.withdraw_payment(work, payments, order=case.order)
                case = replace(case, order=order)
            order, owed = _cancel_once(work, request, case=case)
    except Replayed:
        order = orders.of_member(work, request.member_id, order_id=request.order_id)
        return Cancelled(order, replayed=True)
    if owed is not None:
        finish(work, payments, refund=owed)
    return Cancelled(order, replayed=False)


def refund(work: Work, payments: Payments, *, request: Request, wanted: RefundRequest) -> Refunded:
    """Give an order back, or a part of it.

    Raises `KeyReused`, `NotFound`, `OrderNotSettled`, `RefundExceedsOrder`,
    `CashRefundExceedsOrder`, `InvalidFields`.
    """
    refund_id = store.refund_id_of(request.by, route=request.route, key=request.key)
    receipt = store.key_of(refund_id)
    try:
        with unless_carried_out(work, receipt, fingerprint=request.fingerprint):
            case = progress.open_case(work, payments, request=request, receipt=receipt)
            made = _refund_once(work, request, wanted=wanted, case=case)
    except Replayed as seen:
        made = finish(work, payments, refund=store.refund_from(seen.image))
        return Refunded(made, replayed=True)
    return Refunded(finish(work, payments, refund=made), replayed=False)


def pending(work: Work) -> Iterator[str]:
    """Yield the ids of refunds whose money is not back yet."""
    return store.pending(work)


def resume(work: Work, payments: Payments, *, refund_id: str) -> OrderRefund:
    """Go on with a refund whose money is not back yet; raises `Unavailable` where it stays so."""
    found = store.find(work, refund_id)
    assert found is not None, refund_id
    done = finish(work, payments, refund=found)
    if done.state is RefundState.PENDING:
        raise Unavailable
    return done


def finish(work: Work, payments: Payments, *, refund: OrderRefund) -> OrderRefund:
    """Return a refund after Stripe was asked for its money, as often as that takes."""
    if refund.state is not RefundState.PENDING:
        return refund
    found = _asked(payments, refund)
    state = FARED.get(found.status, RefundState.PENDING) if found else RefundState.PENDING
    if state is RefundState.PENDING:
        return refund
    with suppress(AlreadyTold):
        persist(work, lambda tx: store.put_state(tx, refund, state=state))
    return replace(refund, state=state)


def _asked(payments: Payments, refund: OrderRefund) -> Refund | None:
    """Return the refund at Stripe, made where it was not yet; None where that is not known."""
    assert refund.cash is not None, refund.id
    assert refund.intent_id is not None, refund.id
    draft = RefundDraft(refund.order_id, refund.number, refund.intent_id, refund.cash)
    try:
        return payments.create_refund(draft)
    except Unclear as doubt:
        found = payments.refunds_of(refund.intent_id) if doubt.is_kept else []
        marked = (one for one in found if one.mark and one.mark.number == refund.number)
        return next(marked, None)
    except Down:
        return None


def _cancel_once(work: Work, request: Request, *, case: Case) -> tuple[Order, OrderRefund | None]:
    step = Step(Reason.CANCELLATION, by_house=False)
    refund_id = store.refund_id_of(request.by, route=request.route, key=request.key)

    def attempt(tx: Transaction) -> tuple[Order, OrderRefund | None]:
        before = orders.latest(tx, case.order)
        refuse_not_cancellable(before, work.now)
        put_receipt(tx, request.receipt, fingerprint=request.fingerprint)
        cash = whole(before).cash
        order = orders.release(tx, case, before=before, step=step)
        if not cash:
            return order, None
        owed = OrderRefund(
            id=refund_id,
            order_id=order.id,
            quantity=order.quantity,
            points=order.points,
            debt_paid=order.debt_paid,
            is_restocked=True,
            fingerprint=request.fingerprint,
        )
        owed = _owing(owed, before, cash=cash)
        store.put_refund(tx, owed)
        return order, owed

    return persist(work, attempt)


def _refund_once(work: Work, request: Request, *, wanted: RefundRequest, case: Case) -> OrderRefund:
    refund_id = store.refund_id_of(request.by, route=request.route, key=request.key)
    step = Step(Reason.ORDER_REFUND, by_house=True, restock=wanted.restock, refund_id=refund_id)

    def attempt(tx: Transaction) -> OrderRefund:
        before = orders.latest(tx, case.order)
        parcel = refundable(before, wanted)
        after = refunded(before, parcel, restock=wanted.restock)
        going = orders.leaving(tx, case, parcel=parcel, step=step, pair=(before, after))
        made = OrderRefund(
            id=refund_id,
            order_id=before.id,
            quantity=parcel.quantity,
            points=parcel.worth,
            debt_paid=going.after.debt_paid - before.debt_paid,
            is_restocked=wanted.restock,
            fingerprint=request.fingerprint,
        )
        made = _owing(made, before, cash=parcel.cash)
        store.put_refund(tx, made)
        orders.leave(tx, case, going=going)
        audit.record(tx, Deed(request.by, "order.refund", before.id, after=wanted))
        return made

    return persist(work, attempt)


def _owing(made: OrderRefund, order: Order, *, cash: int) -> OrderRefund:
    """Return a refund with the cash that goes back with it, nothing where there is none."""
    if not cash or order.cash is None:
        return made
    return replace(
        made,
        cash=Money(cash, order.cash.currency),
        number=order.refunds + 1,
        intent_id=order.intent_id,
        state=RefundState.PENDING,
    )

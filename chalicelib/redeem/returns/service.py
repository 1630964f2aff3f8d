"""Giving back an order: at its member's wish for half an hour, by support at any time.

Both return exactly what was taken: points with their dates, units to where they came from, limits
in the periods that counted them. A member's own wish revives no point; the house's does, for a
week.
"""

from __future__ import annotations

from chalicelib.ledger.journal.model import Reason
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Step
from chalicelib.redeem.orders.service import Case, Request
from chalicelib.redeem.returns import store
from chalicelib.redeem.returns.model import Cancelled, OrderRefund, Refunded, RefundRequest
from chalicelib.redeem.returns.rules import refundable, refunded, refuse_not_cancellable
from chalicelib.storage.receipts import put_receipt, unless_carried_out
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work


def cancel(work: Work, request: Request) -> Cancelled:
    """Give a member's order back whole.

    Raises `KeyReused`, `NotEnrolled`, `NotFound`, `OrderNotCancellable`.
    """
    assert request.member_id is not None, "only its member cancels an order"
    try:
        with unless_carried_out(work, request.receipt, fingerprint=request.fingerprint):
            case = orders.open_case(work, request)
            return Cancelled(_cancel_once(work, request, case=case), replayed=False)
    except Replayed:
        order = orders.of_member(work, request.member_id, order_id=request.order_id)
        return Cancelled(order, replayed=True)


def refund(work: Work, request: Request, *, wanted: RefundRequest) -> Refunded:
    """Give an order back, or units of it.

    Raises `KeyReused`, `NotFound`, `OrderNotSettled`, `RefundExceedsOrder`.
    """
    refund_id = store.refund_id_of(request.by, route=request.route, key=request.key)
    receipt = store.key_of(refund_id)
    try:
        with unless_carried_out(work, receipt, fingerprint=request.fingerprint):
            case = orders.open_case(work, request, receipt=receipt)
            made = _refund_once(work, request, wanted=wanted, case=case)
    except Replayed as seen:
        return Refunded(store.refund_from(seen.image), replayed=True)
    return Refunded(made, replayed=False)


def _cancel_once(work: Work, request: Request, *, case: Case) -> Order:
    step = Step(Reason.CANCELLATION, by_house=False)

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, case.order)
        refuse_not_cancellable(before, work.now)
        put_receipt(tx, request.receipt, fingerprint=request.fingerprint)
        return orders.release(tx, case, before=before, step=step)

    return persist(work, attempt)


def _refund_once(work: Work, request: Request, *, wanted: RefundRequest, case: Case) -> OrderRefund:
    refund_id = store.refund_id_of(request.by, route=request.route, key=request.key)
    step = Step(Reason.ORDER_REFUND, by_house=True, restock=wanted.restock, refund_id=refund_id)

    def attempt(tx: Transaction) -> OrderRefund:
        before = orders.latest(tx, case.order)
        parcel = refundable(before, wanted.quantity)
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
        store.put_refund(tx, made)
        orders.leave(tx, case, going=going)
        audit.record(tx, Deed(request.by, "order.refund", before.id, after=wanted))
        return made

    return persist(work, attempt)

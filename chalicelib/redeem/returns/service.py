"""Giving back an order: at its member's wish for half an hour, by support at any time.

Both return exactly what was taken: points with their dates, units to where they came from, limits
in the periods that counted them, cash through Stripe in the proportion paid. A member's own wish
revives no point; the house's does, for a week.

An order that waits for money ends by way of Stripe (`progress.withdraw`). Of any other, points and
units go back in one transaction, which also notes what cash is owed. Then Stripe is
asked for it; whoever dies in between, the same request sent again or the job goes on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Reason
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Status, Step, Wish
from chalicelib.redeem.orders.rules import AlreadySo, refuse_disputed, whole
from chalicelib.redeem.orders.service import Case, Request
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.refunds.model import OrderRefund, RefundState
from chalicelib.redeem.refunds.rules import refund_id_of
from chalicelib.redeem.returns.model import Cancelled, Refunded, RefundRequest
from chalicelib.redeem.returns.rules import refundable, refunded, refuse_not_cancellable
from chalicelib.storage.receipts import put_receipt, unless_carried_out
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work


def cancel(work: Work, payments: Payments, *, request: Request) -> Cancelled:
    """Give a member's order back whole.

    Raises `KeyReused`, `NotEnrolled`, `NotFound`, `OrderDisputed`, `OrderNotCancellable`.
    """
    assert request.member_id is not None, "only its member cancels an order"
    try:
        with unless_carried_out(work, request.receipt, fingerprint=request.fingerprint):
            case = progress.open_case(work, payments, request=request)
            order, owed = _cancelled(work, payments, request=request, case=case)
    except Replayed:
        order = orders.of_member(work, request.member_id, order_id=request.order_id)
        owed = refunds.find(work, _refund_id(request)) if order.cash_returned else None
        replayed = True
    else:
        replayed = False
    if owed is not None:
        _finish(work, payments, made=owed)
    return Cancelled(order, replayed=replayed)


def refund(work: Work, payments: Payments, *, request: Request, wanted: RefundRequest) -> Refunded:
    """Give an order back, or a part of it.

    Raises `KeyReused`, `NotFound`, `OrderDisputed`, `OrderNotSettled`, `RefundExceedsOrder`,
    `CashRefundExceedsOrder`, `InvalidFields`.
    """
    receipt = refunds.receipt_of(_refund_id(request))
    try:
        with unless_carried_out(work, receipt, fingerprint=request.fingerprint):
            case = progress.open_case(work, payments, request=request, receipt=receipt)
            made = _refund_once(work, request, wanted=wanted, case=case)
    except Replayed as seen:
        made = _finish(work, payments, made=refunds.owed_from(seen.image))
        return Refunded(made, replayed=True)
    return Refunded(_finish(work, payments, made=made), replayed=False)


def _finish(work: Work, payments: Payments, *, made: OrderRefund) -> OrderRefund:
    """Return a refund after Stripe was asked for what it still owes."""
    if made.state is not RefundState.PENDING:
        return made
    return refunds.finish(work, payments, refund=made)


def _refund_id(request: Request) -> str:
    return refund_id_of(request.by, route=request.route, key=request.key)


def _cancelled(
    work: Work, payments: Payments, *, request: Request, case: Case
) -> tuple[Order, OrderRefund | None]:
    """Return the order that ended, and what cash it owes; one that waits for money owes none."""
    order, wish = case.order, Wish(request.receipt[1], request.fingerprint)
    if order.status is Status.AWAITING_PAYMENT:
        order = progress.withdraw(work, payments, order=order, wish=wish)
        if order.status is Status.CANCELLED and order.wish == wish:
            return order, None
    try:
        return _cancel_once(work, request, case=replace(case, order=order))
    except AlreadySo as approved:
        case = replace(case, order=approved.order)
        return _cancelled(work, payments, request=request, case=case)


def _cancel_once(work: Work, request: Request, *, case: Case) -> tuple[Order, OrderRefund | None]:
    step = Step(Reason.CANCELLATION, by_house=False)

    def attempt(tx: Transaction) -> tuple[Order, OrderRefund | None]:
        before = orders.latest(tx, case.order)
        if before.status is Status.AWAITING_PAYMENT:
            # Approved since it was read: somebody may pay it by now.
            raise AlreadySo(before)
        refuse_disputed(before)
        refuse_not_cancellable(before, work.now)
        put_receipt(tx, request.receipt, fingerprint=request.fingerprint)
        cash = whole(before).cash
        told = replace(step, refund_id=_refund_id(request)) if cash else step
        order = orders.release(tx, case, before=before, step=told)
        if not cash:
            return order, None
        owed = OrderRefund(
            id=_refund_id(request),
            order_id=order.id,
            quantity=order.quantity,
            points=order.points,
            debt_paid=order.debt_paid,
            is_restocked=True,
            fingerprint=request.fingerprint,
        )
        owed = _owing(owed, before, cash=cash, at=work.now)
        refunds.owe(tx, owed)
        return order, owed

    return persist(work, attempt)


def _refund_once(work: Work, request: Request, *, wanted: RefundRequest, case: Case) -> OrderRefund:
    refund_id = _refund_id(request)
    step = Step(Reason.ORDER_REFUND, by_house=True, restock=wanted.restock, refund_id=refund_id)

    def attempt(tx: Transaction) -> OrderRefund:
        before = orders.latest(tx, case.order)
        refuse_disputed(before)
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
        made = _owing(made, before, cash=parcel.cash, at=work.now)
        refunds.owe(tx, made)
        orders.leave(tx, case, going=going)
        audit.record(tx, Deed(request.by, "order.refund", before.id, after=wanted))
        return made

    return persist(work, attempt)


def _owing(made: OrderRefund, order: Order, *, cash: int, at: datetime) -> OrderRefund:
    """Return a refund with the cash that goes back with it, nothing where there is none."""
    if not cash or order.cash is None:
        return made
    return replace(
        made,
        cash=Money(cash, order.cash.currency),
        intent_id=order.intent_id,
        state=RefundState.PENDING,
        owed_at=at,
    )

"""Deciding about orders that were held: approved they settle, rejected they give everything back.

One that has a cash part waits for its money once approved. Its payment is made at once; where
Stripe does not answer, whoever looks next makes it. Nobody decides after 72 hours: by then the
order is cancelled, by whoever looks at it first.
"""

from __future__ import annotations

from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.pages import Page
from chalicelib.ledger.journal.model import Reason
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Step
from chalicelib.redeem.orders.rules import approved
from chalicelib.redeem.orders.service import Case, Request
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.review.model import Decided, Decision, Verdict
from chalicelib.redeem.review.rules import refuse_decided
from chalicelib.storage.receipts import put_receipt, unless_carried_out
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work


def queue(work: Work, *, limit: int, after: str | None) -> Page[Order]:
    """Return orders that wait for a decision, soonest deadline first."""
    return orders.waiting(work, limit=limit, after=after)


def decide(work: Work, payments: Payments, *, request: Request, verdict: Verdict) -> Decided:
    """Carry out a decision, once for each request.

    Raises `KeyReused`, `NotFound`, `OrderNotInReview`.
    """
    try:
        with unless_carried_out(work, request.receipt, fingerprint=request.fingerprint):
            case = progress.open_case(work, payments, request=request)
            order = _decide_once(work, request, verdict=verdict, case=case)
    except Replayed:
        return Decided(orders.find(work, request.order_id), replayed=True)
    return Decided(progress.look(work, payments, order=order).order, replayed=False)


def _decide_once(work: Work, request: Request, *, verdict: Verdict, case: Case) -> Order:
    step = Step(Reason.HOLD_RETURNED, by_house=True)

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, case.order)
        refuse_decided(before)
        put_receipt(tx, request.receipt, fingerprint=request.fingerprint)
        audit.record(tx, Deed(request.by, "order.review", before.id, after=verdict))
        if verdict.decision is Decision.APPROVE:
            return _approve(tx, case, before=before)
        return orders.release(tx, case, before=before, step=step)

    return persist(work, attempt)


def _approve(tx: Transaction, case: Case, *, before: Order) -> Order:
    """Add that an order settles, or begins to wait for its money."""
    if before.cash is None:
        return orders.settle(tx, case, before=before, reason=Reason.HOLD_SETTLED)
    after = approved(before, tx.work.now)
    orders.put(tx, before, after=after)
    return after

"""Carrying out what a person decided; each is in the audit log, and done once however often asked.

Of each the first thing said to Stripe bears a key that follows from what it is about, and the first
item written is put only where it is not there yet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chalicelib.gateways.payments.errors import Rejected
from chalicelib.gateways.payments.model import Intent, Refund, RefundDraft
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.redeem.amends.model import Booked, GivenBack
from chalicelib.redeem.amends.rules import CannotAmend, taken_back
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order, Step
from chalicelib.redeem.payment.service import asked
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.refunds.model import OrderRefund
from chalicelib.redeem.refunds.rules import stray_id_of, told_of, went_back
from chalicelib.redeem.returns.model import RefundRequest
from chalicelib.redeem.returns.rules import refundable, refunded
from chalicelib.redeem.statements.rules import booked_id_of
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work

TAKEN_BACK: Final = Step(Reason.CANCELLATION, by_house=True)
FINGERPRINT: Final = b"booked"


def book(work: Work, *, order: Order, found: Refund, cash: Money, by: str) -> None:
    """Book a refund that somebody made at Stripe: as great a part of the points comes back.

    `cash` is how much of it: what it covered of another refund is booked there. Raises what
    `refundable` does where the order has less left.
    """
    refund_id = booked_id_of(found.id)
    opened = wallets.open_wallet(work, order.member_id, absent=NotFound)
    case = orders.case_of(work, opened, order=order)
    wanted = RefundRequest(quantity=None, restock=False, amount=cash.amount)
    step = Step(Reason.ORDER_REFUND, by_house=True, restock=False, refund_id=refund_id)

    def attempt(tx: Transaction) -> None:
        before = orders.latest(tx, order)
        parcel = refundable(before, wanted)
        pair = (before, refunded(before, parcel, restock=False))
        going = orders.leaving(tx, case, parcel=parcel, step=step, pair=pair)
        made = OrderRefund(
            id=refund_id,
            order_id=before.id,
            quantity=0,
            points=parcel.worth,
            debt_paid=going.after.debt_paid - before.debt_paid,
            is_restocked=False,
            fingerprint=FINGERPRINT,
            cash=cash,
            intent_id=found.intent_id,
            state=told_of(found).state,
            stripe_id=found.id,
            owed_at=work.now,
            asked=found.cash.amount if found.cash != cash else None,
        )
        refunds.owe(tx, made)
        orders.leave(tx, case, going=going)
        told = Booked(found.id, cash.amount)
        audit.record(tx, Deed(by, "order.refund", before.id, after=told))

    try:
        persist(work, attempt)
    except Replayed:
        return


def give_back(work: Work, payments: Payments, *, intent: Intent, order_id: str, by: str) -> None:
    """Give back what is left of a payment that no order of ours is behind; raises `Unavailable`.

    Noted first, so that nobody gives money back unseen.
    """
    rest = intent.received.amount - went_back(asked(lambda: payments.refunds_of(intent.id)))
    if rest <= 0:
        return
    cash = Money(rest, intent.received.currency)
    told = GivenBack(intent.id, cash.amount, cash.currency)
    persist(
        work,
        lambda tx: audit.record(tx, Deed(by, "payment.give_back", order_id, after=told)),
    )
    draft = RefundDraft(order_id, stray_id_of(intent.id), intent.id, cash)
    try:
        asked(lambda: payments.create_refund(draft))
    except Rejected as refused:
        raise CannotAmend(f"Stripe refuses to give it back: {refused.reason}.") from None


def take_back(work: Work, *, order: Order, by: str) -> None:
    """Take an order back that was settled and never paid; raises `CannotAmend`."""
    case = orders.case_of(
        work, wallets.open_wallet(work, order.member_id, absent=NotFound), order=order
    )

    def attempt(tx: Transaction) -> None:
        before = orders.latest(tx, order)
        parcel, after = taken_back(before)
        pair = (before, after)
        going = orders.leaving(tx, case, parcel=parcel, step=TAKEN_BACK, pair=pair)
        going = replace(going, restock=True)
        orders.leave(tx, case, going=going)
        audit.record(tx, Deed(by, "order.take_back", before.id))

    persist(work, attempt)

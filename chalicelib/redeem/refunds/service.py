"""Money that goes back: owed in the transaction that owes it, then asked for until it is there.

A refund is made at Stripe once: its key follows from the record's id and attempt, and as soon as
Stripe's own id is known the record keeps it. From then on the refund is fetched and never made
again, because a key's stored answer stays "pending" for ever. Before the key can be forgotten, and
after a failure that Stripe keeps under it, what was made is looked for by its mark.

Stripe refuses more than is left of a payment, as after a refund at its dashboard that nobody
booked. What is left is then asked for under the next attempt; the rest of what we owe went back
already, and the record says so (`asked`) before Stripe is asked.

A refund may fail, even after it succeeded. That is written and wakes somebody: the money is still
with us, and a person decides how it goes back (`again`, or by other means).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date

from chalicelib.gateways.payments.errors import Down, PaymentsError, Rejected, Unclear
from chalicelib.gateways.payments.model import Refund, RefundDraft
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import NotFound, Unavailable
from chalicelib.kernel.money import Money
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.redeem.refunds import store
from chalicelib.redeem.refunds.model import Followed, OrderRefund, RefundState, Told, TriedAgain
from chalicelib.redeem.refunds.rules import (
    after,
    alive,
    is_forgotten,
    retried,
    to_ask,
    told_of,
    went_back,
)
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Aside, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.web.logs import alarm


class AlreadyTold(Exception):
    """How a refund fares is known already."""

    def __init__(self, refund: OrderRefund) -> None:
        """Keep the refund as it is now."""
        super().__init__(refund.id)
        self.refund = refund


class NotAnswered(Exception):
    """Stripe did not say how a refund fares."""


def owe(tx: Transaction, refund: OrderRefund) -> None:
    """Add a refund: from then on its cash is asked for until it is back."""
    store.put_refund(tx, refund)


def receipt_of(refund_id: str) -> Key:
    """Return where a refund is, which is the receipt of the request that makes it."""
    return store.key_of(refund_id)


def require_unowed(tx: Transaction, refund_id: str) -> None:
    """Require that a refund was not made, `AlreadyOwed` where it was."""
    store.require_absent(tx, refund_id)


def owed_from(image: RawItem) -> OrderRefund:
    """Return a refund that was found made."""
    return store.refund_from(image)


def find(work: Work, refund_id: str) -> OrderRefund | None:
    """Return a refund, or None; also for what cannot be the id of one."""
    return store.find(work, refund_id)


def find_all(work: Work, refund_ids: Sequence[str]) -> list[OrderRefund]:
    """Return the refunds that exist among the ids, in their order."""
    return store.find_all(work, refund_ids)


def owed_on(work: Work, day: date) -> Iterator[OrderRefund]:
    """Yield the refunds whose cash is owed since a day of UTC, the oldest first."""
    return store.owed_on(work, day)


def pending(work: Work) -> Iterator[str]:
    """Yield the ids of refunds whose money is not back yet."""
    return store.pending(work)


def finish(work: Work, payments: Payments, *, refund: OrderRefund) -> OrderRefund:
    """Return a refund after Stripe was asked; where Stripe does not answer it stays as it is."""
    with suppress(NotAnswered):
        return _followed(work, payments, refund=refund).refund
    return refund


def follow(
    work: Work, payments: Payments, *, refund: OrderRefund, aside: Aside | None = None
) -> Followed:
    """Write how a refund fares at Stripe, and what goes beside it where something is written.

    Raises `Unavailable` where Stripe does not answer.
    """
    try:
        return _followed(work, payments, refund=refund, aside=aside)
    except NotAnswered:
        raise Unavailable from None


def resume(work: Work, payments: Payments, *, refund_id: str) -> OrderRefund:
    """Go on with a refund whose money is not back yet.

    Raises `Unavailable` where Stripe does not answer; what a bank takes its time for is no failure.
    """
    return follow(work, payments, refund=_known(work, refund_id)).refund


def again(work: Work, payments: Payments, *, refund_id: str, by: str) -> OrderRefund:
    """Ask anew for the money of a refund that failed; for any other, just go on with it.

    Raises `Unavailable` where Stripe does not say what is left, `PaymentsError` where it refuses.
    """
    found = _known(work, refund_id)
    if found.state is RefundState.FAILED:
        try:
            asked = _left(payments, found, listed=_listed(payments, found))
        except (Down, Unclear):
            raise Unavailable from None
        found = _retried(work, found, asked=asked, by=by)
    return finish(work, payments, refund=found)


def _known(work: Work, refund_id: str) -> OrderRefund:
    found = store.find(work, refund_id)
    if found is None:
        raise NotFound
    return found


def _followed(
    work: Work, payments: Payments, *, refund: OrderRefund, aside: Aside | None = None
) -> Followed:
    is_over = refund.state is RefundState.FAILED and refund.stripe_id is None
    if refund.cash is None or is_over:
        return Followed(refund, is_told=False)
    try:
        refund, told = _begun(work, payments, refund=refund)
    except (Down, Unclear):
        raise NotAnswered from None
    except PaymentsError as refused:
        told = Told(RefundState.FAILED, reason=refused.reason)
    return _written(work, refund, told=told, aside=aside)


def _begun(work: Work, payments: Payments, *, refund: OrderRefund) -> tuple[OrderRefund, Told]:
    """Return what Stripe says of a refund: where it refuses, of what is left of the payment.

    Each further round asks for less than the one before, and none for what is left already.
    """
    try:
        return refund, _asked(work, payments, refund=refund)
    except Rejected as refused:
        if refund.stripe_id is not None:
            raise
        told = Told(RefundState.FAILED, reason=refused.reason)
    listed = _listed(payments, refund)
    made = alive(refund, listed)
    asked = _left(payments, refund, listed=listed)
    if made is not None or asked is None or asked >= _due(refund).amount:
        return refund, made or told
    alarm("refund_covered", refund=refund.id, order=refund.order_id, asked=asked)
    return _begun(work, payments, refund=_retried(work, refund, asked=asked))


def _asked(work: Work, payments: Payments, *, refund: OrderRefund) -> Told:
    """Return what Stripe says of the present attempt, begun where it was not yet."""
    if refund.stripe_id is not None:
        return told_of(payments.get_refund(refund.stripe_id))
    if not _due(refund).amount:
        return Told(RefundState.SUCCEEDED)
    if is_forgotten(refund, work.now) and (made := alive(refund, _listed(payments, refund))):
        return made
    try:
        return told_of(payments.create_refund(_draft(refund)))
    except Unclear as doubt:
        if not doubt.is_kept:
            raise
        made = alive(refund, _listed(payments, refund))
        if made is None:
            # The key answers with this failure for a day: the next look takes a new one.
            _retried(work, refund, asked=refund.asked)
            raise
        return made


def _draft(refund: OrderRefund) -> RefundDraft:
    assert refund.intent_id is not None, refund.id
    return RefundDraft(
        refund.order_id, refund.id, refund.intent_id, _due(refund), attempt=refund.attempt
    )


def _due(refund: OrderRefund) -> Money:
    assert refund.due is not None, refund.id
    return refund.due


def _listed(payments: Payments, refund: OrderRefund) -> list[Refund]:
    """Return every refund that Stripe has of the payment that a refund of ours is of."""
    assert refund.intent_id is not None, refund.id
    return payments.refunds_of(refund.intent_id)


def _left(payments: Payments, refund: OrderRefund, *, listed: list[Refund]) -> int | None:
    """Return how much can still be asked for, as `asked`."""
    assert refund.intent_id is not None, refund.id
    received = payments.get_intent(refund.intent_id).received
    return to_ask(refund, received, back=went_back(listed))


def _written(work: Work, refund: OrderRefund, *, told: Told, aside: Aside | None) -> Followed:
    if told.state is RefundState.FAILED and refund.state is not RefundState.FAILED:
        # Before it is written, so that a process which dies in between leaves nobody asleep.
        alarm("refund_failed", refund=refund.id, order=refund.order_id, reason=told.reason)

    def attempt(tx: Transaction) -> OrderRefund:
        before = store.latest(tx, refund)
        now = after(before, told, attempt=refund.attempt)
        if now == before:
            raise AlreadyTold(before)
        store.replace_refund(tx, before, after=now)
        if aside is not None:
            aside(tx)
        return now

    try:
        return Followed(persist(work, attempt), is_told=aside is not None)
    except AlreadyTold as already:
        return Followed(already.refund, is_told=False)


def _retried(
    work: Work, refund: OrderRefund, *, asked: int | None, by: str | None = None
) -> OrderRefund:
    """Return a refund with its next attempt, or as somebody else left it meanwhile."""

    def attempt(tx: Transaction) -> OrderRefund:
        before = store.latest(tx, refund)
        if (before.attempt, before.state) != (refund.attempt, refund.state):
            raise AlreadyTold(before)
        now = retried(before, work.now, asked=asked)
        store.replace_refund(tx, before, after=now)
        if by is not None:
            told = TriedAgain(now.id, now.attempt, _due(now).amount)
            audit.record(tx, Deed(by, "order.refund_again", now.order_id, after=told))
        return now

    try:
        return persist(work, attempt)
    except AlreadyTold as already:
        return already.refund

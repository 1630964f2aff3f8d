"""Following a dispute: while it is open nothing more is given, won undoes it, lost ends the order.

The dispute is fetched from Stripe, then the payment that it is of, whose mark names the order. Each
step is one transaction on the order's version. What was used already cannot be kept back, so its
worth in points is clawed back as soon as a dispute opens; how much by date, and how much became
debt, stays with the order, and winning gives back exactly that. What was not used is kept back, and
goes to the shelf and to the member when a dispute is lost.

The price: of a debt that was paid in the meantime the journal has to tell with which points, and
for that its newest entries are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from chalicelib.gateways.payments.errors import Down, Unclear
from chalicelib.gateways.payments.model import Dispute as Found
from chalicelib.gateways.payments.model import DisputeStatus, Intent, IntentStatus
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import NotFound, Unavailable
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.journal.rules import UNPAID
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Change, ClawBack, Wallet
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.redeem.disputes.rules import (
    STATES,
    alarm_of,
    is_used,
    left_over,
    next_of,
    owed_for,
    paid_since,
    points_worth,
)
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Dispute, DisputeState, Order, Status, Step
from chalicelib.redeem.orders.rules import HOLDING, AlreadySo, whole, without
from chalicelib.redeem.orders.service import Case
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.refunds.rules import went_back
from chalicelib.settings import settings
from chalicelib.storage.transaction import Aside, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.web.logs import alarm

OPEN, WON, LOST = DisputeState.OPEN, DisputeState.WON, DisputeState.LOST
RETURNED: Final = Step(Reason.DISPUTE_LOST, by_house=True)
NOTHING: Final[Mapping[str, str]] = {}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A dispute as Stripe has it, what that means, and how much of the payment went back.

    That is Stripe's word, too: an order counts a refund as soon as it is owed, and Stripe refuses
    one that comes after a dispute. Late money that an order did not get goes back beside it.
    """

    found: Found
    state: DisputeState
    returned: int


@dataclass(frozen=True, slots=True)
class Matter:
    """What a step is judged on: the wallet as it was read, the order as it is, and the dispute."""

    case: Case
    order: Order
    asked: Asked


def follow(work: Work, payments: Payments, *, dispute_id: str, aside: Aside | None = None) -> bool:
    """Bring an order to where the dispute of its payment stands; tell whether `aside` was written.

    Raises `NotFound` for an order that is not there, `Unavailable` where Stripe does not answer.
    """
    found = _asked(lambda: payments.get_dispute(dispute_id))
    state = STATES.get(found.status)
    if found.status is DisputeStatus.UNKNOWN:
        alarm("dispute_unknown", dispute=found.id)
    intent = _intent_of(payments, found) if state else None
    if state is None or intent is None:
        return False
    assert intent.mark is not None, "none of ours"
    order = _current(work, payments, order_id=intent.mark.order_id, intent=intent)
    if order.intent_id != intent.id:
        alarm("dispute_of_another_payment", order=order.id, dispute=found.id)
        return False
    asked = Asked(found, state, went_back(_asked(lambda: payments.refunds_of(intent.id))))
    return _brought(work, order, asked=asked, aside=aside)


def _intent_of(payments: Payments, found: Found) -> Intent | None:
    """Return the payment that is disputed, None where no Jifen of ours made it."""
    known, account = found.intent_id, settings().stripe
    if known is None or account is None:
        return None
    intent = _asked(lambda: payments.get_intent(known))
    is_ours = intent.mark is not None and intent.mark.environment == account.environment
    return intent if is_ours else None


def _current(work: Work, payments: Payments, *, order_id: str, intent: Intent) -> Order:
    """Return the order that was paid, as far as its payment brings it."""
    order = orders.find(work, order_id)
    if order.status is Status.AWAITING_PAYMENT:
        order = progress.advance(work, payments, order=order).order
    if order.status is Status.EXPIRED and intent.status is IntentStatus.SUCCEEDED:
        order = progress.late(work, payments, order=order, intent=intent).order
    if order.status is Status.AWAITING_PAYMENT:
        raise Unavailable
    return order


def _brought(work: Work, order: Order, *, asked: Asked, aside: Aside | None) -> bool:
    """Take one step after the other; the last one carries the aside."""
    while step := next_of(order, asked.found.id, state=asked.state):
        is_last = step is asked.state
        try:
            order = _stepped(work, order, step=step, asked=asked, aside=aside if is_last else None)
        except AlreadySo as already:
            order = already.order
            continue
        if is_last:
            _tell_what_is_left(order, asked.found)
            return aside is not None
    told = alarm_of(order, asked.found.id, state=asked.state)
    if told is not None:
        alarm(told, order=order.id, dispute=asked.found.id)
    return False


def _stepped(
    work: Work, order: Order, *, step: DisputeState, asked: Asked, aside: Aside | None
) -> Order:
    case = orders.case_of(
        work, wallets.open_wallet(work, order.member_id, absent=NotFound), order=order
    )

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        if next_of(before, asked.found.id, state=asked.state) is not step:
            raise AlreadySo(before)
        after = STEPS[step](tx, Matter(case, before, asked))
        if aside is not None:
            aside(tx)
        return after

    return persist(work, attempt)


def _open(tx: Transaction, matter: Matter) -> Order:
    """Add that nothing more is given, and that what was used is owed."""
    before, found = matter.order, matter.asked.found
    assert before.cash is not None, before.id
    owed = owed_for(before, found.cash, returned=matter.asked.returned)
    points = points_worth(matter.case.opened.program, Money(owed, before.cash.currency))
    clawed = ClawBack(0, 0)
    if points:
        posting = Posting(_wallet(tx, matter), matter.case.opened.today)
        clawed = posting.claw_back(points, None)
        _add(tx, matter, close=partial(posting.close, Reason.DISPUTE))
    return _put(tx, before, dispute=Dispute(found.id, OPEN, clawed.taken, clawed.debt))


def _win(tx: Transaction, matter: Matter) -> Order:
    """Add that exactly what was taken comes back."""
    before, won = matter.order, Dispute(matter.asked.found.id, WON)
    lost = before.dispute
    if lost is not None and (lost.taken or lost.debt):
        wallet = _wallet(tx, matter)
        entries = journal.newest_first(tx.work, wallet.member_id, through=wallet.version)
        paid = paid_since(lost, wallet, entries=entries)
        posting = Posting(wallet, matter.case.opened.today)
        posting.restore(ClawBack(0, lost.debt, lost.taken), paid=paid)
        told = {UNPAID: str(sum(lot.points for lot in paid))} if paid else {}
        _add(tx, matter, close=partial(posting.close, Reason.DISPUTE_WON), refers=told)
    return _put(tx, before, dispute=won)


def _lose(tx: Transaction, matter: Matter) -> Order:
    """Add that what was not used goes back; the bank has seen to the cash."""
    before = matter.order
    assert before.dispute is not None, before.id
    dispute = replace(before.dispute, state=LOST)
    if before.status not in HOLDING or is_used(before):
        return _put(tx, before, dispute=dispute)
    parcel = replace(whole(before), cash=0)
    left = without(before, parcel, restock=True)
    after = replace(left, status=Status.REFUNDED, dispute=dispute)
    pair = (before, after)
    going = orders.leaving(tx, matter.case, parcel=parcel, step=RETURNED, pair=pair)
    orders.leave(tx, matter.case, going=going)
    return going.after


STEPS: Final[Mapping[DisputeState, Callable[[Transaction, Matter], Order]]] = {
    OPEN: _open,
    WON: _win,
    LOST: _lose,
}


def _put(tx: Transaction, before: Order, *, dispute: Dispute) -> Order:
    after = replace(before, version=before.version + 1, dispute=dispute)
    orders.put(tx, before, after=after)
    return after


def _wallet(tx: Transaction, matter: Matter) -> Wallet:
    return wallets.latest(tx, matter.case.opened.wallet)


def _add(
    tx: Transaction,
    matter: Matter,
    *,
    close: Callable[..., Change],
    refers: Mapping[str, str] = NOTHING,
) -> None:
    """Add a wallet's next version, and the entry that names the order."""
    told, version = {"order": matter.order.id, **refers}, matter.case.opened.program.version
    wallets.add(tx, close(at=tx.work.now, refers=told, program_version=version))


def _tell_what_is_left(order: Order, found: Found) -> None:
    """Wake somebody where a lost dispute was of a part: the rest of the cash has no order now."""
    left = left_over(order, found.cash)
    if order.dispute is None or order.dispute.state is not LOST or not left:
        return
    if order.status is Status.REFUNDED:
        alarm("dispute_lost_in_part", order=order.id, dispute=found.id, left=left)


def _asked(call: Callable[[], T]) -> T:
    try:
        return call()
    except (Down, Unclear):
        raise Unavailable from None

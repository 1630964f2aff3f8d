"""What a dispute of a payment means to its order: which step comes next, and what it costs.

The state comes from the dispute as Stripe has it now. A step is taken once, and none leads back:
whatever two lookers have fetched, and in whatever order they write, an order ends the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chalicelib.gateways.payments.model import DisputeStatus
from chalicelib.kernel.money import MINOR_DIGITS, Money
from chalicelib.ledger.journal.model import Entry
from chalicelib.ledger.journal.rules import last_paid
from chalicelib.ledger.wallets.model import Lot, Lots, Wallet
from chalicelib.program.documents.model import Program
from chalicelib.redeem.orders.model import Dispute, DisputeState, Fulfilment, Order
from chalicelib.redeem.orders.rules import HOLDING

STATES: Final[Mapping[DisputeStatus, DisputeState]] = {
    DisputeStatus.NEEDS_RESPONSE: DisputeState.OPEN,
    DisputeStatus.UNDER_REVIEW: DisputeState.OPEN,
    DisputeStatus.APPEAL_NEEDS_RESPONSE: DisputeState.OPEN,
    DisputeStatus.APPEAL_UNDER_REVIEW: DisputeState.OPEN,
    DisputeStatus.WON: DisputeState.WON,
    DisputeStatus.LOST: DisputeState.LOST,
}
"""What a dispute's status means here. Where none stands no money has moved, as for an inquiry."""

OPEN, WON, LOST = DisputeState.OPEN, DisputeState.WON, DisputeState.LOST


def next_of(order: Order, dispute_id: str, *, state: DisputeState) -> DisputeState | None:
    """Return the step that an order takes next towards a dispute's state, None where there is none.

    What is lost was open before, also where nobody heard of that. A dispute that was won leaves
    room for another one; beside one that was not, a second is left to people.
    """
    known = order.dispute
    if known is None or (known.id != dispute_id and known.state is WON and state is not WON):
        return WON if state is WON else OPEN
    if known.id == dispute_id and known.state is OPEN and state is not OPEN:
        return state
    return None


def alarm_of(order: Order, dispute_id: str, *, state: DisputeState) -> str | None:
    """Return what to wake people with, where a dispute stands as no step leads to."""
    known = order.dispute
    if known is None:
        return None
    if known.id != dispute_id:
        return None if WON in {known.state, state} else "dispute_beside_another"
    contrary = {(LOST, WON): "dispute_won_after_lost", (WON, LOST): "dispute_lost_after_won"}
    return contrary.get((known.state, state))


def is_used(order: Order) -> bool:
    """Tell whether a member has had something of an order that nobody can take back."""
    return order.status in HOLDING and (order.is_fetched or order.fulfilment is Fulfilment.SENT)


def disputed(order: Order, cash: Money) -> int:
    """Return the minor units of an order's price that are disputed.

    A bank may name them in the payer's currency, and a little more of them where its rate moved.
    """
    assert order.cash is not None, order.id
    return min(cash.amount, order.cash.amount) if _is_same(order, cash) else order.cash.amount


def owed_for(order: Order, cash: Money, *, returned: int) -> int:
    """Return the minor units that a member has had for nothing while a dispute is not decided.

    Where something was used that is all that is disputed: what is kept of the order has lost its
    price, and what went back before goes back twice. Else it is only what goes back twice.
    """
    assert order.cash is not None, order.id
    gone = disputed(order, cash)
    return gone if is_used(order) else max(0, gone + returned - order.cash.amount)


def left_over(order: Order, cash: Money) -> int:
    """Return the minor units that neither went back nor are disputed."""
    assert order.cash is not None, order.id
    return max(0, order.cash.amount - order.cash_returned - disputed(order, cash))


def points_worth(program: Program, cash: Money) -> int:
    """Return the points that an amount is worth to finance, rounded down."""
    return int(cash.amount * program.worth_points // 10 ** MINOR_DIGITS[cash.currency])


def paid_since(lost: Dispute, wallet: Wallet, *, entries: Iterable[Entry]) -> Lots:
    """Return by date the points that have paid what a dispute left owing, as far as it was paid.

    What is owed beside it was owed without the dispute, too, so the last points that paid are those
    that would have come in. `entries` come newest first, and are read only where any are needed.
    """
    points = lost.debt - min(lost.debt, wallet.debt)
    found = last_paid(entries, points) if points else {}
    return tuple(Lot(day, found[day]) for day in sorted(found))


def _is_same(order: Order, cash: Money) -> bool:
    return order.cash is not None and order.cash.currency == cash.currency

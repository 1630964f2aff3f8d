"""Comparing: what differs between our side of an order and Stripe's. Pure; facts in, words out.

A payment is Stripe's word that money came; an order that it was given for; a refund here that it is
owed back, and one at Stripe that it went. What is on its way on both sides is no difference, nor is
what a bank takes its time for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.gateways.payments.model import Dispute, Intent, IntentStatus, Refund, Span
from chalicelib.kernel.money import MINOR_DIGITS, Money
from chalicelib.redeem.disputes.rules import STATES, next_of
from chalicelib.redeem.orders.model import Order
from chalicelib.redeem.orders.rules import HOLDING, WAITING, is_overdue
from chalicelib.redeem.progress.rules import DEAD, is_own
from chalicelib.redeem.reconciliation.model import SENTENCES, Difference, Kind, Progress, Sums
from chalicelib.redeem.refunds.model import OrderRefund, RefundState
from chalicelib.redeem.refunds.rules import told_of
from chalicelib.redeem.statements.model import Sides
from chalicelib.redeem.statements.rules import is_paid, is_stray, matched, names_of

AHEAD: Final = timedelta(minutes=1)
"""By so much Stripe's clock may be ahead of ours; and it tells whole seconds, this one too."""
LOOKED_BACK: Final = timedelta(days=3)
"""For so long Stripe tells a webhook again: what it lost for good is older than that nowhere."""
RESUMED_WITHIN: Final = timedelta(hours=12)
"""A run that died is gone on with; half a day later the next one begins anyway."""
DIGITS: Final = 2
"""Of a currency that no program may choose."""


def compare(sides: Sides, now: datetime) -> list[Difference]:
    """Return what differs between the two sides of an order."""
    order = sides.order
    found = [one for intent in sides.intents for one in _paid(sides, intent)]
    if order is not None and order.cash is not None:
        found += _standing(order, own=_own(sides), is_whole=sides.is_whole, now=now)
        found += _disputed(order, sides.disputes)
    found += [one for owed in sides.owed for one in _owed(owed, sides.refunds)]
    return found + list(_unbooked(sides))


def sentence(difference: Difference) -> str:
    """Return a difference in words."""
    return SENTENCES[difference.kind].format(
        amount=amount(difference.cash),
        about=difference.about,
        order=difference.order_id,
        here=difference.here,
        there=difference.there,
    )


def amount(cash: Money) -> str:
    """Return an amount as people write it: `29.90 CNY`."""
    digits = MINOR_DIGITS.get(cash.currency, DIGITS)
    whole, part = divmod(cash.amount, 10**digits)
    minor = f".{part:0{digits}d}" if digits else ""
    return f"{whole:,}{minor} {cash.currency.upper()}"


def up_to(now: datetime, *, since: datetime) -> Span:
    """Return the span from an instant up to what happens just now."""
    return Span(since, now + AHEAD)


def begun(progress: Progress | None, now: datetime) -> datetime:
    """Return from when on a run of the job looks: three days back, and never leaves a gap.

    A run that died not long ago is gone on with.
    """
    back = now - LOOKED_BACK
    if progress is None:
        return back
    is_left = progress.through < progress.until and now - progress.until < RESUMED_WITHIN
    return progress.through if is_left else min(back, progress.through)


def sums_of(sides: Sequence[Sides], *, within: Span) -> Sums:
    """Return what was looked at, and the cash that each side tells of in a span."""
    owed = [one for side in sides for one in side.owed if _is_in(within, one.owed_at)]
    placed = [one.order for one in sides if one.order and _is_in(within, one.order.placed_at)]
    intents = [one for side in sides for one in side.intents if _is_in(within, one.created_at)]
    back = [one for side in sides for one in side.refunds if _is_in(within, one.created_at)]
    disputes = [one for side in sides for one in side.disputes if _is_in(within, one.created_at)]
    strays = [one.cash for one in owed if is_stray(one)]
    return Sums(
        len(placed),
        len(intents),
        len(back),
        len(disputes),
        taken_here=_sum([*strays, *(one.cash for one in placed if one.settled_at)]),
        taken_there=_sum(one.received for one in intents),
        back_here=_sum(one.cash for one in owed if one.state is not RefundState.FAILED),
        back_there=_sum(one.cash for one in back if _is_back(one)),
    )


def added(one: Sums, other: Sums) -> Sums:
    """Return the sums of two parts."""
    return Sums(
        one.orders + other.orders,
        one.payments + other.payments,
        one.refunds + other.refunds,
        one.disputes + other.disputes,
        Counter(one.taken_here) + Counter(other.taken_here),
        Counter(one.taken_there) + Counter(other.taken_there),
        Counter(one.back_here) + Counter(other.back_here),
        Counter(one.back_there) + Counter(other.back_there),
    )


def _own(sides: Sides) -> Intent | None:
    order = sides.order
    assert order is not None
    own = [one for one in sides.intents if is_own(order, one)]
    return next(filter(is_paid, own), None) or next(iter(own), None)


def _paid(sides: Sides, intent: Intent) -> Iterator[Difference]:
    """Yield what is wrong about where a payment went."""
    if not is_paid(intent):
        return
    order, there = sides.order, _went_back(intent, sides.refunds)
    owed = sum(one.cash.amount for one in sides.owed if one.cash and one.intent_id == intent.id)
    is_its = order is not None and is_own(order, intent)
    here = order.cash_returned if order is not None and is_its else 0
    cash = Money(intent.received.amount - max(there, owed, here), intent.received.currency)
    if cash.amount <= 0:
        return
    if order is None:
        yield Difference(Kind.NO_ORDER, intent.id, sides.order_id, cash)
    elif is_its and order.status in WAITING:
        yield Difference(Kind.PAID_WAITING, intent.id, order.id, cash)
    elif order.status in DEAD:
        yield Difference(Kind.PAID_DEAD, intent.id, order.id, cash, here=order.status.value)
    elif not is_its:
        yield Difference(Kind.PAID_TWICE, intent.id, order.id, cash, here=order.intent_id or "none")


def _standing(
    order: Order, *, own: Intent | None, is_whole: bool, now: datetime
) -> Iterator[Difference]:
    """Yield what is wrong about where an order stands, by its own payment."""
    assert order.cash is not None
    status = own.status if own is not None else None
    if order.status in WAITING:
        busy = {IntentStatus.SUCCEEDED, IntentStatus.PROCESSING}
        if is_overdue(order, now) and status not in busy:
            waits = order.status.value.replace("_", " ")
            yield Difference(Kind.OVERDUE, order.id, order.id, order.cash, here=waits)
        return
    if order.status in DEAD or not is_whole:
        return
    paid = own.received if own is not None and status is IntentStatus.SUCCEEDED else None
    if paid != order.cash:
        has = amount(paid) if paid is not None else "nothing"
        yield Difference(
            Kind.UNPAID,
            order.id,
            order.id,
            order.cash,
            here=order.intent_id or "(none)",
            there=has,
        )


def _disputed(order: Order, disputes: tuple[Dispute, ...]) -> Iterator[Difference]:
    """Yield that an order does not tell how its newest dispute stands."""
    told = [one for one in disputes if one.intent_id == order.intent_id and one.status in STATES]
    if not told or order.status in WAITING:
        return
    newest = max(told, key=lambda one: (one.created_at, one.id))
    there, known = STATES[newest.status], order.dispute
    if known is not None and (known.id, known.state) == (newest.id, there):
        return
    leads = next_of(order, newest.id, state=there) is not None
    yield Difference(
        Kind.DISPUTE if leads else Kind.DISPUTE_CONTRARY,
        newest.id,
        order.id,
        newest.cash,
        here=f"{known.state.value} ({known.id})" if known else "unknown",
        there=there.value,
    )


def _owed(owed: OrderRefund, refunds: tuple[Refund, ...]) -> Iterator[Difference]:
    """Yield what is wrong about a refund of ours, by Stripe's."""
    if owed.cash is None:
        return
    found = matched(owed, refunds)
    there = told_of(found).state if found is not None else None
    here = owed.state
    about = (owed.id, owed.order_id, owed.cash)
    beside = sum(one.cash.amount for one in refunds if _is_beside(owed, one))
    if found is not None and there is not here:
        word = there.value if there is not None else ""
        yield Difference(Kind.REFUND_STATE, *about, here=here.value, there=word)
    elif here is RefundState.FAILED:
        yield Difference(Kind.REFUND_FAILED, *about)
    elif found is None and here is RefundState.PENDING and owed.stripe_id is None:
        yield Difference(Kind.REFUND_WAITS, *about)
    elif found is None and not _is_all_covered(owed):
        word = owed.stripe_id or "no id"
        yield Difference(Kind.REFUND_MISSING, *about, here=here.value, there=word)
    elif found is not None and found.cash != owed.due:
        yield Difference(Kind.REFUND_AMOUNT, *about, there=amount(found.cash))
    elif owed.due is not None and owed.due.amount + beside < owed.cash.amount:
        # What covered the rest of it did not arrive after all.
        there_in_all = Money(owed.due.amount + beside, owed.cash.currency)
        yield Difference(Kind.REFUND_AMOUNT, *about, there=amount(there_in_all))


def _unbooked(sides: Sides) -> Iterator[Difference]:
    """Yield the refunds at Stripe of an order that keeps its money, and that nobody booked.

    Of each as much as the order has left to give back: the rest covered refunds that it owed.
    """
    order = sides.order
    if order is None or order.cash is None or order.status not in HOLDING:
        return
    known, rest = {one.id for one in sides.owed}, order.cash.amount - order.cash_returned
    for refund in sorted(sides.refunds, key=lambda one: (one.created_at, one.id)):
        is_its = refund.intent_id == order.intent_id
        if rest > 0 and is_its and _is_back(refund) and not known & names_of(refund):
            cash = replace(refund.cash, amount=min(refund.cash.amount, rest))
            rest -= cash.amount
            yield Difference(Kind.REFUND_UNBOOKED, refund.id, order.id, cash)


def _is_all_covered(owed: OrderRefund) -> bool:
    """Tell whether Stripe was not asked for anything, because all of it was back."""
    return owed.state is RefundState.SUCCEEDED and owed.due is not None and not owed.due.amount


def _is_beside(owed: OrderRefund, refund: Refund) -> bool:
    """Tell whether a refund that somebody made at Stripe may have covered a part of one of ours."""
    is_ours = refund.mark is not None and refund.mark.refund_id is not None
    return refund.intent_id == owed.intent_id and not is_ours and _is_back(refund)


def _went_back(intent: Intent, refunds: Iterable[Refund]) -> int:
    return sum(one.cash.amount for one in refunds if one.intent_id == intent.id and _is_back(one))


def _is_back(refund: Refund) -> bool:
    return told_of(refund).state is not RefundState.FAILED


def _is_in(span: Span, at: datetime | None) -> bool:
    return at is not None and span.since <= at < span.until


def _sum(amounts: Iterable[Money | None]) -> Mapping[str, int]:
    """Return amounts by currency."""
    sums = Counter[str]()
    for cash in amounts:
        if cash is not None and cash.amount:
            sums[cash.currency] += cash.amount
    return sums

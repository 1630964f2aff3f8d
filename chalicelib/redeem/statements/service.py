"""Putting together what both sides tell of orders: of all that happened on a day, or of one.

A day is what each side made in it: orders that were placed and refunds that are owed since then,
and the payments, refunds and disputes that Stripe lists, a hundred a call. What has its counterpart
in another day is fetched by itself: what a midnight parted, and what concerns older orders.

An index names our orders, so each is read before anything is said of it; of Stripe's objects only
those count that bear this environment's mark, or whose payment does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, TypeVar

from chalicelib.gateways.payments.errors import Rejected
from chalicelib.gateways.payments.model import Dispute, Intent, Mark, Refund, Span
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import NotFound
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.payment.service import asked
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.refunds.model import OrderRefund
from chalicelib.redeem.statements.model import Named, Sides
from chalicelib.redeem.statements.rules import is_paid, names_of, strays_of
from chalicelib.settings import settings
from chalicelib.storage.work import Work

BATCH: Final = 100
"""As many as one batch of reads takes."""
MISSING: Final = "resource_missing"
"""Stripe's word for an id that it does not know."""

T = TypeVar("T")


@dataclass(slots=True)
class Listed:
    """What Stripe lists of a span, by the order that it is of."""

    intents: defaultdict[str, list[Intent]] = field(default_factory=lambda: defaultdict(list))
    refunds: defaultdict[str, list[Refund]] = field(default_factory=lambda: defaultdict(list))
    disputes: defaultdict[str, list[Dispute]] = field(default_factory=lambda: defaultdict(list))


def of_day(work: Work, payments: Payments, *, span: Span) -> Iterator[Sides]:
    """Yield what both sides tell of every order that something happened to in a span of one day.

    Raises `Unavailable` where Stripe does not answer.
    """
    there, owed = _listed(payments, span), _owed(work, span)
    placed = orders.with_cash(work, since=span.since, until=span.until)
    found = (there.intents, there.refunds, there.disputes, owed)
    ids = iter(dict.fromkeys([*placed, *(name for one in found for name in one)]))
    while batch := list(islice(ids, BATCH)):
        known = {order.id: order for order in orders.find_all(work, batch)}
        for order_id in batch:
            order = known.get(order_id)
            is_whole = order is not None and span.since <= order.placed_at < span.until
            sides = Sides(
                order_id,
                order,
                owed=tuple(owed[order_id]),
                intents=tuple(there.intents[order_id]),
                refunds=tuple(there.refunds[order_id]),
                disputes=tuple(there.disputes[order_id]),
                is_whole=is_whole,
            )
            yield _completed(work, payments, sides=sides)


def of_order(work: Work, payments: Payments, *, named: Named) -> Sides:
    """Return everything that both sides tell of one order; raises `Unavailable`."""
    found = orders.find_all(work, [named.order_id])
    order = found[0] if found else None
    own = [order.intent_id] if order is not None and order.intent_id is not None else []
    ids = dict.fromkeys([*own, *named.intent_ids])
    intents = [one for name in ids for one in _found(payments.get_intent, name)]
    back = [one for name in ids for one in _of(payments.refunds_of, name)]
    disputes = [one for name in ids for one in _of(payments.disputes_of, name)]
    owed = refunds.find_all(work, named.refund_ids)
    sides = Sides(named.order_id, order, tuple(owed), tuple(intents), tuple(back), tuple(disputes))
    return _completed(work, payments, sides=sides)


def named_by(work: Work, payments: Payments, *, about: str) -> Named:
    """Return which order an id of ours or of Stripe's is about; raises `NotFound`, `Unavailable`.

    An id of another environment's is of nothing here.
    """
    if about.startswith("ord_"):
        return Named(orders.find(work, about).id)
    if about.startswith("rfd_"):
        owed = refunds.find(work, about)
        if owed is None:
            raise NotFound
        of_it = (owed.intent_id,) if owed.intent_id is not None else ()
        return Named(owed.order_id, of_it, (about,))
    intent_id = _intent_behind(payments, about)
    mark = _mark_of(payments, intent_id)
    if mark is None or intent_id is None:
        raise NotFound
    return Named(mark.order_id, (intent_id,))


def _listed(payments: Payments, span: Span) -> Listed:
    """Return what Stripe lists; what bears no mark of its own is asked for by its payment."""
    found, order_of = Listed(), dict[str, str]()
    for intent in asked(lambda: list(payments.intents(span))):
        assert intent.mark is not None, "none of ours"
        found.intents[intent.mark.order_id].append(intent)
        order_of[intent.id] = intent.mark.order_id
    back = asked(lambda: list(payments.refunds(span)))
    disputes = asked(lambda: list(payments.disputes(span)))

    def order_behind(intent_id: str | None) -> str | None:
        if intent_id is not None and intent_id not in order_of:
            mark = _mark_of(payments, intent_id)
            order_of[intent_id] = mark.order_id if mark else ""
        return order_of[intent_id] or None if intent_id is not None else None

    for refund in back:
        order_id = refund.mark.order_id if refund.mark else order_behind(refund.intent_id)
        if order_id is not None:
            found.refunds[order_id].append(refund)
    for dispute in disputes:
        order_id = order_behind(dispute.intent_id)
        if order_id is not None:
            found.disputes[order_id].append(dispute)
    return found


def _owed(work: Work, span: Span) -> defaultdict[str, list[OrderRefund]]:
    """Return the refunds of cash that are owed since a span of one day, by order."""
    found: defaultdict[str, list[OrderRefund]] = defaultdict(list)
    for one in refunds.owed_on(work, span.since.date()):
        if one.owed_at is not None and span.since <= one.owed_at < span.until:
            found[one.order_id].append(one)
    return found


def _completed(work: Work, payments: Payments, *, sides: Sides) -> Sides:
    """Return what both sides tell, with what either names of the other and another day has."""
    intents, back = list(sides.intents), list(sides.refunds)
    own = sides.order.intent_id if sides.order is not None and sides.is_whole else None
    if own is not None and own not in {one.id for one in intents}:
        intents += _found(payments.get_intent, own)
    if sides.order is None:
        for lost in filter(is_paid, sides.intents):
            back = _merged(back, _of(payments.refunds_of, lost.id))
    here = {one.id for one in sides.owed}
    names = {name for one in back for name in names_of(one)} | strays_of(sides.order, intents)
    owed = [*sides.owed, *refunds.find_all(work, sorted(names - here))]
    for partly in {one.intent_id for one in owed if one.asked is not None and one.intent_id}:
        # Somebody gave a part of it back at Stripe: that part bears no name of ours.
        back = _merged(back, _of(payments.refunds_of, partly))
    there = {one.id for one in back}
    for one in owed:
        if one.stripe_id is not None and one.stripe_id not in there:
            back += _found(payments.get_refund, one.stripe_id)
    return replace(sides, owed=tuple(owed), intents=tuple(intents), refunds=tuple(back))


def _intent_behind(payments: Payments, about: str) -> str | None:
    """Return the payment that an id of Stripe's is, or is of; raises `NotFound`."""
    if about.startswith("pi_"):
        return about
    if about.startswith("re_"):
        return next((one.intent_id for one in _found(payments.get_refund, about)), None)
    if about.startswith(("dp_", "du_")):
        return next((one.intent_id for one in _found(payments.get_dispute, about)), None)
    raise NotFound


def _mark_of(payments: Payments, intent_id: str | None) -> Mark | None:
    """Return our mark on a payment, None where it is another environment's or nobody's."""
    account = settings().stripe
    for intent in _found(payments.get_intent, intent_id or ""):
        if intent.mark is not None and account is not None:
            return intent.mark if intent.mark.environment == account.environment else None
    return None


def _merged(some: list[Refund], others: list[Refund]) -> list[Refund]:
    known = {one.id for one in some}
    return some + [one for one in others if one.id not in known]


def _found(get: Callable[[str], T], name: str) -> list[T]:
    """Return what Stripe has under an id, nothing where it knows none."""
    return _of(lambda known: [get(known)], name) if name else []


def _of(listed: Callable[[str], list[T]], name: str) -> list[T]:
    """Return what Stripe lists of an id, nothing where it does not know that."""

    def tried() -> list[T]:
        try:
            return listed(name)
        except Rejected as refused:
            if refused.reason != MISSING:
                raise
            return []

    return asked(tried)

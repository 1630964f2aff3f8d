"""Holding our orders against Stripe's objects, both ways, and mending what differs.

Day by day, and then whatever still waits (a refund on its way, an open dispute, an order past its
deadline), however old it is. What following Stripe's object mends is mended by the same code that
webhooks run, so that losing all of them loses nothing but time; each order is then looked at anew,
from both sides. What stays needs a person: `mend` does what they decide.

The job notes after each day how far it is. One that dies is gone on with by the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from chalicelib.gateways.payments.errors import PaymentsError
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import Refusal
from chalicelib.redeem.amends import service as amends
from chalicelib.redeem.amends.rules import CannotAmend
from chalicelib.redeem.disputes import service as disputes
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.rules import WAITING
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.reconciliation import store
from chalicelib.redeem.reconciliation.model import (
    FOLLOWS,
    Difference,
    Found,
    Kind,
    Part,
    Progress,
    Sums,
)
from chalicelib.redeem.reconciliation.rules import begun, compare, sums_of, up_to
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.statements import service as statements
from chalicelib.redeem.statements.model import Named, Sides
from chalicelib.redeem.statements.rules import days_of
from chalicelib.settings import settings
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import Work
from chalicelib.web.apart import did
from chalicelib.web.logs import alarm

ROUNDS_MAX: Final = 3
"""Looks at one order: what is mended may show what it hid, as a payment hides its dispute."""

UNEXPECTED: Final = "Something unexpected stood against it; the log tells what."


def run(work: Work, payments: Payments) -> Mapping[str, int]:
    """Mend what follows from Stripe's word, and wake somebody for the rest; return counts.

    Raises `Unavailable` where Stripe does not answer; the next run goes on there.
    """
    counts = {"orders": 0, "payments": 0, "refunds": 0, "disputes": 0, "mended": 0, "left": 0}
    if settings().stripe is None:
        return counts
    since = begun(store.find(work), work.now)
    for part in reconcile(work, payments, since=since, is_mending=True):
        for found in part.found:
            counts["mended" if found.is_mended else "left"] += 1
            if not found.is_mended:
                _wake(found.difference)
        for name in ("orders", "payments", "refunds", "disputes"):
            counts[name] += getattr(part.sums, name)
        persist(work, partial(store.put, progress=Progress(part.until, work.now)))
    return counts


def reconcile(
    work: Work, payments: Payments, *, since: datetime, is_mending: bool
) -> Iterator[Part]:
    """Yield what differs, day by day, and at last what differs of what still waits.

    Raises `Unavailable` where Stripe does not answer.
    """
    span, seen = up_to(work.now, since=since), set[tuple[Kind, str]]()
    for day in days_of(span):
        sides = list(statements.of_day(work, payments, span=day))
        found = _judged(work, payments, sides=sides, is_mending=is_mending)
        yield Part(day.until, _new(found, seen), sums_of(sides, within=day))
    waiting = (statements.of_order(work, payments, named=one) for one in _waiting(work))
    found = _judged(work, payments, sides=waiting, is_mending=is_mending)
    yield Part(span.until, _new(found, seen), Sums())


def mend(work: Work, payments: Payments, *, about: str, by: str) -> list[Found]:
    """Mend what differs about one thing, and do what only a person decides; return what differed.

    Raises `NotFound`, `Unavailable`.
    """
    named = statements.named_by(work, payments, about=about)
    sides = statements.of_order(work, payments, named=named)
    wanted = [one for one in compare(sides, work.now) if one.about == about]
    failed = {one: _tried(work, payments, difference=one, by=by) for one in wanted}
    left = {one.kind for one in _again(work, payments, named=named) if one.about == about}
    return [Found(one, one.kind not in left, failed[one]) for one in wanted]


def _waiting(work: Work) -> Iterator[Named]:
    """Yield what is looked at however old it is."""
    for order_id in [*orders.overdue(work), *orders.disputed(work)]:
        yield Named(order_id)
    for refund_id in list(refunds.pending(work)):
        owed = refunds.find(work, refund_id)
        if owed is not None:
            of_it = (owed.intent_id,) if owed.intent_id is not None else ()
            yield Named(owed.order_id, of_it, (owed.id,))


def _new(found: Iterable[Found], seen: set[tuple[Kind, str]]) -> tuple[Found, ...]:
    """Return what was not told yet: two days, or two looks, may show the same."""
    told = []
    for one in found:
        key = (one.difference.kind, one.difference.about)
        if key not in seen:
            seen.add(key)
            told.append(one)
    return tuple(told)


def _judged(
    work: Work, payments: Payments, *, sides: Iterable[Sides], is_mending: bool
) -> Iterator[Found]:
    for one in sides:
        differences = compare(one, work.now)
        if differences and is_mending:
            yield from _mended(work, payments, sides=one, differences=differences)
        else:
            yield from (Found(difference, is_mended=False) for difference in differences)


def _mended(
    work: Work, payments: Payments, *, sides: Sides, differences: list[Difference]
) -> Iterator[Found]:
    """Yield what differed of an order and is gone, and then what is left."""
    named = Named(
        sides.order_id,
        tuple(one.id for one in sides.intents),
        tuple(one.id for one in sides.owed),
    )
    met, why = dict.fromkeys(differences), dict[Difference, str]()
    for _ in range(ROUNDS_MAX):
        follows = [one for one in differences if one.kind in FOLLOWS]
        if not follows:
            break
        why = {one: _tried(work, payments, difference=one) for one in follows}
        differences = _again(work, payments, named=named)
        met |= dict.fromkeys(differences)
    left = set(differences)
    for one in met:
        yield Found(one, one not in left, why.get(one, "") if one in left else "")


def _again(work: Work, payments: Payments, *, named: Named) -> list[Difference]:
    return compare(statements.of_order(work, payments, named=named), work.now)


def _tried(work: Work, payments: Payments, *, difference: Difference, by: str = "") -> str:
    """Mend a difference, one that follows or, for whom it says, one that a person decides.

    Return why that cannot be done now, empty where it was. One order holds up no other, also where
    nobody expected how it fails: then the log says more, and a person is woken.
    """
    why: list[str] = []

    def act(_: str) -> None:
        try:
            if difference.kind in FOLLOWS:
                _follow(work, payments, difference=difference)
            else:
                _decide(work, payments, difference=difference, by=by)
        except Refusal as refusal:
            why.append(refusal.sentence("en"))
        except CannotAmend as cannot:
            why.append(str(cannot))
        except PaymentsError as failure:
            why.append(f"Stripe says {failure.reason}.")

    return "".join(why) if did(difference.about, act) else UNEXPECTED


def _follow(work: Work, payments: Payments, *, difference: Difference) -> None:
    """Do what follows from Stripe's object, as a webhook about it would."""
    if difference.kind is Kind.DISPUTE:
        disputes.follow(work, payments, dispute_id=difference.about)
    elif difference.kind in {Kind.REFUND_WAITS, Kind.REFUND_STATE}:
        refunds.resume(work, payments, refund_id=difference.about)
    else:
        order = orders.find(work, difference.order_id)
        if difference.kind is Kind.OVERDUE or order.status in WAITING:
            progress.advance(work, payments, order=order)
        else:
            intent = payments.get_intent(difference.about)
            progress.late(work, payments, order=order, intent=intent)


def _decide(work: Work, payments: Payments, *, difference: Difference, by: str) -> None:
    """Do what a person decided, who knows what the difference says."""
    about, order_id = difference.about, difference.order_id
    match difference.kind:
        case Kind.NO_ORDER:
            intent = payments.get_intent(about)
            amends.give_back(work, payments, intent=intent, order_id=order_id, by=by)
        case Kind.UNPAID:
            amends.take_back(work, order=orders.find(work, order_id), by=by)
        case Kind.REFUND_FAILED:
            refunds.again(work, payments, refund_id=about, by=by)
        case Kind.REFUND_UNBOOKED:
            found = payments.get_refund(about)
            order = orders.find(work, order_id)
            amends.book(work, order=order, found=found, cash=difference.cash, by=by)
        case _:
            raise CannotAmend("No command can decide this; the sentence says who can.")


def _wake(difference: Difference) -> None:
    alarm(
        "reconciliation",
        difference=difference.kind.value,
        about=difference.about,
        order=difference.order_id,
    )

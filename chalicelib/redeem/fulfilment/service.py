"""Sending what was ordered, and handing over codes.

An order is marked before its codes are read: whoever has seen a code can no longer cancel, also
when the answer was lost on its way.

Nothing more is noted of the way to somebody who was erased: each note requires that its member is
there, so that whoever erases afterwards has seen the last of them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from chalicelib.catalog.codes import service as codes
from chalicelib.gateways.payments.port import Payments
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import refuse_frozen
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.redeem.fulfilment.model import Progress
from chalicelib.redeem.fulfilment.rules import NothingToSend, fetched, forgotten, progressed
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order
from chalicelib.redeem.orders.rules import AlreadySo, numbers_of
from chalicelib.redeem.orders.service import Case, Request
from chalicelib.redeem.progress import service as progress
from chalicelib.storage.transaction import Mistaken, Transaction, persist
from chalicelib.storage.work import Work


def report(work: Work, payments: Payments, *, request: Request, told: Progress) -> Order:
    """Note that an order was sent, or that it was not; told twice, it stays as it is.

    Raises `NotFound`, `OrderNotSettled`, `OrderDisputed`, `NothingToSend`.
    """
    case = progress.open_case(work, payments, request=request)

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, case.order)
        after = progressed(before, told)
        was = Progress(before.fulfilment, before.tracking)
        now = Progress(after.fulfilment, after.tracking)
        if was == now:
            raise AlreadySo(before)
        orders.put(tx, before, after=after)
        wallets.require_present(tx, before.member_id)
        audit.record(tx, _deed(request, was=was, now=now))
        return after

    try:
        return persist(work, attempt)
    except AlreadySo as already:
        return already.order
    except Mistaken:
        raise NothingToSend from None


def reveal(work: Work, payments: Payments, *, request: Request) -> list[str]:
    """Return the codes that an order keeps; from the first time on it cannot be cancelled.

    Raises `NotEnrolled`, `NotFound`, `MemberFrozen`, `OrderNotSettled`, `OrderDisputed`, `NoCodes`.
    """
    case = progress.open_case(work, payments, request=request)
    refuse_frozen(case.opened.wallet)
    order = _marked(work, case)
    return codes.reveal(work, order.reward_id, numbers=numbers_of(order))


def forget(work: Work, *, order: Order) -> None:
    """Erase what was written about the way of an order whose member was erased."""

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, order)
        after = forgotten(before)
        if after is before:
            raise AlreadySo(before)
        orders.put(tx, before, after=after)
        return after

    with suppress(AlreadySo):
        persist(work, attempt)


def _deed(request: Request, *, was: Progress, now: Progress) -> Deed:
    """Return what the audit log keeps; people write names into tracking texts, so it is named."""
    return Deed(
        request.by,
        "order.fulfilment",
        request.order_id,
        replace(was, tracking=None),
        replace(now, tracking=None),
        fields=("tracking",) if was.tracking != now.tracking else (),
    )


def _marked(work: Work, case: Case) -> Order:
    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, case.order)
        after = fetched(before)
        if after is before:
            raise AlreadySo(before)
        orders.put(tx, before, after=after)
        wallets.require_thawed(tx, case.opened.wallet)
        return after

    try:
        return persist(work, attempt)
    except AlreadySo as already:
        return already.order

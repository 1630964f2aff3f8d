"""Sending what was ordered, and handing over codes.

An order is marked before its codes are read: whoever has seen a code can no longer cancel, also
when the answer was lost on its way.
"""

from __future__ import annotations

from chalicelib.catalog.codes import service as codes
from chalicelib.ledger.wallets.rules import refuse_frozen
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.redeem.fulfilment.model import Progress
from chalicelib.redeem.fulfilment.rules import fetched, numbers_of, progressed
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.orders.model import Order
from chalicelib.redeem.orders.rules import AlreadySo
from chalicelib.redeem.orders.service import Case, Request
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work


def report(work: Work, request: Request, *, progress: Progress) -> Order:
    """Note that an order was sent, or that it was not; told twice, it stays as it is.

    Raises `NotFound`, `OrderNotSettled`, `NothingToSend`.
    """
    case = orders.open_case(work, request)

    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, case.order)
        after = progressed(before, progress)
        if Progress(before.fulfilment, before.tracking) == progress:
            raise AlreadySo(before)
        orders.put(tx, before, after=after)
        told = Progress(before.fulfilment, before.tracking)
        audit.record(tx, Deed(request.by, "order.fulfilment", before.id, told, progress))
        return after

    try:
        return persist(work, attempt)
    except AlreadySo as already:
        return already.order


def reveal(work: Work, request: Request) -> list[str]:
    """Return the codes that an order keeps; from the first time on it cannot be cancelled.

    Raises `NotEnrolled`, `NotFound`, `MemberFrozen`, `OrderNotSettled`, `NoCodes`.
    """
    case = orders.open_case(work, request)
    refuse_frozen(case.opened.wallet)
    order = _marked(work, case)
    return codes.reveal(work, order.reward_id, numbers=numbers_of(order))


def _marked(work: Work, case: Case) -> Order:
    def attempt(tx: Transaction) -> Order:
        before = orders.latest(tx, case.order)
        after = fetched(before)
        if after is before:
            raise AlreadySo(before)
        orders.put(tx, before, after=after)
        return after

    try:
        return persist(work, attempt)
    except AlreadySo as already:
        return already.order

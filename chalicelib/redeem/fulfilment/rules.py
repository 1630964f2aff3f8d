"""When something may be sent, and what fetching codes does to an order."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.catalog.stock.model import Mode
from chalicelib.kernel.errors import Conflict
from chalicelib.redeem.fulfilment.model import Progress
from chalicelib.redeem.orders.model import Fulfilment, Order
from chalicelib.redeem.orders.rules import refuse_disputed, refuse_not_settled


class NothingToSend(Conflict):
    """The order has no address."""

    code = "nothing_to_send"
    en = "This order has no address, so nothing is sent."
    zh = "该订单没有收货地址，无需寄送。"


class NoCodes(Conflict):
    """The order's reward has no codes."""

    code = "no_codes"
    en = "This order has no codes."
    zh = "该订单没有兑换码。"


def progressed(order: Order, progress: Progress) -> Order:
    """Return an order after an operator's word.

    Raises `OrderNotSettled`, `OrderDisputed`, `NothingToSend`.
    """
    refuse_not_settled(order)
    refuse_disputed(order)
    if order.fulfilment is Fulfilment.NONE:
        raise NothingToSend
    tracking = progress.tracking
    if progress.state is Fulfilment.SENT:
        tracking = tracking or order.tracking
    return replace(order, version=order.version + 1, fulfilment=progress.state, tracking=tracking)


def forgotten(order: Order) -> Order:
    """Return an order without a word about its way, whose member was erased.

    Nobody is erased while an order is still to be sent. One that an operator took for unsent in
    that very moment counts as sent, as its member was told: there is nobody to send it to.
    """
    unsent = order.fulfilment is Fulfilment.PENDING
    if order.tracking is None and not unsent:
        return order
    told = Fulfilment.SENT if unsent else order.fulfilment
    return replace(order, version=order.version + 1, fulfilment=told, tracking=None)


def fetched(order: Order) -> Order:
    """Return an order whose codes were seen.

    Raises `OrderNotSettled`, `OrderDisputed`, `NoCodes`.
    """
    refuse_not_settled(order)
    refuse_disputed(order)
    if order.mode is not Mode.CODED:
        raise NoCodes
    return order if order.is_fetched else replace(order, version=order.version + 1, is_fetched=True)

"""What stands against an amend, and what an order is after one."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.redeem.orders.model import Fulfilment, Order, Parcel, Status
from chalicelib.redeem.orders.rules import HOLDING, whole, without


class CannotAmend(Exception):
    """No command can do this: a sentence for whoever asked."""


def taken_back(order: Order) -> tuple[Parcel, Order]:
    """Return what comes back of an order that was never paid for, and the order after it.

    Raises `CannotAmend` where its member has had something of it, or it has ended.
    """
    if order.status not in HOLDING:
        raise CannotAmend(f"The order {order.id} is {order.status.value}: nothing of it is left.")
    if order.is_fetched or order.fulfilment is Fulfilment.SENT:
        raise CannotAmend(
            f"The member has the codes or the parcel of {order.id}: settle it between people,"
            " and say what follows for their points with the command `adjust`."
        )
    parcel = replace(whole(order), cash=0)
    left = without(order, parcel, restock=True)
    return parcel, replace(left, status=Status.CANCELLED, periods=())

"""When an order may come back, and how much of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.kernel.errors import Conflict, RuleRefusal
from chalicelib.redeem.orders.model import Fulfilment, Order, Parcel, Status
from chalicelib.redeem.orders.rules import part, refuse_not_settled, without

CANCEL_WITHIN: Final = timedelta(minutes=30)
"""For how long a member may cancel a settled order (the rules of the program)."""


class OrderNotCancellable(Conflict):
    """The order is past cancelling; `reason` says why."""

    code = "order_not_cancellable"
    en = "An order can be cancelled within 30 minutes, before it is sent or its codes are seen."
    zh = "订单须在 30 分钟内、发货及查看兑换码之前取消。"


class RefundExceedsOrder(RuleRefusal):
    """More units than the order still has."""

    code = "refund_exceeds_order"
    en = "At most {refundable} units of this order can still be refunded."
    zh = "该订单最多还可退 {refundable} 件。"


def _cancellable_until(order: Order) -> datetime | None:
    """Return until when a member may cancel, None where that cannot be or has no end yet."""
    if order.status is not Status.SETTLED or order.settled_at is None:
        return None
    return order.settled_at + CANCEL_WITHIN


def refuse_not_cancellable(order: Order, now: datetime) -> None:
    """Raise `OrderNotCancellable` unless the member may still cancel; the last instant counts."""
    reason = _against(order, now)
    if reason:
        raise OrderNotCancellable(reason=reason, order_status=order.status.value)


def refundable(order: Order, quantity: int | None) -> Parcel:
    """Return what comes back with so many units, or with all that are left.

    Raises `OrderNotSettled`, `RefundExceedsOrder`.
    """
    refuse_not_settled(order)
    wanted = order.quantity_kept if quantity is None else quantity
    if wanted > order.quantity_kept:
        raise RefundExceedsOrder(refundable=order.quantity_kept)
    return part(order, wanted)


def refunded(order: Order, parcel: Parcel, *, restock: bool) -> Order:
    """Return the order when a parcel has gone back."""
    left = without(order, parcel, restock=restock)
    return replace(left, status=Status.PARTLY_REFUNDED if left.quantity_kept else Status.REFUNDED)


def _against(order: Order, now: datetime) -> str:
    """Return what stands against cancelling, empty where nothing does."""
    if order.status is Status.IN_REVIEW:
        return ""
    until = _cancellable_until(order)
    against = {
        order.status.value: until is None,
        "codes_fetched": order.is_fetched,
        "sent": order.fulfilment is Fulfilment.SENT,
        "too_late": until is not None and now > until,
    }
    return next((reason for reason, holds in against.items() if holds), "")

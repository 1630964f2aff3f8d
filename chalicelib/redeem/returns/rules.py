"""When an order may come back, and how much of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.gateways.payments.rules import step_of
from chalicelib.kernel.errors import Conflict, InvalidFields, RuleRefusal
from chalicelib.redeem.orders.model import Fulfilment, Order, Parcel, Status
from chalicelib.redeem.orders.rules import (
    WAITING,
    latest,
    part,
    refuse_not_settled,
    share,
    without,
)
from chalicelib.redeem.returns.model import RefundRequest

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


class CashRefundExceedsOrder(RuleRefusal):
    """More cash than what is left of the order's payment."""

    code = "cash_refund_exceeds_order"
    en = "At most {refundable} minor units of this order's cash can still be refunded."
    zh = "该订单的现金部分最多还可退 {refundable}（最小货币单位）。"


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


def refundable(order: Order, wanted: RefundRequest) -> Parcel:
    """Return what comes back: of so many units, of so much cash, or all that is left.

    Raises `OrderNotSettled`, `RefundExceedsOrder`, `CashRefundExceedsOrder`, and `InvalidFields`
    for cash that was never paid, or is off Stripe's step.
    """
    refuse_not_settled(order)
    if wanted.amount is not None:
        return _of_cash(order, wanted.amount)
    units = order.quantity_kept if wanted.quantity is None else wanted.quantity
    if units > order.quantity_kept:
        raise RefundExceedsOrder(refundable=order.quantity_kept)
    return part(order, units)


def refunded(order: Order, parcel: Parcel, *, restock: bool) -> Order:
    """Return the order when a parcel has gone back."""
    left = without(order, parcel, restock=restock)
    paid = left.cash.amount if left.cash else 0
    whole = left.returned == left.points and left.cash_returned == paid
    status = Status.REFUNDED if whole else Status.PARTLY_REFUNDED
    return replace(left, status=status)


def _of_cash(order: Order, amount: int) -> Parcel:
    """Return points in the proportion of a part of the cash; no unit comes back with it."""
    if order.cash is None:
        raise InvalidFields.at(
            "/amount",
            "this order was paid without cash: refund it by quantity",
            zh="该订单未支付现金，请按数量退款",
        )
    step = step_of(order.cash.currency)
    if amount % step:
        raise InvalidFields.at(
            "/amount",
            f"a multiple of {step} in this currency",
            zh=f"该货币的金额须为 {step} 的倍数",
        )
    back = order.cash_returned + amount
    if back > order.cash.amount:
        raise CashRefundExceedsOrder(refundable=order.cash.amount - order.cash_returned)
    points = max(0, share(order.points, part=back, of=order.cash.amount) - order.returned)
    return Parcel(0, latest(order.taken, points), {}, amount)


def _against(order: Order, now: datetime) -> str:
    """Return what stands against cancelling, empty where nothing does."""
    if order.status in WAITING:
        return ""
    until = _cancellable_until(order)
    against = {
        order.status.value: until is None,
        "codes_fetched": order.is_fetched,
        "sent": order.fulfilment is Fulfilment.SENT,
        "too_late": until is not None and now > until,
    }
    return next((reason for reason, holds in against.items() if holds), "")

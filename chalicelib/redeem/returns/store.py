"""Refunds of orders as items: `refunds / B#id`.

A refund is the receipt of the request that made it. All of them share a partition, because an
operator's key is spent for every order at once, and refunds by hand are few.
"""

from __future__ import annotations

from typing import Final

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, UnicodeAttribute

from chalicelib.kernel.ids import digest62
from chalicelib.redeem.returns.model import OrderRefund
from chalicelib.storage.receipts import RECEIPT_CHARS, replayed_or_reused
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Transaction

PARTITION: Final = "refunds"
PREFIX: Final = "rfd_"


class OrderRefundItem(Item):
    """One refund as stored."""

    order = UnicodeAttribute(attr_name="o")
    quantity = IntAttribute(attr_name="n")
    points = IntAttribute(attr_name="b")
    debt_paid = IntAttribute(attr_name="d")
    is_restocked = BooleanAttribute(attr_name="r")
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)


def refund_id_of(caller: str, *, route: str, key: str) -> str:
    """Return the id of the refund that a caller's request makes."""
    return PREFIX + digest62((caller, route, key), RECEIPT_CHARS - 1)


def key_of(refund_id: str) -> Key:
    """Return where a refund is."""
    return (PARTITION, f"B#{refund_id}")


def put_refund(tx: Transaction, refund: OrderRefund) -> None:
    """Add a refund; the first piece of its transaction, because it is the receipt."""
    tx.put(
        OrderRefundItem(
            *key_of(refund.id),
            order=refund.order_id,
            quantity=refund.quantity,
            points=refund.points,
            debt_paid=refund.debt_paid,
            is_restocked=refund.is_restocked,
            fingerprint=refund.fingerprint,
        ),
        otherwise=replayed_or_reused(refund.fingerprint),
    )


def refund_from(raw: RawItem) -> OrderRefund:
    """Return the refund that an image holds."""
    item = OrderRefundItem.read(raw)
    return OrderRefund(
        id=item.sort.removeprefix("B#"),
        order_id=item.order,
        quantity=item.quantity,
        points=item.points,
        debt_paid=item.debt_paid,
        is_restocked=item.is_restocked,
        fingerprint=item.fingerprint,
    )

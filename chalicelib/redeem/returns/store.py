"""Refunds of orders as items: `refunds / B#id`.

A refund is the receipt of the request that made it. All of them share a partition, because an
operator's key is spent for every order at once, and refunds by hand are few.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, UnicodeAttribute

from chalicelib.kernel.ids import digest62
from chalicelib.kernel.money import Money
from chalicelib.redeem.returns.model import OrderRefund, RefundState
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.receipts import RECEIPT_CHARS, replayed_or_reused
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.wakes import due, wake
from chalicelib.storage.work import Work

PARTITION: Final = "refunds"
PREFIX: Final = "rfd_"
WAKE: Final = "refund"
"""The kind of deadline of refunds whose money is not back: at once."""
PAGE: Final = 100


class AlreadyTold(Exception):
    """How a refund fared is known already."""


class OrderRefundItem(Item):
    """One refund as stored."""

    order = UnicodeAttribute(attr_name="o")
    quantity = IntAttribute(attr_name="n")
    points = IntAttribute(attr_name="b")
    debt_paid = IntAttribute(attr_name="d")
    is_restocked = BooleanAttribute(attr_name="r")
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)
    cash = IntAttribute(attr_name="ca", null=True)
    currency = UnicodeAttribute(attr_name="cc", null=True)
    number = IntAttribute(attr_name="k", null=True)
    intent_id = UnicodeAttribute(attr_name="pi", null=True)
    state = UnicodeAttribute(attr_name="sa", null=True)


def refund_id_of(caller: str, *, route: str, key: str) -> str:
    """Return the id of the refund that a caller's request makes."""
    return PREFIX + digest62((caller, route, key), RECEIPT_CHARS - 1)


def key_of(refund_id: str) -> Key:
    """Return where a refund is."""
    return (PARTITION, f"B#{refund_id}")


def put_refund(tx: Transaction, refund: OrderRefund) -> None:
    """Add a refund; the first piece of its transaction, because it is the receipt."""
    item = _item(refund)
    if refund.state is RefundState.PENDING:
        waits = wake(WAKE, refund.id, at=tx.work.now)
        item.wk, item.wa = waits["wk"], waits["wa"]
    tx.put(item, otherwise=replayed_or_reused(refund.fingerprint))


def put_state(tx: Transaction, refund: OrderRefund, *, state: RefundState) -> None:
    """Add how a refund's money fared; told once."""
    tx.update(
        OrderRefundItem(*key_of(refund.id)),
        (
            OrderRefundItem.state.set(state.value),
            OrderRefundItem.wk.remove(),
            OrderRefundItem.wa.remove(),
        ),
        condition=OrderRefundItem.state == RefundState.PENDING.value,
        otherwise=lambda _: AlreadyTold(),
    )


def pending(work: Work) -> Iterator[str]:
    """Yield the ids of refunds whose money is not back yet."""
    after: str | None = None
    while True:
        page = due(work, WAKE, limit=PAGE, after=after)
        yield from page.items
        after = page.next_position
        if after is None:
            return


def find(work: Work, refund_id: str) -> OrderRefund | None:
    """Return a refund, or None."""
    key = key_of(refund_id)
    raw = fetch_raw(work, [key]).get(key)
    return None if raw is None else refund_from(raw)


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
        cash=Money(item.cash, item.currency) if item.cash and item.currency else None,
        number=item.number or 0,
        intent_id=item.intent_id,
        state=RefundState(item.state) if item.state else RefundState.SUCCEEDED,
    )


def _item(refund: OrderRefund) -> OrderRefundItem:
    return OrderRefundItem(
        *key_of(refund.id),
        order=refund.order_id,
        quantity=refund.quantity,
        points=refund.points,
        debt_paid=refund.debt_paid,
        is_restocked=refund.is_restocked,
        fingerprint=refund.fingerprint,
        cash=refund.cash.amount if refund.cash else None,
        currency=refund.cash.currency if refund.cash else None,
        number=refund.number or None,
        intent_id=refund.intent_id,
        state=refund.state.value if refund.cash else None,
    )

"""Refunds of orders as items: `refunds / B#id`.

A refund is the receipt of the request that made it. All of them share a partition, because an
operator's key is spent for every order at once, and refunds by hand are few. One whose money is on
its way has a deadline in the index of wake-ups: at once. Those of cash are listed by the time since
when it is owed, so that Stripe's can be held against them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.money import Money
from chalicelib.redeem.refunds.model import OrderRefund, RefundState
from chalicelib.redeem.refunds.rules import AlreadyOwed
from chalicelib.storage.reads import Range, fetch_raw, query_all
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Transaction, moved
from chalicelib.storage.wakes import all_due, wake
from chalicelib.storage.work import Work

PARTITION: Final = "refunds"
ID_PATTERN: Final = re.compile(r"rfd_[0-9A-Za-z]{20}")
WAKE: Final = "refund"
"""The kind of deadline of refunds whose money is not back: at once."""


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
    intent_id = UnicodeAttribute(attr_name="pi", null=True)
    state = UnicodeAttribute(attr_name="sa", null=True)
    attempt = IntAttribute(attr_name="at", null=True)
    stripe_id = UnicodeAttribute(attr_name="re", null=True)
    owed_at = UnicodeAttribute(attr_name="oa", null=True)
    asked = IntAttribute(attr_name="ak", null=True)


def key_of(refund_id: str) -> Key:
    """Return where a refund is."""
    return (PARTITION, f"B#{refund_id}")


def put_refund(tx: Transaction, refund: OrderRefund) -> None:
    """Add a refund, which is the receipt of what made it."""
    tx.put(_item(refund), otherwise=replayed_or_reused(refund.fingerprint))


def replace_refund(tx: Transaction, before: OrderRefund, *, after: OrderRefund) -> None:
    """Add how a refund's money fares now, in the place of what was judged."""
    key = key_of(before.id)
    stripe_id: Condition = OrderRefundItem.stripe_id.does_not_exist()
    if before.stripe_id is not None:
        stripe_id = OrderRefundItem.stripe_id == before.stripe_id
    state = OrderRefundItem.state == before.state.value
    tx.put(
        _item(after),
        condition=state & (OrderRefundItem.attempt == before.attempt) & stripe_id,
        otherwise=moved(key),
    )


def require_absent(tx: Transaction, refund_id: str) -> None:
    """Require that a refund was not made."""
    tx.check(
        OrderRefundItem(*key_of(refund_id)),
        condition=OrderRefundItem.partition.does_not_exist(),
        otherwise=lambda _: AlreadyOwed(),
    )


def latest(tx: Transaction, refund: OrderRefund) -> OrderRefund:
    """Return the refund that a lost compare-and-swap showed, or the one that was read."""
    image = tx.image(key_of(refund.id))
    return refund if image is None else refund_from(image)


def pending(work: Work) -> Iterator[str]:
    """Yield the ids of refunds whose money is not back yet."""
    return all_due(work, WAKE)


def owed_on(work: Work, day: date) -> Iterator[OrderRefund]:
    """Yield the refunds whose cash is owed since a day of UTC, the oldest first."""
    part = Range(PARTITION, f"B#{day.isoformat()}", index="l1")
    return map(_refund, query_all(work, OrderRefundItem, part=part))


def find_all(work: Work, refund_ids: Sequence[str]) -> list[OrderRefund]:
    """Return the refunds that exist among the ids, in their order."""
    keys = [key_of(refund_id) for refund_id in refund_ids]
    found = fetch_raw(work, keys)
    return [refund_from(found[key]) for key in keys if key in found]


def find(work: Work, refund_id: str) -> OrderRefund | None:
    """Return a refund, or None; also for what cannot be the id of one."""
    if not ID_PATTERN.fullmatch(refund_id):
        return None
    key = key_of(refund_id)
    raw = fetch_raw(work, [key]).get(key)
    return None if raw is None else refund_from(raw)


def refund_from(raw: RawItem) -> OrderRefund:
    """Return the refund that an image holds."""
    return _refund(OrderRefundItem.read(raw))


def _refund(item: OrderRefundItem) -> OrderRefund:
    return OrderRefund(
        id=item.sort.removeprefix("B#"),
        order_id=item.order,
        quantity=item.quantity,
        points=item.points,
        debt_paid=item.debt_paid,
        is_restocked=item.is_restocked,
        fingerprint=item.fingerprint,
        cash=Money(item.cash, item.currency) if item.cash and item.currency else None,
        intent_id=item.intent_id,
        state=RefundState(item.state) if item.state else RefundState.SUCCEEDED,
        attempt=item.attempt or 1,
        stripe_id=item.stripe_id,
        owed_at=datetime.fromisoformat(item.owed_at) if item.owed_at else None,
        asked=item.asked,
    )


def _item(refund: OrderRefund) -> OrderRefundItem:
    item = OrderRefundItem(
        *key_of(refund.id),
        order=refund.order_id,
        quantity=refund.quantity,
        points=refund.points,
        debt_paid=refund.debt_paid,
        is_restocked=refund.is_restocked,
        fingerprint=refund.fingerprint,
        cash=refund.cash.amount if refund.cash else None,
        currency=refund.cash.currency if refund.cash else None,
        intent_id=refund.intent_id,
        state=refund.state.value if refund.cash else None,
        attempt=refund.attempt if refund.cash else None,
        stripe_id=refund.stripe_id,
        owed_at=rfc3339(refund.owed_at) if refund.owed_at else None,
        asked=refund.asked,
    )
    if refund.cash and refund.state is RefundState.PENDING:
        assert refund.owed_at is not None, refund.id
        waits = wake(WAKE, refund.id, at=refund.owed_at)
        item.wk, item.wa = waits["wk"], waits["wa"]
    if refund.owed_at is not None:
        item.l1 = f"B#{rfc3339(refund.owed_at)}"
    return item

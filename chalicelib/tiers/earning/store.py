"""Purchases as items: `channel#purchase / P`, and each refund beside its purchase, `F#refund`.

Both are their own receipts: put where none is, kept for ever, with the fingerprint of the report.
"""

from __future__ import annotations

from datetime import datetime

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.money import Money
from chalicelib.storage.dates import day_of_key, key_of_day
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Moved, Replayed, Transaction
from chalicelib.storage.work import Work
from chalicelib.tiers.earning.model import Purchase, Refund
from chalicelib.tiers.earning.rules import PurchaseConflict


class PurchaseItem(Item):
    """One purchase as stored."""

    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)
    member_id = UnicodeAttribute(attr_name="m")
    currency = UnicodeAttribute(attr_name="c")
    paid = IntAttribute(attr_name="a")
    refunded = IntAttribute(attr_name="r")
    occurred_at = UnicodeAttribute(attr_name="t")
    program_version = IntAttribute(attr_name="pv")
    points = IntAttribute(attr_name="n")
    debt_paid = IntAttribute(attr_name="o")
    expires_on = UnicodeAttribute(attr_name="e")


class RefundItem(Item):
    """One refund as stored."""

    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)
    amount = IntAttribute(attr_name="a")
    points = IntAttribute(attr_name="n")
    debt = IntAttribute(attr_name="o")


def purchase_key(channel: str, purchase_id: str) -> Key:
    """Return where a purchase is."""
    return (f"{channel}#{purchase_id}", "P")


def refund_key(purchase: Purchase, refund_id: str) -> Key:
    """Return where a refund is."""
    partition, _ = purchase_key(purchase.channel, purchase.purchase_id)
    return (partition, f"F#{refund_id}")


def find(work: Work, key: Key) -> RawItem | None:
    """Return a purchase or a refund as DynamoDB has it, or None."""
    return fetch_raw(work, [key]).get(key)


def refuse_other_report(raw: RawItem, fingerprint: bytes) -> None:
    """Raise `PurchaseConflict` when what is there was reported otherwise."""
    if raw["f"]["B"] != fingerprint:
        raise PurchaseConflict


def purchase_from(raw: RawItem) -> Purchase:
    """Return the purchase that an image holds."""
    item = PurchaseItem.read(raw)
    channel, _, purchase_id = item.partition.partition("#")
    return Purchase(
        channel=channel,
        purchase_id=purchase_id,
        member_id=item.member_id,
        paid=Money(item.paid, item.currency),
        refunded=item.refunded,
        occurred_at=datetime.fromisoformat(item.occurred_at),
        program_version=item.program_version,
        points=item.points,
        debt_paid=item.debt_paid,
        expires_on=day_of_key(item.expires_on),
    )


def refund_from(raw: RawItem) -> Refund:
    """Return the refund that an image holds."""
    item = RefundItem.read(raw)
    return Refund(item.sort[2:], item.amount, points=item.points, debt=item.debt)


def latest(tx: Transaction, purchase: Purchase) -> Purchase:
    """Return the purchase that a lost compare-and-swap showed, or the one that was read."""
    image = tx.image(purchase_key(purchase.channel, purchase.purchase_id))
    return purchase if image is None else purchase_from(image)


def put_purchase(tx: Transaction, purchase: Purchase, *, fingerprint: bytes) -> None:
    """Add a purchase; one that is already there was reported before."""
    item = PurchaseItem(
        *purchase_key(purchase.channel, purchase.purchase_id),
        fingerprint=fingerprint,
        member_id=purchase.member_id,
        currency=purchase.paid.currency,
        paid=purchase.paid.amount,
        refunded=purchase.refunded,
        occurred_at=rfc3339(purchase.occurred_at),
        program_version=purchase.program_version,
        points=purchase.points,
        debt_paid=purchase.debt_paid,
        expires_on=key_of_day(purchase.expires_on),
    )
    tx.put(item, otherwise=_replayed)


def put_refund(tx: Transaction, purchase: Purchase, *, refund: Refund, fingerprint: bytes) -> None:
    """Add a refund, and its money to what has gone back of the purchase.

    A refund that is already there was reported before. What has gone back must still be what the
    refund was judged by, so that never more than what was paid goes back.
    """
    item = RefundItem(
        *refund_key(purchase, refund.refund_id),
        fingerprint=fingerprint,
        amount=refund.amount,
        points=refund.points,
        debt=refund.debt,
    )
    tx.put(item, otherwise=_replayed)
    key = purchase_key(purchase.channel, purchase.purchase_id)
    tx.update(
        PurchaseItem(*key),
        (PurchaseItem.refunded.set(purchase.refunded + refund.amount),),
        condition=(PurchaseItem.refunded == purchase.refunded)
        & (PurchaseItem.paid >= purchase.refunded + refund.amount),
        otherwise=lambda image: _moved(key, image),
    )


def _replayed(image: RawItem | None) -> Exception:
    assert image is not None
    return Replayed(image)


def _moved(key: Key, image: RawItem | None) -> Exception:
    assert image is not None, key
    return Moved(key, image)

"""Purchases as items, and each refund beside its purchase.

    channel#purchase / P            the purchase; without a member until somebody claims it
    channel#purchase / F#refund     a refund
    claim#<keyed digest> / K        which purchase a claim code is of; the code itself is nowhere

Purchase and refund are their own receipts: put where none is, kept for ever, with the fingerprint
of the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended
from chalicelib.kernel.ids import keyed62
from chalicelib.kernel.money import Money
from chalicelib.settings import settings
from chalicelib.storage.dates import day_of_key, key_of_day
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import IntAttribute, IntMapAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Transaction, moved, there
from chalicelib.storage.work import Work
from chalicelib.tiers.earning.model import Claim, Purchase, Refund
from chalicelib.tiers.earning.rules import PurchaseConflict

CLAIM_CHARS: Final = 22
"""131 bits: two codes never share an item."""


class PurchaseItem(Item):
    """One purchase as stored."""

    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)
    member_id = UnicodeAttribute(attr_name="m", null=True)
    currency = UnicodeAttribute(attr_name="c")
    paid = IntAttribute(attr_name="a")
    refunded = IntAttribute(attr_name="r")
    occurred_at = UnicodeAttribute(attr_name="t")
    program_version = IntAttribute(attr_name="pv")
    points = IntAttribute(attr_name="n")
    debt_paid = IntAttribute(attr_name="o")
    expires_on = UnicodeAttribute(attr_name="e", null=True)
    claimable_through = UnicodeAttribute(attr_name="w", null=True)
    refunded_unclaimed = IntAttribute(attr_name="x", null=True)
    debt_paid_by_claim = IntAttribute(attr_name="y", null=True)
    campaigns_version = IntAttribute(attr_name="cv", null=True)
    given = IntMapAttribute(attr_name="g", null=True)
    matched = IntMapAttribute(attr_name="l", null=True)
    booked_on = UnicodeAttribute(attr_name="b", null=True)
    mark = UnicodeAttribute(attr_name="k", null=True)
    referrer = UnicodeAttribute(attr_name="rf", null=True)


class ClaimItem(Item):
    """Which purchase a claim code is of: its partition."""

    purchase = UnicodeAttribute(attr_name="q")


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


def claim_key(code: str) -> Key:
    """Return where it stands which purchase a code is of."""
    told = keyed62(settings().secret, purpose="claim-code", message=code, chars=CLAIM_CHARS)
    return (f"claim#{told}", "K")


def find_claimed(work: Work, raw: RawItem) -> RawItem:
    """Return the purchase that a claim's item names."""
    key = (ClaimItem.read(raw).purchase, "P")
    found = find(work, key)
    assert found is not None, key
    return found


def find(work: Work, key: Key) -> RawItem | None:
    """Return a purchase or a refund as DynamoDB has it, or None."""
    return fetch_raw(work, [key]).get(key)


def find_purchases(work: Work, names: Sequence[str]) -> list[Purchase]:
    """Return the purchases that journal entries name, `channel/purchase`."""
    keys = [(name.replace("/", "#"), "P") for name in names]
    found = fetch_raw(work, keys)
    return [purchase_from(found[key]) for key in keys if key in found]


def find_refunds(work: Work, names: Sequence[tuple[str, ...]]) -> dict[tuple[str, str], Refund]:
    """Return refunds by their purchases' names and their own ids."""
    keys = {(p, r): (p.replace("/", "#"), f"F#{r}") for p, r in names}
    found = fetch_raw(work, list(keys.values()))
    return {name: refund_from(found[key]) for name, key in keys.items() if key in found}


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
        expires_on=day_of_key(item.expires_on) if item.expires_on else None,
        claim=_claim(item),
        campaigns_version=item.campaigns_version or 0,
        given=item.given or {},
        matched=item.matched or {},
        booked_on=day_of_key(item.booked_on) if item.booked_on else None,
        referrer=item.referrer,
    )


def refund_from(raw: RawItem) -> Refund:
    """Return the refund that an image holds."""
    item = RefundItem.read(raw)
    return Refund(item.sort[2:], item.amount, points=item.points, debt=item.debt)


def latest(tx: Transaction, purchase: Purchase) -> Purchase:
    """Return the purchase that a lost compare-and-swap showed, or the one that was read."""
    image = tx.image(purchase_key(purchase.channel, purchase.purchase_id))
    return purchase if image is None else purchase_from(image)


def put_purchase(
    tx: Transaction, purchase: Purchase, *, fingerprint: bytes, mark: str | None = None
) -> None:
    """Add a purchase; one that is already there was reported before.

    The `mark` is this run's, where it has taken from a budget: by it the run knows its own again.
    """
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
        expires_on=None if purchase.expires_on is None else key_of_day(purchase.expires_on),
        claimable_through=None if purchase.claim is None else key_of_day(purchase.claim.through),
        campaigns_version=purchase.campaigns_version or None,
        given=dict(purchase.given) or None,
        matched=dict(purchase.matched) or None,
        booked_on=None if purchase.booked_on is None else key_of_day(purchase.booked_on),
        mark=mark,
    )
    tx.put(item, otherwise=there)


def put_claim_code(tx: Transaction, purchase: Purchase, *, code: str) -> None:
    """Add which purchase a claim code is of; no code is ever turned to another purchase."""
    partition, _ = purchase_key(purchase.channel, purchase.purchase_id)
    item = ClaimItem(*claim_key(code), purchase=partition)
    tx.put(item, otherwise=lambda _: Contended())


def put_claimed(tx: Transaction, purchase: Purchase, *, today: date) -> None:
    """Add whose a purchase is from now on, and what its claim brought.

    It must still be nobody's, within its time, and what has gone back of it must be what the claim
    was judged by.
    """
    claim, expires_on = purchase.claim, purchase.expires_on
    assert claim is not None, purchase
    assert purchase.member_id is not None, purchase
    assert expires_on is not None, purchase
    key = purchase_key(purchase.channel, purchase.purchase_id)
    tx.update(
        PurchaseItem(*key),
        (
            PurchaseItem.member_id.set(purchase.member_id),
            PurchaseItem.expires_on.set(key_of_day(expires_on)),
            PurchaseItem.refunded_unclaimed.set(claim.refunded),
            PurchaseItem.debt_paid_by_claim.set(claim.debt_paid),
            *_booked(purchase.booked_on),
        ),
        condition=PurchaseItem.member_id.does_not_exist()
        & (PurchaseItem.refunded == claim.refunded)
        & (PurchaseItem.claimable_through >= key_of_day(today)),
        otherwise=moved(key),
    )


def put_refund(tx: Transaction, purchase: Purchase, *, refund: Refund, fingerprint: bytes) -> None:
    """Add a refund, and its money to what has gone back of the purchase.

    A refund that is already there was reported before. What has gone back must still be what the
    refund was judged by, so that never more than what was paid goes back, and the purchase must
    still be whose it was, so that the points are taken from the right place.
    """
    item = RefundItem(
        *refund_key(purchase, refund.refund_id),
        fingerprint=fingerprint,
        amount=refund.amount,
        points=refund.points,
        debt=refund.debt,
    )
    tx.put(item, otherwise=there)
    key = purchase_key(purchase.channel, purchase.purchase_id)
    whose = (
        PurchaseItem.member_id.does_not_exist()
        if purchase.member_id is None
        else PurchaseItem.member_id == purchase.member_id
    )
    tx.update(
        PurchaseItem(*key),
        (PurchaseItem.refunded.set(purchase.refunded + refund.amount),),
        condition=(PurchaseItem.refunded == purchase.refunded)
        & (PurchaseItem.paid >= purchase.refunded + refund.amount)
        & whose,
        otherwise=moved(key),
    )


def put_referrer(tx: Transaction, purchase: Purchase, *, referrer: str) -> None:
    """Add who is paid for a purchase, as long as what has gone back is what was judged."""
    key = purchase_key(purchase.channel, purchase.purchase_id)
    tx.update(
        PurchaseItem(*key),
        (PurchaseItem.referrer.set(referrer),),
        condition=PurchaseItem.refunded == purchase.refunded,
        otherwise=moved(key),
    )


def _booked(day: date | None) -> tuple[Action, ...]:
    """Return how the day of booking is kept, where something counts from it."""
    return () if day is None else (PurchaseItem.booked_on.set(key_of_day(day)),)


def _claim(item: PurchaseItem) -> Claim | None:
    if not item.claimable_through:
        return None
    return Claim(
        through=day_of_key(item.claimable_through),
        refunded=item.refunded_unclaimed or 0,
        debt_paid=item.debt_paid_by_claim or 0,
    )

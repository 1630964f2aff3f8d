"""Referrals as items, and how a person is known again who was somebody's new member before.

    referrer / F#new member        a new member of theirs, and what came of it
    newcomer#keyed digest / K      that a phone, an address or a device has brought points

The second one says nothing: not whose it is, nor when it came. It outlives the member, and whoever
knows the number would else find whose journal that was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pynamodb.attributes import UnicodeAttribute

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended
from chalicelib.kernel.ids import keyed62
from chalicelib.settings import settings
from chalicelib.storage.dates import day_of_key, key_of_day
from chalicelib.storage.reads import Range, query_all
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Replayed, Transaction, moved, there
from chalicelib.storage.work import Work
from chalicelib.tiers.referrals.model import Outcome, Referred

NEWCOMER_CHARS: Final = 22
"""131 bits: two contacts never share an item."""


class ReferredItem(Item):
    """One new member as stored."""

    purchase = UnicodeAttribute(attr_name="q")
    at = UnicodeAttribute(attr_name="a")
    outcome = UnicodeAttribute(attr_name="st")
    points = IntAttribute(attr_name="b")
    debt_paid = IntAttribute(attr_name="o")
    expires_on = UnicodeAttribute(attr_name="e", null=True)
    program_version = IntAttribute(attr_name="pv")


class NewcomerItem(Item):
    """That a contact has brought points."""


def referred_key(referrer: str, member_id: str) -> Key:
    """Return where it stands what a new member brought to whoever referred them."""
    return (referrer, f"F#{member_id}")


def newcomer_key(contact: str) -> Key:
    """Return where it stands that a contact has brought points."""
    told = keyed62(settings().secret, purpose="newcomer", message=contact, chars=NEWCOMER_CHARS)
    return (f"newcomer#{told}", "K")


def put_referred(tx: Transaction, referrer: str, *, referred: Referred) -> None:
    """Add what came of a new member, once; the first piece of its transaction, as its receipt."""
    item = ReferredItem(
        *referred_key(referrer, referred.member_id),
        purchase=referred.purchase,
        at=rfc3339(referred.at),
        outcome=referred.outcome.value,
        points=referred.points,
        debt_paid=referred.debt_paid,
        expires_on=None if referred.expires_on is None else key_of_day(referred.expires_on),
        program_version=referred.program_version,
    )
    tx.put(item, otherwise=there)


def put_newcomer(tx: Transaction, key: Key) -> None:
    """Add that a contact has brought points, which it may once; else the attempt sees that."""
    tx.put(NewcomerItem(*key), otherwise=moved(key))


def take_back(tx: Transaction, referrer: str, *, referred: Referred) -> None:
    """Add that what a new member brought went back, once; the first piece of its transaction."""

    def otherwise(image: RawItem | None) -> Exception:
        done = image is not None and referred_from(image).outcome is Outcome.TAKEN_BACK
        return Replayed(image) if image is not None and done else Contended()

    tx.update(
        ReferredItem(*referred_key(referrer, referred.member_id)),
        (ReferredItem.outcome.set(Outcome.TAKEN_BACK.value),),
        condition=ReferredItem.outcome == Outcome.PAID.value,
        otherwise=otherwise,
    )


def all_of(work: Work, referrer: str) -> list[Referred]:
    """Return everybody whom a member referred, as far as anything came of it."""
    return [_referred(item) for item in query_all(work, ReferredItem, part=Range(referrer, "F#"))]


def referred_from(raw: RawItem) -> Referred:
    """Return the new member that an image holds."""
    return _referred(ReferredItem.read(raw))


def _referred(item: ReferredItem) -> Referred:
    return Referred(
        member_id=item.sort.removeprefix("F#"),
        purchase=item.purchase,
        at=datetime.fromisoformat(item.at),
        outcome=Outcome(item.outcome),
        program_version=item.program_version,
        points=item.points,
        debt_paid=item.debt_paid,
        expires_on=day_of_key(item.expires_on) if item.expires_on else None,
    )

"""Parked records as items: `parked / E#id`, those that wait listed by time through `l1`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pynamodb.attributes import UnicodeAttribute

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.kernel.pages import Page
from chalicelib.outreach.relay.model import Parked, State
from chalicelib.outreach.relay.rules import PARKED, RECORD_PREFIX
from chalicelib.storage.reads import Range, fetch, query
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Transaction, moved, there
from chalicelib.storage.work import Work

KEPT: Final = timedelta(days=30)
"""How long one that was read in the end can still be looked at by whoever mended it."""


class ParkedItem(Item):
    """One parked record as stored."""

    at = UnicodeAttribute(attr_name="a")
    what = UnicodeAttribute(attr_name="w")
    why = UnicodeAttribute(attr_name="y")
    record = UnicodeAttribute(attr_name="b")
    tries = IntAttribute(attr_name="n")
    state = UnicodeAttribute(attr_name="st")
    asked_at = UnicodeAttribute(attr_name="q", null=True)
    version = IntAttribute(attr_name="v")
    ttl = IntAttribute(attr_name="t", null=True)


def key_of(parked_id: str) -> Key:
    """Return where a parked record is."""
    return (PARKED, f"{RECORD_PREFIX}{parked_id}")


def put_new(tx: Transaction, parked: Parked) -> None:
    """Add a record put aside; `Replayed` where it was put aside before."""
    tx.put(_item(parked, ttl=None), otherwise=there)


def replace_parked(tx: Transaction, before: Parked, *, after: Parked) -> None:
    """Add the next version of a parked record."""
    key = key_of(before.id)
    done = after.state is State.REPLAYED
    tx.put(
        _item(after, ttl=int((tx.work.now + KEPT).timestamp()) if done else None),
        condition=ParkedItem.version == before.version,
        otherwise=moved(key),
    )


def latest(tx: Transaction, parked: Parked) -> Parked:
    """Return the parked record that a lost compare-and-swap showed, or the one that was read."""
    image = tx.image(key_of(parked.id))
    return parked if image is None else parked_from(image)


def find(work: Work, parked_id: str) -> Parked | None:
    """Return a parked record, or None; also for what cannot be the id of one."""
    if not GIVEN_NAME.fullmatch(parked_id):
        return None
    item = fetch(work, ParkedItem.named(*key_of(parked_id)))
    return None if item is None else _parked(item)


def page_of(work: Work, *, limit: int, after: str | None) -> Page[Parked]:
    """Return the records that wait to be read again, newest first."""
    part = Range(PARKED, "2", index="l1", forward=False, limit=limit, after=after)
    page = query(work, ParkedItem, part=part)
    return Page([_parked(item) for item in page.items], page.next_position)


def parked_from(raw: RawItem) -> Parked:
    """Return the parked record that an image holds."""
    return _parked(ParkedItem.read(raw))


def _item(parked: Parked, *, ttl: int | None) -> ParkedItem:
    at = rfc3339(parked.parked_at)
    return ParkedItem(
        *key_of(parked.id),
        at=at,
        what=parked.what,
        why=parked.why,
        record=parked.record,
        tries=parked.tries,
        state=parked.state.value,
        asked_at=rfc3339(parked.asked_at) if parked.asked_at else None,
        version=parked.version,
        ttl=ttl,
        l1=None if parked.state is State.REPLAYED else f"{at}#{parked.id}",
    )


def _parked(item: ParkedItem) -> Parked:
    return Parked(
        id=item.sort.removeprefix(RECORD_PREFIX),
        parked_at=datetime.fromisoformat(item.at),
        what=item.what,
        why=item.why,
        record=item.record,
        tries=item.tries,
        state=State(item.state),
        asked_at=datetime.fromisoformat(item.asked_at) if item.asked_at else None,
        version=item.version,
    )

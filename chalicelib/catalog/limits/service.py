"""Use of limits: counting units inside an order's transaction, and returning them.

An order counts in two steps, like stock: first it hopes that there is room, unread. If there is
not (`LimitShort`), the use case reads the counters, judges, and counts again with what it read.
The condition in the database is what holds the limit either way.

An order remembers the periods that it counted in. Cancelled, it is taken out of these, whatever the
day is by then and whatever the reward's limits have become.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from chalicelib.catalog.limits import store
from chalicelib.catalog.limits.model import Counter, Used
from chalicelib.catalog.limits.rules import counters_of, key_of, refuse
from chalicelib.catalog.rewards.model import Reward
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Mistaken, Moved, Otherwise, Transaction
from chalicelib.storage.work import Work

Counters = tuple[Counter, ...]


class LimitShort(Mistaken):
    """A limit that an order hoped to have room in has none."""


def counters(member_id: str, reward: Reward, *, today: date, zone: str) -> Counters:
    """Return a member's counters of a reward in the periods of today; reads nothing."""
    return counters_of(member_id, reward, today=today, zone=zone)


def used_by(work: Work, member_id: str) -> list[Used]:
    """Return what a member has used of every limit, of periods long past too."""
    return store.used_by(work, member_id)


def counted(unread: Sequence[Counter], found: Mapping[Key, RawItem]) -> Counters:
    """Return counters with what was used, out of a consistent batch that asked for their keys."""
    return tuple(replace(c, used=store.units_from(found.get(c.key))) for c in unread)


def read(work: Work, unread: Sequence[Counter]) -> Counters:
    """Return counters with what was used, all in one consistent batch."""
    return counted(unread, fetch_raw(work, [counter.key for counter in unread]))


def latest(tx: Transaction, known: Counters) -> Counters:
    """Return counters with the images of those that earlier attempts lost to others."""
    return tuple(
        replace(c, used=store.units_from(image)) if (image := tx.image(c.key)) else c for c in known
    )


def take(tx: Transaction, known: Counters, *, quantity: int) -> None:
    """Count units in the transaction of an order.

    Raises `LimitShort` when hope is not enough, `LimitReached` when what was read has no room.
    """
    newest = latest(tx, known)
    refuse(newest, quantity)
    for counter in newest:
        if quantity > counter.limit.units:
            raise LimitShort
        store.add_units(tx, counter, quantity=quantity, otherwise=_full(counter))


def periods_of(known: Sequence[Counter]) -> tuple[str, ...]:
    """Return the periods that an order counts in, for the order to keep."""
    return tuple(counter.period for counter in known)


def give_back(
    tx: Transaction, member_id: str, *, reward_id: str, periods: Sequence[str], quantity: int
) -> None:
    """Count units of an order no longer, in the periods that it kept."""
    for period in periods:
        store.return_units(tx, key_of(member_id, reward_id, period=period), quantity=quantity)


def _full(counter: Counter) -> Otherwise:
    """Return what a counter without room means: go and read it, or go on from its image."""

    def judge(image: RawItem | None) -> Exception:
        if counter.used is None or image is None:
            return LimitShort()
        return Moved(counter.key, image)

    return judge

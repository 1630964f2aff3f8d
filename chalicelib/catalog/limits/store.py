"""Counters as items: `member / L#reward#period`, only where a reward has limits."""

from __future__ import annotations

from chalicelib.catalog.limits.model import Counter, Used
from chalicelib.kernel.errors import Contended
from chalicelib.storage.dates import told_period
from chalicelib.storage.reads import Range, query_all
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Otherwise, Transaction
from chalicelib.storage.work import Work


class CounterItem(Item):
    """One counter as stored."""

    units = IntAttribute(attr_name="n")


def units_from(raw: RawItem | None) -> int:
    """Return the units that an image holds; before the first there is no item."""
    return 0 if raw is None else CounterItem.read(raw).units


def used_by(work: Work, member_id: str) -> list[Used]:
    """Return what a member has used of every limit, of periods long past too."""
    items = query_all(work, CounterItem, part=Range(member_id, "L#"))
    named = ((item.sort.split("#"), item.units) for item in items)
    return [Used(reward_id, told_period(period), units) for (_, reward_id, period), units in named]


def add_units(tx: Transaction, counter: Counter, *, quantity: int, otherwise: Otherwise) -> None:
    """Count units, as long as they stay within the limit."""
    most = counter.limit.units - quantity
    room = CounterItem.units <= most
    tx.update(
        CounterItem(*counter.key),
        (CounterItem.units.add(quantity),),
        condition=CounterItem.units.does_not_exist() | room,
        otherwise=otherwise,
    )


def return_units(tx: Transaction, key: Key, *, quantity: int) -> None:
    """Count units no longer, never more than were counted."""
    tx.update(
        CounterItem(*key),
        (CounterItem.units.add(-quantity),),
        condition=CounterItem.units >= quantity,
        otherwise=lambda _: Contended(),
    )

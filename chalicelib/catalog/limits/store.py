"""Counters as items: `member / L#reward#period`, only where a reward has limits."""

from __future__ import annotations

from chalicelib.catalog.limits.model import Counter
from chalicelib.kernel.errors import Contended
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Otherwise, Transaction


class CounterItem(Item):
    """One counter as stored."""

    units = IntAttribute(attr_name="n")


def units_from(raw: RawItem | None) -> int:
    """Return the units that an image holds; before the first there is no item."""
    return 0 if raw is None else CounterItem.read(raw).units


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

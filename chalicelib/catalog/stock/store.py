"""Shards as items: `reward#shard / S`, each in a partition of its own.

A shard that was never written holds nothing. Taking is an addition under a condition, so it needs
no read; the condition alone is what keeps a unit from being sold twice. A shard also counts what
was taken, though made, free and withdrawn tell it: a condition cannot subtract, and one of them has
to know that no more comes back than went out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chalicelib.catalog.stock.model import Left, Shard, StockPlan
from chalicelib.catalog.stock.rules import SHARD_UNITS_MAX, StockFull
from chalicelib.kernel.errors import Contended
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Otherwise, Transaction


class ShardItem(Item):
    """One shard as stored."""

    made = IntAttribute(attr_name="m")
    free = IntAttribute(attr_name="f")
    taken = IntAttribute(attr_name="k", null=True)
    withdrawn = IntAttribute(attr_name="w", null=True)


def key_of(reward_id: str, shard: int) -> Key:
    """Return where a shard is."""
    return (f"{reward_id}#{shard}", "S")


def keys_of(plan: StockPlan) -> list[Key]:
    """Return where all shards of a reward are."""
    return [key_of(plan.reward_id, shard) for shard in range(plan.shards)]


def left_from(reward_id: str, shards: Iterable[int], *, found: Mapping[Key, RawItem]) -> Left:
    """Return some shards of a reward out of a batch that asked for them."""
    return Left({number: shard_from(found.get(key_of(reward_id, number))) for number in shards})


def shard_from(raw: RawItem | None) -> Shard:
    """Return the shard that an image holds; without one nothing was ever put there."""
    if raw is None:
        return Shard(0, 0)
    item = ShardItem.read(raw)
    return Shard(item.made, item.free, item.withdrawn or 0)


def put_shard(tx: Transaction, key: Key, *, units: int) -> None:
    """Add the first units of a new reward's shard."""
    tx.put(
        ShardItem(*key, made=units, free=units),
        otherwise=lambda _: Contended(),
    )


def add_units(tx: Transaction, key: Key, *, units: int) -> None:
    """Add units to a shard, whatever it holds."""
    tx.update(
        ShardItem(*key),
        (ShardItem.made.add(units), ShardItem.free.add(units)),
        condition=ShardItem.made.does_not_exist() | (ShardItem.made <= SHARD_UNITS_MAX - units),
        otherwise=lambda _: StockFull(units_max=SHARD_UNITS_MAX),
    )


def take_units(tx: Transaction, key: Key, *, quantity: int, otherwise: Otherwise) -> None:
    """Take units from the shard under a key, if it holds as many."""
    tx.update(
        ShardItem(*key),
        (ShardItem.free.add(-quantity), ShardItem.taken.add(quantity)),
        condition=ShardItem.free >= quantity,
        otherwise=otherwise,
    )


def return_units(tx: Transaction, key: Key, *, quantity: int) -> None:
    """Put units back into the shard that they were taken from, never more than are out."""
    tx.update(
        ShardItem(*key),
        (ShardItem.free.add(quantity), ShardItem.taken.add(-quantity)),
        condition=ShardItem.taken >= quantity,
        otherwise=lambda _: Contended(),
    )


def withdraw_units(tx: Transaction, key: Key, *, units: int, otherwise: Otherwise) -> None:
    """Take units off the shelf for ever, if the shard holds as many."""
    tx.update(
        ShardItem(*key),
        (ShardItem.free.add(-units), ShardItem.withdrawn.add(units)),
        condition=ShardItem.free >= units,
        otherwise=otherwise,
    )

"""Use of stock: making units, taking them inside an order's transaction, and looking at them.

An order takes in two steps. First it hopes: one shard, unread. If that shard is short
(`ShardShort`), the use case reads all shards in one consistent batch, judges, and takes again with
what it read; whatever it loses to others from then on comes back as an image, and counts.

The process remembers for moments what it saw. A hint on the shelf may be that old; an order may
not: what is remembered only steers it to a shard that had units, or straight to the full read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.catalog.stock import store
from chalicelib.catalog.stock.model import Hint, Left, Mode, StockPlan
from chalicelib.catalog.stock.rules import (
    gathered,
    grown,
    hint_of,
    picked,
    refuse_sold_out,
    refuse_unlimited,
    spread,
)
from chalicelib.settings import settings
from chalicelib.storage.kept import Kept
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Mistaken, Moved, Transaction
from chalicelib.storage.work import Work

HINT_SECONDS: Final = 5.0
"""How old a hint on the shelf may be (the rules of the program allow a page as much)."""
STEER_SECONDS: Final = 2.0
"""How long a look at the shards steers orders."""
KEPT_MAX: Final = 10_000
"""Rewards whose shards are remembered: about 10 MB."""


class ShardShort(Mistaken):
    """The shard that an order hoped for holds too few units; others may hold more."""


@dataclass(frozen=True, slots=True)
class Look:
    """What all shards held, and when, by the process's monotonic clock."""

    left: Left
    at: float


_looks: Kept[tuple[str, str], Look] = Kept(KEPT_MAX)


def make(tx: Transaction, plan: StockPlan) -> None:
    """Add the first units of a new reward to the transaction that creates it."""
    if plan.mode is Mode.UNLIMITED or not plan.units:
        return
    for shard, units in spread(plan, plan.units, dice=tx.work.dice).items():
        store.put_shard(tx, store.key_of(plan.reward_id, shard), units=units)


def add(tx: Transaction, plan: StockPlan, *, units: int) -> StockPlan:
    """Add units to a reward, and return its plan, which may have more shards than before.

    Raises `StockUnlimited` where nothing is counted.
    """
    refuse_unlimited(plan)
    after = grown(plan, units)
    for shard, part in spread(after, units, dice=tx.work.dice).items():
        store.add_units(tx, store.key_of(plan.reward_id, shard), units=part)
    return after


def take(tx: Transaction, plan: StockPlan, *, quantity: int, left: Left | None) -> None:
    """Take units in the transaction of an order; nothing where stock is unlimited.

    `left` is what one consistent read of all shards showed, or None when nothing was read. Raises
    `ShardShort` when hope is not enough, `SoldOut` when all shards together hold too few.
    """
    if plan.mode is Mode.UNLIMITED:
        return
    if left is None:
        _take_hoping(tx, plan, quantity=quantity)
    else:
        _take_knowing(tx, plan, quantity=quantity, left=latest(tx, plan, left=left))


def latest(tx: Transaction, plan: StockPlan, *, left: Left) -> Left:
    """Return what is left, with the images of shards that earlier attempts lost to others."""
    seen = {number: tx.image(key) for number, key in enumerate(store.keys_of(plan))}
    lost = {number: store.shard_from(raw) for number, raw in seen.items() if raw is not None}
    return Left({**left.shards, **lost}) if lost else left


def keys(plan: StockPlan) -> list[Key]:
    """Return what to read to know a reward's stock; nothing where it is unlimited."""
    return store.keys_of(plan)


def left_from(work: Work, plan: StockPlan, *, found: Mapping[Key, RawItem]) -> Left:
    """Return a reward's stock out of a consistent batch that asked for its `keys`."""
    left = store.left_from(plan, found)
    _looks.put((settings().table, plan.reward_id), Look(left, work.elapsed()))
    return left


def read(work: Work, plan: StockPlan) -> Left:
    """Return a reward's stock: every shard, in one consistent batch."""
    return left_from(work, plan, found=fetch_raw(work, keys(plan)))


def hints(work: Work, plans: Sequence[StockPlan]) -> dict[str, Hint]:
    """Return what the shelf says of each reward, at most five seconds old."""
    counted = [plan for plan in plans if plan.mode is Mode.COUNTED]
    seen = {plan.reward_id: _remembered(work, plan, seconds=HINT_SECONDS) for plan in counted}
    unseen = [plan for plan in counted if seen[plan.reward_id] is None]
    found = fetch_raw(work, [key for plan in unseen for key in keys(plan)])
    seen |= {plan.reward_id: left_from(work, plan, found=found) for plan in unseen}
    return {
        plan.reward_id: hint_of(left) if (left := seen.get(plan.reward_id)) else Hint.IN_STOCK
        for plan in plans
    }


def _take_hoping(tx: Transaction, plan: StockPlan, *, quantity: int) -> None:
    """Take from one shard that nobody has read."""
    remembered = _remembered(tx.work, plan, seconds=STEER_SECONDS)
    shard = picked(plan, quantity, left=remembered, dice=tx.work.dice)
    if shard is None:
        raise ShardShort
    key = store.key_of(plan.reward_id, shard)
    store.take_units(tx, key, quantity=quantity, otherwise=lambda _: ShardShort())


def _take_knowing(tx: Transaction, plan: StockPlan, *, quantity: int, left: Left) -> None:
    """Take from one shard that holds enough, or gather from several."""
    refuse_sold_out(plan, left, quantity=quantity)
    shard = picked(plan, quantity, left=left, dice=tx.work.dice)
    parts = {shard: quantity} if shard is not None else gathered(quantity, left)
    for number, part in parts.items():
        key = store.key_of(plan.reward_id, number)
        store.take_units(tx, key, quantity=part, otherwise=_lost(key))


def _lost(key: Key) -> Callable[[RawItem | None], Exception]:
    """Return what it means that others were quicker: go on from what they left."""
    return lambda image: ShardShort() if image is None else Moved(key, image)


def _remembered(work: Work, plan: StockPlan, *, seconds: float) -> Left | None:
    look = _looks.get((settings().table, plan.reward_id))
    if look is None or work.elapsed() - look.at > seconds:
        return None
    return look.left

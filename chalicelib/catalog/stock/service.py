"""Use of counted stock: making units, taking and returning them in an order's transaction.

An order takes in two steps. First it hopes: one shard, unread. If that shard is short
(`ShardShort`), the use case reads all shards in one consistent batch, judges, and takes again with
what it read; whatever it loses to others from then on comes back as an image, and counts.

The process remembers for moments what it saw. A hint on the shelf may be that old; an order may
not: what is remembered only steers it to a shard that had units, or straight to the full read.

A hint reads a few shards of a reward and lets them stand for all. The price: it may be wrong by a
step between "in stock" and "low", and a reward of many shards that is sold out says "low".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.catalog.stock import store
from chalicelib.catalog.stock.model import Hint, Left, Mode, StockPlan, Taken
from chalicelib.catalog.stock.rules import (
    gathered,
    grown,
    hint_of,
    picked,
    refuse_sold_out,
    refuse_unlimited,
    sampled,
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
    """What shards held, and when, by the process's monotonic clock."""

    left: Left
    at: float


_looks: Kept[tuple[str, str], Look] = Kept(KEPT_MAX)
_glances: Kept[tuple[str, str], Look] = Kept(KEPT_MAX)
"""What hints saw: not all shards, so no order may be steered by it."""


def make(tx: Transaction, plan: StockPlan) -> None:
    """Add the first units of a new reward to the transaction that creates it."""
    if plan.mode is Mode.UNLIMITED or not plan.units:
        return
    for shard, units in spread(plan, plan.units, dice=tx.work.dice).items():
        store.put_shard(tx, store.key_of(plan.reward_id, shard), units=units)


def add(tx: Transaction, plan: StockPlan, *, units: int) -> StockPlan:
    """Add units to a reward, and return its plan, which may have more shards than before.

    Raises `StockUnlimited` where nothing is counted, `StockFull`.
    """
    refuse_unlimited(plan)
    after = grown(plan, units)
    for shard, part in spread(after, units, dice=tx.work.dice).items():
        store.add_units(tx, store.key_of(plan.reward_id, shard), units=part)
    return after


def choose(tx: Transaction, plan: StockPlan, *, quantity: int, left: Left | None) -> Taken:
    """Return from which shards an order takes, for `claim` to add; none where stock is unlimited.

    `left` is what one consistent read of all shards showed, or None when nothing was read. Raises
    `ShardShort` when hope is not enough, `SoldOut` when all shards together hold too few.
    """
    if plan.mode is not Mode.COUNTED:
        return {}
    if left is None:
        return _hoped(tx.work, plan, quantity=quantity)
    newest = latest(tx, plan, left=left)
    refuse_sold_out(plan, newest, quantity=quantity)
    shard = picked(plan, quantity, left=newest, dice=tx.work.dice)
    return {shard: quantity} if shard is not None else gathered(quantity, newest)


def claim(tx: Transaction, plan: StockPlan, *, taken: Taken, hoped: bool) -> None:
    """Add that an order takes from these shards; `hoped`: nobody has read them."""
    for number, part in taken.items():
        key = store.key_of(plan.reward_id, number)
        otherwise = _short if hoped else _lost(key)
        store.take_units(tx, key, quantity=part, otherwise=otherwise)


def give_back(tx: Transaction, plan: StockPlan, *, taken: Taken) -> None:
    """Put units back into the very shards that an order took them from."""
    for number, part in taken.items():
        store.return_units(tx, store.key_of(plan.reward_id, number), quantity=part)


def withdraw(tx: Transaction, plan: StockPlan, *, units: int, left: Left) -> None:
    """Take free units off the shelf for ever, fullest shards first.

    `left` is what one consistent read of all shards showed. Raises `SoldOut` when fewer are free.
    """
    newest = latest(tx, plan, left=left)
    refuse_sold_out(plan, newest, quantity=units)
    for number, part in gathered(units, newest).items():
        key = store.key_of(plan.reward_id, number)
        store.withdraw_units(tx, key, units=part, otherwise=_lost(key))


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
    left = store.left_from(plan.reward_id, range(plan.shards), found=found)
    _looks.put((settings().table, plan.reward_id), Look(left, work.elapsed()))
    return left


def read(work: Work, plan: StockPlan) -> Left:
    """Return a reward's stock: every shard, in one consistent batch."""
    return left_from(work, plan, found=fetch_raw(work, keys(plan)))


def hints(work: Work, plans: Sequence[StockPlan]) -> dict[str, Hint]:
    """Return what the shelf says of each reward, at most five seconds old."""
    counted = [plan for plan in plans if plan.mode is Mode.COUNTED]
    seen = {plan.reward_id: _seen(work, plan) for plan in counted}
    unseen = [plan for plan in counted if seen[plan.reward_id] is None]
    seen |= _glanced(work, unseen)
    return {
        plan.reward_id: hint_of(plan, left) if (left := seen.get(plan.reward_id)) else Hint.IN_STOCK
        for plan in plans
    }


def _seen(work: Work, plan: StockPlan) -> Left | None:
    """Return what is remembered for a hint: all shards, or some of them."""
    whole = _remembered(work, plan, looks=_looks, seconds=HINT_SECONDS)
    return whole or _remembered(work, plan, looks=_glances, seconds=HINT_SECONDS)


def _glanced(work: Work, plans: Sequence[StockPlan]) -> dict[str, Left]:
    """Return a few shards of each reward, read in one go."""
    picked_shards = {plan.reward_id: sampled(plan, dice=work.dice) for plan in plans}
    wanted = [store.key_of(name, n) for name, numbers in picked_shards.items() for n in numbers]
    found = fetch_raw(work, wanted)
    lefts = {
        name: store.left_from(name, numbers, found=found) for name, numbers in picked_shards.items()
    }
    for name, left in lefts.items():
        _glances.put((settings().table, name), Look(left, work.elapsed()))
    return lefts


def _hoped(work: Work, plan: StockPlan, *, quantity: int) -> Taken:
    """Return one shard that nobody has read."""
    remembered = _remembered(work, plan, looks=_looks, seconds=STEER_SECONDS)
    shard = picked(plan, quantity, left=remembered, dice=work.dice)
    if shard is None:
        raise ShardShort
    return {shard: quantity}


def _short(_: RawItem | None) -> Exception:
    """Return what it means that a shard held less than was hoped."""
    return ShardShort()


def _lost(key: Key) -> Callable[[RawItem | None], Exception]:
    """Return what it means that others were quicker: go on from what they left."""
    return lambda image: ShardShort() if image is None else Moved(key, image)


def _remembered(
    work: Work, plan: StockPlan, *, looks: Kept[tuple[str, str], Look], seconds: float
) -> Left | None:
    look = looks.get((settings().table, plan.reward_id))
    if look is None or work.elapsed() - look.at > seconds:
        return None
    return look.left

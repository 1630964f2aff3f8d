"""Use of rewards: creating, editing, listing and finding them.

Every change moves the head's version of the catalog in the same transaction, so what a process
has read under a version it never reads again. What it keeps under a version may be newer than
that version, when a change came between reading the head and the reward, but never older.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from chalicelib.catalog.rewards import store
from chalicelib.catalog.rewards.model import DOCUMENT, Reward
from chalicelib.catalog.rewards.rules import (
    refuse_malformed,
    refuse_never_chargeable,
    refuse_other_currency,
    refuse_stock_change,
    refuse_unsuppliable,
)
from chalicelib.catalog.stock.rules import planned
from chalicelib.catalog.supply import service as supply
from chalicelib.catalog.units.rules import numbered_from
from chalicelib.kernel.edits import SILENT, Edit, refuse_edit
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.kernel.pages import Page
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.program.documents import service as documents
from chalicelib.settings import settings
from chalicelib.storage.head import Head, latest_head, raise_version, read_head
from chalicelib.storage.kept import Kept
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work

REWARDS_KEPT_MAX: Final = 2_000
"""Rewards kept in process: about 6 MB of the largest."""
PAGES_KEPT_MAX: Final = 64
"""Pages kept in process: about 20 MB if all were of the largest size."""

_rewards: Kept[tuple[str, int, str], Reward] = Kept(REWARDS_KEPT_MAX)
_pages: Kept[tuple[str, int, str | None, int, str | None], Page[Reward]] = Kept(PAGES_KEPT_MAX)


@dataclass(frozen=True, slots=True)
class Created:
    """A reward as its request created it, now or before."""

    reward: Reward
    replayed: bool


def reward_at(work: Work, head: Head, *, reward_id: str) -> Reward:
    """Return a reward as of the catalog that the head names; raises `NotFound`."""
    refuse_malformed(reward_id)
    key = (settings().table, head.version(DOCUMENT), reward_id)
    reward = _rewards.get(key) or store.read_reward(work, reward_id)
    if reward is None:
        raise NotFound
    _rewards.put(key, reward)
    return reward


def page_at(
    work: Work, head: Head, *, category: str | None, limit: int, after: str | None
) -> Page[Reward]:
    """Return rewards of the catalog that the head names, newest first, windows not considered."""
    if category is not None and not GIVEN_NAME.fullmatch(category):
        return Page([], None)
    key = (settings().table, head.version(DOCUMENT), category, limit, after)
    page = _pages.get(key) or store.page_of(work, category, limit=limit, after=after)
    _pages.put(key, page)
    return page


def position_behind(reward: Reward, category: str | None) -> str:
    """Return where a listing of a category, or of all, goes on that was cut behind a reward."""
    return store.position_behind(reward, category)


def present(work: Work, reward_id: str) -> Reward:
    """Return a reward as it is now; raises `NotFound`."""
    return reward_at(work, read_head(work), reward_id=reward_id)


def page(work: Work, *, limit: int, after: str | None) -> Page[Reward]:
    """Return all rewards, newest first, whether or not they are shown."""
    return store.page_of(work, None, limit=limit, after=after)


def create(work: Work, wanted: Reward, *, by: str, fingerprint: bytes) -> Created:
    """Put a reward and its first units on the shelf, once for each id; raises `InvalidFields`."""
    refuse_unsuppliable(wanted.stock)
    head = read_head(work)
    refuse_other_currency(wanted, documents.program_at(work, head).currency)
    refuse_never_chargeable(wanted)
    reward = replace(wanted, stock=planned(wanted.stock))

    def attempt(tx: Transaction) -> Created:
        store.put_reward(tx, reward, fingerprint=fingerprint)
        supply.make(tx, reward.stock)
        raise_version(tx, latest_head(tx, head), name=DOCUMENT)
        audit.record(tx, Deed(by, "reward.create", reward.id, None, reward))
        return Created(reward, replayed=False)

    try:
        return persist(work, attempt)
    except Replayed:
        return Created(reward, replayed=True)


def change(work: Work, wanted: Reward, *, by: str, told: Edit = SILENT) -> Reward:
    """Put the next version of a reward and return it.

    `wanted.version` is the version that the operator read. Raises `NotFound`, `Stale` when another
    version holds by now (also one that this very change made: an If-Match that is spent is stale),
    `InvalidFields` when the edit says that it is another's, or the stock would change.
    """
    head = read_head(work)
    before = reward_at(work, head, reward_id=wanted.id)
    refuse_edit(wanted.version, present=before.version, address=wanted.id, told=told)
    refuse_stock_change(before.stock, wanted.stock)
    refuse_other_currency(wanted, documents.program_at(work, head).currency)
    refuse_never_chargeable(wanted)
    after = replace(
        wanted,
        version=wanted.version + 1,
        created_at=before.created_at,
        stock=replace(before.stock, peak_per_second=wanted.stock.peak_per_second),
    )

    def attempt(tx: Transaction) -> Reward:
        store.replace_reward(tx, after)
        raise_version(tx, latest_head(tx, head), name=DOCUMENT)
        audit.record(tx, Deed(by, "reward.change", after.id, before, after))
        return after

    try:
        return persist(work, attempt)
    except Replayed:
        return after


def latest(tx: Transaction, reward: Reward) -> Reward:
    """Return the reward that a lost compare-and-swap showed, or the one that was read."""
    image = tx.image(store.key_of(reward.id))
    return reward if image is None else store.reward_from(image)


def grow(tx: Transaction, head: Head, *, reward: Reward, shards: int = 0, made: int = 0) -> None:
    """Add that a reward has more shards, or numbers to sell, from now on.

    Nothing where it has as many already. The head moves, so that no process overlooks them.
    """
    before = reward.stock
    after = replace(before, shards=max(shards, before.shards), made=max(made, before.made))
    if after != before:
        store.grow_stock(tx, before, after=after)
        raise_version(tx, latest_head(tx, head), name=DOCUMENT)


def reserve(tx: Transaction, reward: Reward, *, numbers: int) -> int:
    """Add that so many numbers are promised to an import, and return the first of them.

    They cannot be sold before `grow` says that they are made, so the head stays where it is. Raises
    `StockFull`.
    """
    promised = numbered_from(reward.stock, numbers)
    store.reserve(tx, reward.stock, reserved=promised.stop)
    return promised.start

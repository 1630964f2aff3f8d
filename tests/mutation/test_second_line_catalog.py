"""Limits, rewards and shards: plans that no rule would make are refused by the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from chalicelib.catalog.limits import store as limits
from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.limits.service import LimitShort
from chalicelib.catalog.rewards import store as rewards
from chalicelib.catalog.rewards.model import Limit, Per, Reward
from chalicelib.catalog.stock import store as stock
from chalicelib.catalog.stock.rules import SHARD_UNITS_MAX, StockFull
from chalicelib.catalog.stock.service import ShardShort
from chalicelib.kernel.errors import Contended, KeyReused, Stale
from chalicelib.storage.transaction import Moved, Replayed, Transaction
from tests.builders import MEMBER_ID, REWARD_ID, a_plan, a_reward
from tests.mutation.plans import Add, Wrong, columns, handed, refused, spoil

COUNTER: Final = Counter(MEMBER_ID, f"L#{REWARD_ID}#e", Limit(Per.EVER, 3), None)
SHARD: Final = stock.key_of(REWARD_ID, 0)
MUG: Final = a_reward(category="mugs", stock=a_plan(shards=4))
ONE: Final = b"one"


def counted(units: int) -> Add:
    return lambda tx: limits.add_units(
        tx, COUNTER, quantity=units, otherwise=lambda _: LimitShort()
    )


def uncounted(units: int) -> Add:
    return lambda tx: limits.return_units(tx, COUNTER.key, quantity=units)


def a_shard(units: int) -> Add:
    return lambda tx: stock.put_shard(tx, SHARD, units=units)


def more(units: int) -> Add:
    return lambda tx: stock.add_units(tx, SHARD, units=units)


def taken(units: int) -> Add:
    return lambda tx: stock.take_units(tx, SHARD, quantity=units, otherwise=lambda _: ShardShort())


def returned(units: int) -> Add:
    return lambda tx: stock.return_units(tx, SHARD, quantity=units)


def withdrawn(units: int) -> Add:
    return lambda tx: stock.withdraw_units(tx, SHARD, units=units, otherwise=lambda _: ShardShort())


def listed(reward: Reward, fingerprint: bytes = ONE) -> Add:
    return lambda tx: rewards.put_reward(tx, reward, fingerprint=fingerprint)


def edited(version: int, points: int = 7) -> Add:
    after = replace(a_reward(points, category="mugs"), version=version)
    return lambda tx: rewards.replace_reward(tx, after)


def grown(shards: int, made: int = 0) -> Add:
    before = replace(MUG.stock, shards=shards, made=made)
    after = replace(before, shards=9, made=9)
    return lambda tx: rewards.grow_stock(tx, before, after=after)


def reserved(before: int) -> Add:
    plan = replace(MUG.stock, reserved=before)
    return lambda tx: rewards.reserve(tx, plan, reserved=before + 5)


WRONG: Final = {
    "more units than a limit": Wrong(counted(1), LimitShort, (counted(3),)),
    "one unit past a limit": Wrong(counted(2), LimitShort, (counted(2),)),
    "more returned than counted": Wrong(uncounted(2), Contended, (counted(1),)),
    "units returned that nobody counted": Wrong(uncounted(1), Contended),
    "a shard put over another": Wrong(a_shard(5), Contended, (a_shard(2),)),
    "one unit more than a shard takes": Wrong(more(SHARD_UNITS_MAX - 1), StockFull, (a_shard(2),)),
    "one unit more than is free": Wrong(taken(3), ShardShort, (a_shard(2),)),
    "units of a shard that was never written": Wrong(taken(1), ShardShort),
    "one unit more returned than is out": Wrong(returned(2), Contended, (a_shard(2), taken(1))),
    "units returned that are not out": Wrong(returned(1), Contended, (a_shard(2),)),
    "one unit more withdrawn than is free": Wrong(withdrawn(2), ShardShort, (a_shard(2), taken(1))),
    "a reward again": Wrong(listed(MUG), Replayed, (listed(MUG),)),
    "another request's reward": Wrong(listed(MUG, b"two"), KeyReused, (listed(MUG),)),
    "an edit of a version that is gone": Wrong(edited(2, 8), Stale, (listed(MUG), edited(2))),
    "an edit of a version that is to come": Wrong(edited(3), Stale, (listed(MUG),)),
    "an edit of nothing": Wrong(edited(2), Stale),
    "growth from fewer shards than there are": Wrong(grown(3), Moved, (listed(MUG),)),
    "growth from more shards than there are": Wrong(grown(5), Moved, (listed(MUG),)),
    "growth from numbers that were not made": Wrong(grown(4, made=1), Moved, (listed(MUG),)),
    "growth from fewer numbers than were made": Wrong(grown(9), Moved, (listed(MUG), grown(4))),
    "numbers promised twice": Wrong(reserved(0), Moved, (listed(MUG), reserved(0))),
    "numbers promised after some that were not": Wrong(reserved(5), Moved, (listed(MUG),)),
}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_plan_is_refused_by_the_table(name: str) -> None:
    refused(WRONG[name])


@pytest.mark.usefixtures("table")
def test_units_move_between_free_taken_and_withdrawn_and_none_is_lost() -> None:
    steps: list[tuple[Callable[[int], Add], int, dict[str, int]]] = [
        (more, 10, {"m": 10, "f": 10}),
        (more, 5, {"m": 15, "f": 15}),
        (taken, 15, {"m": 15, "f": 0, "k": 15}),
        (returned, 15, {"m": 15, "f": 15, "k": 0}),
        (taken, 4, {"m": 15, "f": 11, "k": 4}),
        (withdrawn, 11, {"m": 15, "f": 0, "k": 4, "w": 11}),
        (returned, 3, {"m": 15, "f": 3, "k": 1, "w": 11}),
    ]
    for step, units, after in steps:
        handed(step(units))
        assert columns(SHARD, "m", "f", "k", "w") == after


@pytest.mark.usefixtures("table")
def test_a_shard_is_filled_to_its_limit() -> None:
    handed(a_shard(2))
    handed(more(SHARD_UNITS_MAX - 2))
    assert columns(SHARD, "m") == {"m": SHARD_UNITS_MAX}


@pytest.mark.usefixtures("table")
def test_units_count_up_to_the_limit_and_back_to_nothing() -> None:
    for step, after in ((counted(1), 1), (counted(2), 3), (uncounted(3), 0), (counted(3), 3)):
        handed(step)
        assert columns(COUNTER.key, "n") == {"n": after}


@pytest.mark.usefixtures("table")
def test_an_edit_changes_the_body_the_version_and_the_category() -> None:
    key = rewards.key_of(REWARD_ID)
    handed(listed(MUG))
    before = columns(key, "b", "v", "l2")
    handed(edited(2))
    after = columns(key, "b", "v", "l2")
    assert (before["v"], after["v"], before["l2"]) == (1, 2, after["l2"])
    assert before["b"] != after["b"]
    handed(_recategorised(3, "cups"))
    assert columns(key, "l2")["l2"].startswith("cups#")
    handed(_recategorised(4, None))
    assert columns(key, "l2", "v") == {"v": 4}


@pytest.mark.usefixtures("table")
def test_what_was_never_written_is_nought_and_grows_from_there() -> None:
    key = rewards.key_of(REWARD_ID)
    handed(listed(MUG))
    handed(grown(4))
    handed(reserved(0))
    handed(reserved(5))
    assert columns(key, "n", "m", "r") == columns(key, "n", "m", "r") | {"n": 9}
    spoil(key, n={"N": "4"})
    handed(grown(4, made=9))


def _recategorised(version: int, category: str | None) -> Callable[[Transaction], None]:
    after = replace(a_reward(7, category=category), version=version)
    return lambda tx: rewards.replace_reward(tx, after)

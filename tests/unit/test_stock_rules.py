"""How units are spread, from where an order takes them, and when they are gone."""

from __future__ import annotations

import random
from collections import Counter
from typing import Final

import pytest

from chalicelib.catalog.stock.model import Hint, Left, Mode, Shard, StockPlan
from chalicelib.catalog.stock.rules import (
    HINT_SHARDS_MAX,
    SHARDS_MAX,
    SoldOut,
    StockUnlimited,
    gathered,
    grown,
    hint_of,
    picked,
    planned,
    refuse_sold_out,
    refuse_unlimited,
    sampled,
    spread,
)
from tests.builders import REWARD_ID, a_plan, what_is_left

DICE: Final = random.Random(1)
UNLIMITED: Final = StockPlan(REWARD_ID, Mode.UNLIMITED)


@pytest.mark.parametrize(
    ("peak", "units", "shards"),
    [
        (1, 100, 1),
        (4, 100, 1),
        (5, 100, 2),
        (16, 100, 4),
        (16, 4, 4),
        (16, 3, 3),
        (16, 1, 1),
        (16, 0, 4),
        (256, 1000, SHARDS_MAX),
        (257, 1000, SHARDS_MAX),
        (10_000, 1000, SHARDS_MAX),
    ],
)
def test_one_shard_for_every_four_sales_a_second_and_never_more_than_units(
    peak: int, units: int, shards: int
) -> None:
    assert planned(a_plan(peak=peak, units=units, shards=0)).shards == shards


def test_an_unlimited_reward_has_no_shards() -> None:
    assert planned(UNLIMITED) == UNLIMITED


def test_numbered_units_have_numbers_and_no_shards() -> None:
    drop = StockPlan(REWARD_ID, Mode.NUMBERED, 100)
    assert planned(drop) == StockPlan(REWARD_ID, Mode.NUMBERED, 100, made=100)
    assert planned(StockPlan(REWARD_ID, Mode.CODED)) == StockPlan(REWARD_ID, Mode.CODED)
    numbered = {mode for mode in Mode if StockPlan(REWARD_ID, mode).is_numbered}
    assert numbered == {Mode.NUMBERED, Mode.CODED}


@pytest.mark.parametrize(
    ("shards", "units", "after"), [(1, 1, 1), (1, 3, 3), (1, 100, 4), (4, 1, 4), (64, 100, 64)]
)
def test_more_units_may_open_more_shards_and_close_none(
    shards: int, units: int, after: int
) -> None:
    assert grown(a_plan(shards=shards), units).shards == after


@pytest.mark.parametrize("units", [1, 3, 4, 5, 11, 100])
def test_units_are_spread_evenly_and_all_of_them(units: int) -> None:
    parts = spread(a_plan(shards=4), units, dice=DICE)
    assert sum(parts.values()) == units
    assert max(parts.values()) - min(parts.values()) <= 1
    assert min(parts.values()) > 0
    assert len(parts) == min(4, units)


def test_what_remains_goes_to_shards_by_chance() -> None:
    lone = Counter(next(iter(spread(a_plan(shards=4), 1, dice=DICE))) for _ in range(400))
    assert set(lone) == {0, 1, 2, 3}
    assert min(lone.values()) > 50


def test_new_units_go_only_where_the_present_peak_asks_for_them() -> None:
    assert set(spread(a_plan(shards=8, peak=8), 100, dice=DICE)) == {0, 1}


def test_without_knowledge_any_shard_is_hoped_for() -> None:
    seen = {picked(a_plan(shards=4), 1, left=None, dice=DICE) for _ in range(200)}
    assert seen == {0, 1, 2, 3}


def test_with_knowledge_only_a_shard_that_holds_enough_is_picked() -> None:
    seen = {
        picked(a_plan(shards=4), 3, left=what_is_left(2, 3, 0, 9), dice=DICE) for _ in range(200)
    }
    assert seen == {1, 3}
    assert picked(a_plan(shards=2), 3, left=what_is_left(2, 2), dice=DICE) is None


def test_an_order_gathers_from_the_fullest_shards_first() -> None:
    assert gathered(7, what_is_left(1, 4, 0, 3)) == {1: 4, 3: 3}
    assert gathered(8, what_is_left(1, 4, 0, 3)) == {1: 4, 3: 3, 0: 1}


def test_sold_out_only_when_all_shards_together_hold_too_few() -> None:
    refuse_sold_out(a_plan(), what_is_left(1, 1, 1), quantity=3)
    with pytest.raises(SoldOut) as refused:
        refuse_sold_out(a_plan(), what_is_left(1, 1, 1), quantity=4)
    assert refused.value.facts == {"left": 3}


def test_an_unlimited_reward_is_never_sold_out_and_has_no_units_to_count() -> None:
    refuse_sold_out(UNLIMITED, Left({}), quantity=20)
    with pytest.raises(StockUnlimited):
        refuse_unlimited(UNLIMITED)
    refuse_unlimited(a_plan())


@pytest.mark.parametrize(
    ("made", "free", "hint"),
    [
        (100, 100, Hint.IN_STOCK),
        (100, 11, Hint.IN_STOCK),
        (100, 10, Hint.LOW),
        (100, 1, Hint.LOW),
        (100, 0, Hint.SOLD_OUT),
        (5, 2, Hint.IN_STOCK),
        (5, 1, Hint.LOW),
        (1, 1, Hint.LOW),
        (0, 0, Hint.SOLD_OUT),
    ],
)
def test_low_is_one_unit_or_a_tenth_of_all_ever_made(made: int, free: int, hint: Hint) -> None:
    assert hint_of(a_plan(shards=1), Left({0: Shard(made, free)})) is hint


def test_a_hint_looks_at_all_of_few_shards_and_at_four_neighbours_of_many() -> None:
    assert sorted(sampled(a_plan(shards=4), dice=DICE)) == [0, 1, 2, 3]
    assert sampled(a_plan(shards=1), dice=DICE) == [0]
    seen = [sampled(a_plan(shards=SHARDS_MAX), dice=DICE) for _ in range(500)]
    assert {len(set(shards)) for shards in seen} == {HINT_SHARDS_MAX}
    assert {shard for shards in seen for shard in shards} == set(range(SHARDS_MAX))


def test_empty_shards_say_sold_out_only_when_they_are_all() -> None:
    assert hint_of(a_plan(shards=4), what_is_left(0, 0, 0, 0)) is Hint.SOLD_OUT
    assert hint_of(a_plan(shards=5), what_is_left(0, 0, 0, 0)) is Hint.LOW
    assert hint_of(a_plan(shards=64), what_is_left(9, 9, 9, 9)) is Hint.LOW
    assert hint_of(a_plan(shards=64), what_is_left(9, 9, 9, 14)) is Hint.IN_STOCK


def test_made_is_free_and_taken() -> None:
    left = what_is_left(3, 0, made=5)
    assert (left.made, left.free, left.taken) == (10, 3, 7)


def test_withdrawn_units_are_neither_free_nor_taken() -> None:
    left = Left({0: Shard(5, 1, 3), 1: Shard(2, 0, 1)})
    assert (left.made, left.free, left.taken, left.withdrawn) == (7, 1, 2, 4)

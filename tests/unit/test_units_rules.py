"""Which numbers are free, where they are looked for, and what the shelf says of them."""

from __future__ import annotations

import random
from typing import Final

import pytest

from chalicelib.catalog.stock.model import Hint, Mode, Shard, StockPlan
from chalicelib.catalog.stock.rules import StockFull
from chalicelib.catalog.units.model import Block, Hand
from chalicelib.catalog.units.rules import (
    BLOCK_UNITS,
    NUMBERED_UNITS_MAX,
    WITHDRAWN,
    WITHDRAWN_AT_ONCE_MAX,
    block_of,
    blocks_from,
    blocks_of,
    free_in,
    hint_of,
    hint_past_the_end,
    numbered_from,
    numbers_in,
    refuse_many,
    shuffled,
    tally,
)
from chalicelib.kernel.errors import InvalidFields
from tests.builders import REWARD_ID

DICE: Final = random.Random(1)
ORDER: Final = "ord_1"


def a_drop(made: int) -> StockPlan:
    return StockPlan(REWARD_ID, Mode.NUMBERED, made, made=made)


def a_pool(made: int, reserved: int = 0) -> StockPlan:
    return StockPlan(REWARD_ID, Mode.CODED, made=made, reserved=reserved)


def test_a_thousand_numbers_are_a_block() -> None:
    assert [block_of(number) for number in (0, 999, 1000, 99_999)] == [0, 0, 1, 99]
    assert [blocks_of(a_drop(made)) for made in (0, 1, 1000, 1001, 100_000)] == [0, 1, 1, 2, 100]
    assert numbers_in(a_drop(1500), 0) == range(1000)
    assert numbers_in(a_drop(1500), 1) == range(1000, 1500)


def test_all_blocks_are_looked_at_from_one_picked_by_dice() -> None:
    plan = a_drop(4 * BLOCK_UNITS)
    seen = [tuple(blocks_from(plan, dice=DICE)) for _ in range(200)]
    assert set(seen) == {(0, 1, 2, 3), (1, 2, 3, 0), (2, 3, 0, 1), (3, 0, 1, 2)}
    assert blocks_from(a_pool(0), dice=DICE) == []


def test_in_a_drop_every_number_without_an_owner_is_free() -> None:
    block = Block(0, {0: ORDER, 1: None, 3: WITHDRAWN, 9: None})
    assert free_in(a_drop(6), block) == [1, 2, 4, 5]


def test_of_codes_only_units_without_an_owner_are_free_and_holes_are_not() -> None:
    block = Block(0, {0: ORDER, 1: None, 3: WITHDRAWN, 9: None})
    assert free_in(a_pool(6), block) == [1]
    assert free_in(a_pool(10), block) == [1, 9]


def test_a_block_is_tallied_by_what_may_be_sold() -> None:
    block = Block(0, {0: ORDER, 1: None, 3: WITHDRAWN, 9: ORDER})
    assert tally(a_drop(6), block) == Shard(6, 4, 1)
    assert tally(a_pool(6), block) == Shard(3, 1, 1)
    assert tally(a_drop(1001), Block(1, {})) == Shard(1, 1, 0)


def test_new_numbers_follow_those_that_were_given_out_or_promised() -> None:
    assert numbered_from(a_drop(100), 20) == range(100, 120)
    assert numbered_from(a_pool(10, reserved=50), 5) == range(50, 55)
    assert numbered_from(a_drop(0), NUMBERED_UNITS_MAX).stop == NUMBERED_UNITS_MAX


@pytest.mark.parametrize("plan", [a_drop(NUMBERED_UNITS_MAX), a_pool(5, NUMBERED_UNITS_MAX)])
def test_a_reward_is_never_given_more_numbers_than_an_honest_look_can_read(
    plan: StockPlan,
) -> None:
    with pytest.raises(StockFull) as refused:
        numbered_from(plan, 1)
    assert refused.value.facts == {"units_max": NUMBERED_UNITS_MAX}
    assert NUMBERED_UNITS_MAX == 100 * BLOCK_UNITS


def test_as_many_are_withdrawn_at_once_as_a_transaction_holds() -> None:
    refuse_many(WITHDRAWN_AT_ONCE_MAX)
    with pytest.raises(InvalidFields) as refused:
        refuse_many(WITHDRAWN_AT_ONCE_MAX + 1)
    for language, said in (("en", "at most 90"), ("zh-CN", "最多撤下 90")):
        errors = refused.value.told(language)["errors"]  # type: ignore[arg-type]
        assert isinstance(errors, list)
        assert errors[0]["pointer"] == "/units"  # type: ignore[index]
        assert said in errors[0]["detail"]  # type: ignore[index]


def test_buyers_past_the_end_reach_for_different_numbers() -> None:
    seen = {shuffled(range(10), dice=DICE)[0] for _ in range(300)}
    assert seen == set(range(10))
    assert sorted(shuffled(range(10), dice=DICE)) == list(range(10))


@pytest.mark.parametrize(
    ("made", "drawn", "hint"),
    [
        (100, 0, Hint.IN_STOCK),
        (100, 89, Hint.IN_STOCK),
        (100, 90, Hint.LOW),
        (100, 99, Hint.LOW),
        (100, 100, None),
        (5, 3, Hint.IN_STOCK),
        (5, 4, Hint.LOW),
        (1, 0, Hint.LOW),
        (0, 0, None),
        (5, 9, None),
    ],
)
def test_low_is_one_number_or_a_tenth_of_all_that_the_dispenser_has(
    made: int, drawn: int, hint: Hint | None
) -> None:
    assert hint_of(a_drop(made), drawn=drawn) is hint


def test_past_the_end_only_all_blocks_say_sold_out() -> None:
    plan = a_pool(2 * BLOCK_UNITS)
    empty, other = Block(0, {}), Block(1, {1000: ORDER})
    assert hint_past_the_end(plan, [empty, other]) is Hint.SOLD_OUT
    assert hint_past_the_end(plan, [empty]) is Hint.LOW
    assert hint_past_the_end(plan, [empty, Block(1, {1000: None})]) is Hint.LOW
    assert hint_past_the_end(a_pool(0), []) is Hint.SOLD_OUT


def test_a_number_that_is_refused_leaves_the_hand_for_the_next_on_offer() -> None:
    hand = Hand(ORDER, [3, 7], offers=[8, 9])
    hand.refuse(3)
    assert (hand.numbers, hand.offers, hand.vain) == ([7, 9], [8], 1)
    hand.refuse(7)
    hand.refuse(8)
    assert (hand.numbers, hand.offers, hand.vain) == ([9], [], 3)

"""Numbered units on the real engine: drawn, claimed, lost to others, returned, retired."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.catalog.stock.model import Mode
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.catalog.units import service as units
from chalicelib.catalog.units.model import Hand
from chalicelib.catalog.units.rules import BLOCK_UNITS, WITHDRAWN
from chalicelib.catalog.units.store import UnitItem
from chalicelib.kernel.errors import Contended
from tests.api.shelf import calls
from tests.drops import OURS, THEIRS, Bench, key_of, owner_of, there_is, upcoming


@pytest.fixture
def bench(table: str) -> Bench:  # noqa: ARG001 - the bench works on it
    return Bench()


def test_the_dispenser_hints_one_number_after_another_and_nothing_is_read(bench: Bench) -> None:
    plan = bench.drop(100)
    with calls() as made:
        assert bench.take(plan, 1) == [0]
    assert made == ["UpdateItem", "TransactWriteItems"]
    assert bench.take(plan, 3) == [1, 2, 3]
    assert {owner_of(number) for number in range(4)} == {OURS}


def test_a_number_that_others_own_is_lost_and_the_next_is_drawn(bench: Bench) -> None:
    plan = bench.drop(100, {0: THEIRS, 1: WITHDRAWN})
    assert bench.take(plan, 1) == [2]
    assert (owner_of(0), owner_of(1), owner_of(2)) == (THEIRS, WITHDRAWN, OURS)


def test_an_order_that_loses_one_number_keeps_the_others(bench: Bench) -> None:
    plan = bench.drop(100, {1: THEIRS})
    assert bench.take(plan, 3) == [0, 2, 3]
    assert upcoming() == 4
    assert owner_of(1) == THEIRS


def test_a_code_that_others_own_is_lost_too(bench: Bench) -> None:
    plan = bench.codes(3, 0, 1, 2)
    bench.take(plan, 1, Hand(THEIRS))
    assert bench.take(plan, 1, Hand(OURS, [0])) == [1]
    assert (owner_of(0), owner_of(1)) == (THEIRS, OURS)


def test_a_hole_among_the_codes_is_never_claimed(bench: Bench) -> None:
    plan = bench.codes(3, 2)
    assert bench.take(plan, 1) == [2]
    assert not there_is(0)
    assert not there_is(1)


def test_after_three_losses_an_order_looks_at_the_blocks(bench: Bench) -> None:
    plan = bench.codes(900, 700)
    with calls() as made:
        assert bench.take(plan, 1) == [700]
    assert made == ["UpdateItem", "TransactWriteItems"] * 3 + ["Query", "TransactWriteItems"]


def test_the_dispenser_never_runs_past_the_end(bench: Bench) -> None:
    plan = bench.drop(3)
    assert bench.take(plan, 2) == [0, 1]
    with pytest.raises(SoldOut) as refused:
        bench.take(plan, 2)
    assert refused.value.facts == {"left": 1}
    assert upcoming() == 2
    assert bench.take(plan, 1) == [2]
    with pytest.raises(SoldOut):
        bench.take(plan, 1)
    assert upcoming() == 3


def test_more_than_were_ever_made_is_not_even_asked_for(bench: Bench) -> None:
    plan = bench.drop(2)
    with calls() as made, pytest.raises(SoldOut) as refused:
        bench.take(plan, 3)
    assert refused.value.facts == {"left": 2}
    assert made == ["Query"]


def test_numbers_that_were_drawn_and_thrown_away_are_sold_past_the_end(bench: Bench) -> None:
    plan = bench.drop(20)
    bench.hints(20)
    sold = [number for _ in range(5) for number in bench.take(plan, 4)]
    assert sorted(sold) == list(range(20))


def test_past_the_end_every_block_is_looked_at_before_anybody_is_told_sold_out(
    bench: Bench,
) -> None:
    full = dict.fromkeys(range(BLOCK_UNITS), THEIRS)
    plan = bench.drop(BLOCK_UNITS + 2, full)
    bench.hints(BLOCK_UNITS + 2)
    assert sorted(bench.take(plan, 2)) == [BLOCK_UNITS, BLOCK_UNITS + 1]
    with calls() as made, pytest.raises(SoldOut):
        bench.take(plan, 1)
    assert made.count("Query") == 2


def test_who_loses_past_the_end_takes_another_of_the_numbers_seen(bench: Bench) -> None:
    plan = bench.drop(4, {0: THEIRS, 1: THEIRS, 2: THEIRS})
    hand = Hand(OURS, [0], offers=[3, 2, 1], is_past_end=True)
    with calls() as made:
        assert bench.take(plan, 1, hand) == [3]
    assert made == ["TransactWriteItems"] * 4
    assert (owner_of(0), owner_of(3)) == (THEIRS, OURS)


def test_a_process_that_found_nothing_says_so_for_two_seconds_without_a_call(
    bench: Bench,
) -> None:
    plan = bench.drop(1, {0: THEIRS})
    for _ in range(2):
        with pytest.raises(SoldOut):
            bench.take(plan, 1)
    UnitItem(*key_of(0)).save()
    bench.seconds += 2.0
    with calls() as made, pytest.raises(SoldOut) as refused:
        bench.take(plan, 1)
    assert refused.value.facts == {"left": 0}
    assert made == []
    bench.seconds += 0.001
    assert bench.take(plan, 1) == [0]


def test_what_a_process_found_gone_is_looked_for_again_when_units_were_added_or_came_back(
    bench: Bench,
) -> None:
    plan = bench.drop(1)
    bench.take(plan, 1)
    with pytest.raises(SoldOut):
        bench.take(plan, 1)
    assert bench.take(replace(plan, made=2), 1) == [1]
    bench.give_back(plan, 0)
    assert bench.take(plan, 1) == [0]


def test_too_few_for_one_order_are_not_remembered_as_gone(bench: Bench) -> None:
    plan = bench.drop(1)
    with pytest.raises(SoldOut):
        bench.take(plan, 2)
    assert bench.take(plan, 1) == [0]


def test_a_dispenser_is_moved_to_the_end_once_nothing_is_free(bench: Bench) -> None:
    plan = bench.drop(90)
    bench.withdraw(plan, 90)
    with pytest.raises(SoldOut):
        bench.take(plan, 1)
    assert upcoming() == 90


def test_a_process_that_knows_of_fewer_numbers_never_moves_the_dispenser_back(
    bench: Bench,
) -> None:
    plan = bench.drop(2, {0: THEIRS, 1: THEIRS})
    bench.hints(7)
    with pytest.raises(SoldOut):
        bench.take(plan, 1)
    assert upcoming() == 7


@pytest.mark.parametrize("mode", [Mode.NUMBERED, Mode.CODED])
def test_what_an_order_gives_back_is_sold_again(bench: Bench, mode: Mode) -> None:
    plan = bench.drop(2) if mode is Mode.NUMBERED else bench.codes(2, 0, 1)
    bench.take(plan, 2, Hand(THEIRS))
    bench.give_back(plan, 1, owner=THEIRS)
    assert bench.take(plan, 1) == [1]
    assert (owner_of(0), owner_of(1)) == (THEIRS, OURS)


def test_only_its_owner_gives_a_unit_back(bench: Bench) -> None:
    plan = bench.drop(2, {0: THEIRS, 1: WITHDRAWN})
    for number in (0, 1):
        with pytest.raises(Contended):
            bench.give_back(plan, number)
    assert (owner_of(0), owner_of(1)) == (THEIRS, WITHDRAWN)


def test_a_unit_that_was_never_sold_is_not_given_back(bench: Bench) -> None:
    plan = bench.drop(2)
    with pytest.raises(Contended):
        bench.give_back(plan, 0)
    assert not there_is(0)


def test_a_unit_that_is_retired_is_never_sold_again(bench: Bench) -> None:
    plan = bench.codes(1, 0)
    bench.take(plan, 1)
    bench.retire(plan, 0)
    assert owner_of(0) == WITHDRAWN
    with pytest.raises(SoldOut):
        bench.take(plan, 1)
    left = units.left(bench.work, plan)
    assert (left.made, left.free, left.taken, left.withdrawn) == (1, 0, 0, 1)


def test_only_its_owner_retires_a_unit(bench: Bench) -> None:
    plan = bench.codes(1, 0)
    bench.take(plan, 1, Hand(THEIRS))
    with pytest.raises(Contended):
        bench.retire(plan, 0)
    assert owner_of(0) == THEIRS

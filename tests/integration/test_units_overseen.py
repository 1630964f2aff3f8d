"""Numbered units as operators, quotes and the shelf see them: withdrawn, imported, counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.catalog.stock.model import Hint, Mode, StockPlan
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.catalog.units import service as units
from chalicelib.catalog.units.model import Hand
from chalicelib.catalog.units.rules import BLOCK_UNITS, WITHDRAWN
from chalicelib.catalog.units.store import DispenserItem
from chalicelib.kernel.errors import Contended
from chalicelib.storage.transaction import persist
from tests.api.shelf import calls
from tests.builders import REWARD_ID
from tests.drops import THEIRS, Bench, owner_of, there_is, upcoming


@pytest.fixture
def bench(table: str) -> Bench:  # noqa: ARG001 - the bench works on it
    return Bench()


def test_the_highest_free_numbers_are_withdrawn_first(bench: Bench) -> None:
    plan = bench.drop(6, {4: THEIRS})
    bench.withdraw(plan, 2)
    assert (owner_of(5), owner_of(4), owner_of(3)) == (WITHDRAWN, THEIRS, WITHDRAWN)
    assert bench.take(plan, 3) == [0, 1, 2]


def test_no_more_is_withdrawn_than_is_free(bench: Bench) -> None:
    plan = bench.drop(3, {1: THEIRS})
    with pytest.raises(SoldOut) as refused:
        bench.withdraw(plan, 3)
    assert refused.value.facts == {"left": 2}
    assert not there_is(0)


def test_a_unit_that_was_sold_since_it_was_seen_is_not_withdrawn(bench: Bench) -> None:
    plan = bench.drop(2, {0: THEIRS})
    hand = Hand(WITHDRAWN, [0], offers=[1])
    assert bench.take(plan, 1, hand) == [1]
    assert (owner_of(0), owner_of(1)) == (THEIRS, WITHDRAWN)


def put_codes(bench: Bench, *codes: tuple[int, bytes]) -> None:
    persist(bench.work, lambda tx: units.put_codes(tx, REWARD_ID, codes=codes))


def test_codes_are_put_where_no_unit_is_and_read_by_number(bench: Bench) -> None:
    put_codes(bench, (0, b"a"), (1, b"b"))
    assert units.codes_of(bench.work, REWARD_ID, numbers=[1, 0, 7]) == {0: b"a", 1: b"b"}
    with pytest.raises(Contended):
        put_codes(bench, (2, b"c"), (1, b"other"))
    assert units.codes_of(bench.work, REWARD_ID, numbers=[1, 2]) == {1: b"b"}


def test_made_is_free_and_taken_and_withdrawn_in_every_block(bench: Bench) -> None:
    plan = bench.drop(BLOCK_UNITS + 5, {0: THEIRS, 1: WITHDRAWN, BLOCK_UNITS: THEIRS})
    left = units.left(bench.work, plan)
    assert (left.made, left.free, left.taken, left.withdrawn) == (1005, 1002, 2, 1)
    assert [left.shards[block].made for block in (0, 1)] == [1000, 5]


def test_of_codes_only_those_that_exist_and_may_be_sold_are_made(bench: Bench) -> None:
    plan = bench.codes(5, 0, 2, 3, 7)
    bench.take(plan, 1)
    left = units.left(bench.work, plan)
    assert (left.made, left.free, left.taken, left.withdrawn) == (3, 2, 1, 0)


def test_a_quote_counts_what_is_free_and_draws_nothing(bench: Bench) -> None:
    plan = bench.drop(4)
    assert units.free_at_least(bench.work, plan, quantity=4) >= 4
    assert units.free_at_least(bench.work, plan, quantity=5) == 4
    bench.take(plan, 3)
    with calls() as made:
        assert units.free_at_least(bench.work, plan, quantity=1) == 1
    assert made == ["BatchGetItem", "BatchGetItem"]
    assert upcoming() == 3


def test_a_quote_looks_at_the_blocks_when_what_would_be_hinted_is_gone(bench: Bench) -> None:
    plan = bench.drop(4, {0: THEIRS, 1: WITHDRAWN})
    assert units.free_at_least(bench.work, plan, quantity=1) == 2
    assert units.free_at_least(bench.work, bench.codes(4, 3), quantity=1) == 1


def hint(bench: Bench, plan: StockPlan) -> Hint:
    return units.hints(bench.work, [plan])[REWARD_ID]


def test_a_hint_is_the_dispensers_until_it_is_past_the_end(bench: Bench) -> None:
    plan = bench.drop(100)
    assert hint(bench, plan) is Hint.IN_STOCK
    bench.hints(90)
    assert hint(bench, plan) is Hint.IN_STOCK
    bench.seconds += 5.001
    with calls() as made:
        assert hint(bench, plan) is Hint.LOW
    assert made == ["BatchGetItem"]


def test_past_the_end_a_hint_looks_for_what_is_free(bench: Bench) -> None:
    plan = bench.drop(2, {0: THEIRS})
    bench.hints(2)
    assert hint(bench, plan) is Hint.LOW
    bench.take(plan, 1)
    bench.seconds += 5.001
    assert hint(bench, plan) is Hint.SOLD_OUT
    assert hint(bench, replace(bench.codes(0), made=0)) is Hint.SOLD_OUT


def test_a_hint_by_four_of_more_blocks_never_says_sold_out(bench: Bench) -> None:
    plan = bench.drop(4 * BLOCK_UNITS + 1)
    bench.hints(plan.made)
    with calls() as made:
        assert hint(bench, plan) is Hint.LOW
    assert made == ["BatchGetItem"] + ["Query"] * 4


def test_a_hint_says_sold_out_while_orders_of_this_process_are_told_so(bench: Bench) -> None:
    plan = bench.drop(90)
    assert hint(bench, plan) is Hint.IN_STOCK
    bench.withdraw(plan, 90)
    with pytest.raises(SoldOut):
        bench.take(plan, 1)
    assert hint(bench, plan) is Hint.SOLD_OUT


def test_a_page_of_drops_past_the_end_looks_at_the_blocks_of_twenty(bench: Bench) -> None:
    plans = [StockPlan(f"rwd_{n:011d}", Mode.CODED) for n in range(25)]
    plans = [replace(plan, made=1) for plan in plans]
    for plan in plans:
        DispenserItem(plan.reward_id, "N", upcoming=1).save()
    with calls() as made:
        told = units.hints(bench.work, plans)
    assert made.count("Query") == 20
    assert list(told.values()).count(Hint.LOW) == 5
    assert set(units.hints(bench.work, plans).values()) == {Hint.SOLD_OUT}

"""Taking units and counting limits on the real engine: hoped for, known, and lost to others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import pytest

from chalicelib.catalog.limits import service as limits
from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.limits.service import LimitShort
from chalicelib.catalog.limits.store import CounterItem
from chalicelib.catalog.rewards.model import Limit, Per
from chalicelib.catalog.stock import service as stock
from chalicelib.catalog.stock.model import Hint, Left, StockPlan, Taken
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.catalog.stock.service import ShardShort
from chalicelib.catalog.stock.store import ShardItem
from chalicelib.kernel.errors import Contended, LimitReached
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work
from tests.api.shelf import calls
from tests.builders import MEMBER_ID, NOW, REWARD_ID, TODAY, a_plan, a_reward, what_is_left
from tests.drops import take
from tests.meter import metered

ONCE_A_DAY: Final = Limit(Per.DAY, 3)
ONCE_EVER: Final = Limit(Per.EVER, 5)


@dataclass
class Bench:
    """A process whose monotonic clock the test moves, and a reward's shards in a fresh table."""

    seconds: float = 0.0
    work: Work = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self.work = Work(NOW, elapsed=lambda: self.seconds)

    def holds(self, *free: int) -> StockPlan:
        """Put shards with so many units into the table."""
        for number, units in enumerate(free):
            ShardItem(f"{REWARD_ID}#{number}", "S", made=100, free=units).save()
        return a_plan(shards=len(free))

    def free(self, plan: StockPlan) -> list[int]:
        """Return the free units of each shard as they are stored."""
        keys = ((f"{REWARD_ID}#{number}", "S") for number in range(plan.shards))
        return [ShardItem.get(*key, consistent_read=True).free for key in keys]

    def take(self, plan: StockPlan, quantity: int, left: Left | None = None) -> Taken:
        """Take units in a transaction of their own."""
        return persist(self.work, lambda tx: take(tx, plan, quantity=quantity, left=left))


@pytest.fixture
def bench(table: str) -> Bench:  # noqa: ARG001 - the bench works on it
    return Bench()


def test_an_order_hopes_for_one_shard_and_reads_nothing(bench: Bench) -> None:
    plan = bench.holds(5)
    with calls() as made:
        bench.take(plan, 5)
    assert made == ["TransactWriteItems"]
    assert bench.free(plan) == [0]


def test_a_shard_that_is_short_is_reported_and_left_as_it_is(bench: Bench) -> None:
    plan = bench.holds(4)
    with pytest.raises(ShardShort):
        bench.take(plan, 5)
    assert bench.free(plan) == [4]


def test_a_shard_that_was_never_written_is_short(bench: Bench) -> None:
    with pytest.raises(ShardShort):
        bench.take(a_plan(shards=1), 1)


def test_what_is_known_is_taken_from_where_it_is(bench: Bench) -> None:
    plan = bench.holds(1, 0, 4)
    bench.take(plan, 3, stock.read(bench.work, plan))
    assert bench.free(plan) == [1, 0, 1]
    bench.take(plan, 2, stock.read(bench.work, plan))
    assert bench.free(plan) == [0, 0, 0]


def test_with_stock_left_a_lost_race_ends_on_another_shard(bench: Bench) -> None:
    plan = bench.holds(0, 0, 3)
    bench.take(plan, 3, what_is_left(3, 3, 3))
    assert bench.free(plan) == [0, 0, 0]


def test_who_loses_every_race_is_told_how_many_are_left(bench: Bench) -> None:
    plan = bench.holds(0, 1, 1)
    with pytest.raises(SoldOut) as refused:
        bench.take(plan, 3, what_is_left(2, 2, 2))
    assert refused.value.facts == {"left": 2}
    assert bench.free(plan) == [0, 1, 1]


def test_what_is_known_wrongly_is_never_taken(bench: Bench) -> None:
    plan = bench.holds(2)
    with pytest.raises(SoldOut):
        bench.take(plan, 3, what_is_left(9))
    assert bench.free(plan) == [2]


def test_what_an_order_took_comes_back_to_the_very_shards(bench: Bench) -> None:
    plan = bench.holds(1, 0, 4)
    taken = bench.take(plan, 5, stock.read(bench.work, plan))
    assert taken == {0: 1, 2: 4}
    persist(bench.work, lambda tx: stock.give_back(tx, plan, taken={0: 1, 2: 3}))
    assert bench.free(plan) == [1, 0, 3]
    assert bench.take(plan, 4, stock.read(bench.work, plan)) == {0: 1, 2: 3}


def test_no_more_comes_back_to_a_shard_than_was_taken_from_it(bench: Bench) -> None:
    plan = bench.holds(5, 5)
    bench.take(plan, 3, what_is_left(5, 0))
    persist(bench.work, lambda tx: stock.give_back(tx, plan, taken={0: 1}))
    for taken in ({0: 3}, {1: 1}, {0: 2, 1: 1}, {7: 1}):
        with pytest.raises(Contended):
            persist(bench.work, lambda tx: stock.give_back(tx, plan, taken=taken))  # noqa: B023
    assert bench.free(plan) == [3, 5]


def withdraw(bench: Bench, plan: StockPlan, units: int, left: Left) -> None:
    persist(bench.work, lambda tx: stock.withdraw(tx, plan, units=units, left=left))


def test_withdrawn_units_leave_the_fullest_shards_and_are_never_sold(bench: Bench) -> None:
    plan = bench.holds(2, 5)
    withdraw(bench, plan, 6, stock.read(bench.work, plan))
    left = stock.read(bench.work, plan)
    assert (left.made, left.withdrawn, left.taken, bench.free(plan)) == (200, 6, 193, [1, 0])
    with pytest.raises(SoldOut):
        bench.take(plan, 2, left)


def test_no_unit_is_withdrawn_that_is_not_free(bench: Bench) -> None:
    plan = bench.holds(2, 1)
    with pytest.raises(SoldOut) as refused:
        withdraw(bench, plan, 4, what_is_left(9, 9))
    assert refused.value.facts == {"left": 3}
    assert bench.free(plan) == [2, 1]
    withdraw(bench, plan, 3, what_is_left(3, 1))
    assert bench.free(plan) == [0, 0]


def test_a_process_that_saw_an_empty_shelf_sends_the_next_order_to_read_for_two_seconds(
    bench: Bench,
) -> None:
    plan = bench.holds(0, 0)
    stock.read(bench.work, plan)
    bench.seconds += 2.0
    with calls() as made, pytest.raises(ShardShort):
        bench.take(plan, 1)
    assert made == []
    bench.seconds += 0.001
    with calls() as made, pytest.raises(ShardShort):
        bench.take(plan, 1)
    assert made == ["TransactWriteItems"]


def test_a_process_hopes_where_it_last_saw_units(bench: Bench) -> None:
    plan = bench.holds(0, 0, 0, 0, 0, 0, 0, 9)
    stock.read(bench.work, plan)
    for _ in range(9):
        bench.take(plan, 1)
    assert bench.free(plan)[-1] == 0


def test_a_hint_is_read_once_in_five_seconds(bench: Bench) -> None:
    plan = bench.holds(100)
    assert stock.hints(bench.work, [plan]) == {REWARD_ID: Hint.IN_STOCK}
    bench.holds(0)
    bench.seconds += 5.0
    with calls() as made:
        assert stock.hints(bench.work, [plan]) == {REWARD_ID: Hint.IN_STOCK}
    assert made == []
    bench.seconds += 0.001
    assert stock.hints(bench.work, [plan]) == {REWARD_ID: Hint.SOLD_OUT}


def test_a_hint_at_many_shards_reads_four_and_never_says_sold_out_by_them(bench: Bench) -> None:
    plan = bench.holds(*[0] * 63, 1)
    with metered() as meter:
        assert stock.hints(bench.work, [plan]) == {REWARD_ID: Hint.LOW}
    assert meter.reads == 4


def test_what_a_hint_saw_of_many_shards_steers_no_order(bench: Bench) -> None:
    plan = bench.holds(0, 0, 0, 0, 0)
    stock.hints(bench.work, [plan])
    with calls() as made, pytest.raises(ShardShort):
        bench.take(plan, 1)
    assert made == ["TransactWriteItems"]


def test_a_hint_says_sold_out_after_an_order_has_read_all_shards(bench: Bench) -> None:
    plan = bench.holds(0, 0, 0, 0, 0)
    assert stock.hints(bench.work, [plan]) == {REWARD_ID: Hint.LOW}
    stock.read(bench.work, plan)
    assert stock.hints(bench.work, [plan]) == {REWARD_ID: Hint.SOLD_OUT}


def counters(*given: Limit) -> tuple[Counter, ...]:
    reward = a_reward(limits=given)
    return limits.counters(MEMBER_ID, reward, today=TODAY, zone="Asia/Shanghai")


def used(bench: Bench, *given: Limit) -> list[int | None]:
    return [counter.used for counter in limits.read(bench.work, counters(*given))]


def counting(known: tuple[Counter, ...], quantity: int) -> Callable[[Transaction], None]:
    return lambda tx: limits.take(tx, known, quantity=quantity)


def test_units_count_in_every_period_without_a_read(bench: Bench) -> None:
    unread = counters(ONCE_A_DAY, ONCE_EVER)
    with calls() as made:
        persist(bench.work, counting(unread, 2))
    assert made == ["TransactWriteItems"]
    assert used(bench, ONCE_A_DAY, ONCE_EVER) == [2, 2]


def test_the_last_unit_counts_and_one_more_is_short_and_counts_nowhere(bench: Bench) -> None:
    unread = counters(ONCE_A_DAY, ONCE_EVER)
    persist(bench.work, counting(unread, 2))
    persist(bench.work, counting(unread, 1))
    with pytest.raises(LimitShort):
        persist(bench.work, counting(unread, 1))
    assert used(bench, ONCE_A_DAY, ONCE_EVER) == [3, 3]


def test_more_units_than_a_fresh_limit_allows_are_short(bench: Bench) -> None:
    persist(bench.work, counting(counters(ONCE_EVER), 5))
    with pytest.raises(LimitShort):
        persist(bench.work, counting(counters(ONCE_A_DAY), 4))
    assert used(bench, ONCE_A_DAY) == [0]


def test_a_counter_that_was_read_is_refused_at_once(bench: Bench) -> None:
    read = limits.read(bench.work, counters(ONCE_A_DAY))
    with calls() as made, pytest.raises(LimitReached):
        persist(bench.work, counting(read, 4))
    assert made == []


def test_who_loses_the_last_unit_of_a_limit_to_another_order_is_told_what_is_used(
    bench: Bench,
) -> None:
    unread = counters(ONCE_A_DAY)
    stale = tuple(replace(counter, used=0) for counter in unread)
    persist(bench.work, counting(unread, 2))
    with pytest.raises(LimitReached) as refused:
        persist(bench.work, counting(stale, 2))
    assert refused.value.facts["used"] == 2
    persist(bench.work, counting(stale, 1))
    assert used(bench, ONCE_A_DAY) == [3]


def test_a_limit_that_was_lowered_below_what_is_used_allows_nothing_more(bench: Bench) -> None:
    CounterItem(*counters(ONCE_EVER)[0].key, units=4).save()
    lowered = counters(replace(ONCE_EVER, units=2))
    with pytest.raises(LimitShort):
        persist(bench.work, counting(lowered, 1))


def returning(periods: Sequence[str], quantity: int) -> Callable[[Transaction], None]:
    told = partial(limits.give_back, reward_id=REWARD_ID, periods=periods, quantity=quantity)
    return lambda tx: told(tx, MEMBER_ID)


def test_units_of_a_cancelled_order_count_no_longer_in_the_periods_that_it_kept(
    bench: Bench,
) -> None:
    unread = counters(ONCE_A_DAY, ONCE_EVER)
    persist(bench.work, counting(unread, 2))
    persist(bench.work, counting(counters(ONCE_EVER), 1))
    persist(bench.work, returning(limits.periods_of(unread), 2))
    assert used(bench, ONCE_A_DAY, ONCE_EVER) == [0, 1]


def test_no_more_units_stop_counting_than_were_counted(bench: Bench) -> None:
    persist(bench.work, counting(counters(ONCE_A_DAY, ONCE_EVER), 1))
    persist(bench.work, counting(counters(ONCE_EVER), 1))
    for periods in (["d261121", "e"], ["d261122"]):
        with pytest.raises(Contended):
            persist(bench.work, returning(periods, 2))
    assert used(bench, ONCE_A_DAY, ONCE_EVER) == [1, 2]

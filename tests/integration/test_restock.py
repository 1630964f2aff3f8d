"""More units may need more shards or numbers; whoever adds at the same time overlooks none."""

from __future__ import annotations

import pytest

from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.rewards.model import Reward
from chalicelib.catalog.stock import service as stock
from chalicelib.catalog.stock.model import Mode, StockPlan
from chalicelib.catalog.stock.rules import StockFull
from chalicelib.catalog.supply import service as supply
from chalicelib.catalog.units.rules import NUMBERED_UNITS_MAX
from chalicelib.kernel.errors import Contended
from chalicelib.storage.head import Head, read_head
from chalicelib.storage.receipts import Receipt
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work
from tests.builders import NOW, REWARD_ID, a_plan, a_reward

WORK = Work(NOW)


def add(read: Reward, head: Head, units: int) -> None:
    """Add units as a process does that has read this much."""

    def attempt(tx: Transaction) -> None:
        reward = rewards.latest(tx, read)
        plan = supply.add(tx, reward.stock, units=units)
        rewards.grow(tx, head, reward=reward, shards=plan.shards, made=plan.made)

    persist(WORK, attempt)


@pytest.mark.usefixtures("table")
def test_a_process_that_has_read_fewer_shards_does_not_hide_those_of_another() -> None:
    wanted = a_reward(stock=a_plan(shards=0, units=1, peak=64))
    read = rewards.create(WORK, wanted, by="op", fingerprint=b"f").reward
    head = read_head(WORK)
    assert read.stock.shards == 1
    add(read, head, 12)
    add(read, head, 6)
    after = rewards.present(WORK, REWARD_ID)
    assert after.stock.shards == 12
    assert stock.read(WORK, after.stock).free == 1 + 12 + 6


@pytest.mark.usefixtures("table")
def test_a_process_sees_new_shards_with_its_next_request() -> None:
    wanted = a_reward(stock=a_plan(shards=0, units=1, peak=64))
    read = rewards.create(WORK, wanted, by="op", fingerprint=b"f").reward
    before = read_head(WORK)
    add(read, before, 12)
    assert read_head(WORK).version("catalog") == before.version("catalog") + 1
    add(rewards.present(WORK, REWARD_ID), read_head(WORK), 3)
    assert read_head(WORK).version("catalog") == before.version("catalog") + 1


def listed(plan: StockPlan) -> Reward:
    """Put a reward on the shelf, and return it as it is read."""
    rewards.create(WORK, a_reward(stock=plan), by="op", fingerprint=b"f")
    return rewards.present(WORK, REWARD_ID)


@pytest.mark.usefixtures("table")
def test_a_process_that_has_read_fewer_numbers_gives_out_none_twice() -> None:
    read = listed(StockPlan(REWARD_ID, Mode.NUMBERED, 10))
    head = read_head(WORK)
    add(read, head, 5)
    add(read, head, 2)
    after = rewards.present(WORK, REWARD_ID)
    assert (read.stock.made, after.stock.made) == (10, 17)
    assert supply.left(WORK, after.stock).free == 17
    assert read_head(WORK).version("catalog") == head.version("catalog") + 2


def reserved(read: Reward, numbers: int) -> int:
    """Have numbers promised as an import does that has read this much."""
    return persist(WORK, lambda tx: rewards.reserve(tx, rewards.latest(tx, read), numbers=numbers))


@pytest.mark.usefixtures("table")
def test_numbers_are_promised_to_one_import_alone_and_none_is_for_sale_yet() -> None:
    read = listed(StockPlan(REWARD_ID, Mode.CODED))
    head = read_head(WORK)
    assert [reserved(read, 5), reserved(read, 3), reserved(read, 1)] == [0, 5, 8]
    assert read_head(WORK) == head
    [again] = rewards.page(WORK, limit=1, after=None).items
    assert (again.stock.reserved, again.stock.made) == (9, 0)


@pytest.mark.usefixtures("table")
def test_no_more_numbers_are_promised_than_a_reward_may_have() -> None:
    read = listed(StockPlan(REWARD_ID, Mode.CODED))
    assert reserved(read, NUMBERED_UNITS_MAX) == 0
    with pytest.raises(StockFull):
        reserved(read, 1)


@pytest.mark.usefixtures("table")
def test_promised_numbers_that_are_for_sale_are_never_fewer_again() -> None:
    read = listed(StockPlan(REWARD_ID, Mode.CODED))
    head = read_head(WORK)
    reserved(read, 8)

    def grow(made: int) -> None:
        persist(WORK, lambda tx: sold_from(tx, made))

    def sold_from(tx: Transaction, made: int) -> None:
        rewards.grow(tx, head, reward=rewards.latest(tx, read), made=made)
        tx.put(Receipt("test", f"R#{made}", fingerprint=b"f"), otherwise=lambda _: Contended())

    grow(5)
    grow(8)
    grow(3)
    assert rewards.present(WORK, REWARD_ID).stock.made == 8

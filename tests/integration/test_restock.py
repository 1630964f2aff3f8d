"""More units may need more shards; whoever adds units at the same time overlooks none of them."""

from __future__ import annotations

import pytest

from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.rewards.model import Reward
from chalicelib.catalog.stock import service as stock
from chalicelib.storage.head import Head, read_head
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work
from tests.builders import NOW, REWARD_ID, a_plan, a_reward

WORK = Work(NOW)


def add(read: Reward, head: Head, units: int) -> None:
    """Add units as a process does that has read this much."""

    def attempt(tx: Transaction) -> None:
        reward = rewards.latest(tx, read)
        plan = stock.add(tx, reward.stock, units=units)
        rewards.grow(tx, head, reward=reward, shards=plan.shards)

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

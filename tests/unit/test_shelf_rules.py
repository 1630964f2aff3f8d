"""Until when a page of the shelf holds, and what is locked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.catalog.limits.rules import counters_of
from chalicelib.catalog.rewards.model import (
    NOTHING,
    Audience,
    Lacks,
    Limit,
    Per,
    Standing,
    Taker,
    Window,
)
from chalicelib.catalog.shelf.rules import locks_of, seconds_to_keep, turns_at
from tests.builders import MEMBER_ID, NOW, TODAY, a_reward


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(0.001, 0), (0.999, 0), (1, 1), (4.9, 4), (5, 5), (5.1, 5), (9000, 5)]
)
def test_a_page_is_kept_for_five_seconds_and_never_past_the_next_turn(
    ahead: float, seconds: int
) -> None:
    assert seconds_to_keep(NOW + timedelta(seconds=ahead), NOW) == seconds
    assert seconds_to_keep(None, NOW) == 5


def test_the_soonest_turn_of_all_that_was_looked_at_counts() -> None:
    soon, later = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    shelf = [
        a_reward(),
        a_reward(shown=Window(opens=later)),
        a_reward(redeemable=Window(NOW, soon)),
    ]
    assert turns_at(shelf, NOW) == soon
    assert turns_at([], NOW) is None


def test_a_member_is_told_everything_that_stands_between_them_and_the_reward() -> None:
    reward = a_reward(300, audience=Audience(Standing.GOLD), limits=(Limit(Per.DAY, 2),))
    read = [
        replace(c, used=2)
        for c in counters_of(MEMBER_ID, reward, today=TODAY, zone="Asia/Shanghai")
    ]
    locks = locks_of(reward, Taker(), counters=read, points=299)
    assert (locks.lacks, locks.limit, locks.missing_points) == (
        Lacks(Standing.GOLD),
        read[0],
        1,
    )


def test_nothing_is_locked_for_who_may_redeem() -> None:
    locks = locks_of(a_reward(300), Taker(), counters=(), points=300)
    assert (locks.lacks, locks.limit, locks.missing_points) == (NOTHING, None, 0)

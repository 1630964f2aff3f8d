"""Periods of limits in the program's zone, and when a limit is reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

import pytest

from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.limits.rules import (
    counters_of,
    key_of,
    period_of,
    reached,
    refuse,
)
from chalicelib.catalog.rewards.model import Limit, Per
from chalicelib.kernel.errors import LimitReached
from tests.builders import MEMBER_ID, REWARD_ID, TODAY, a_reward

ZONE: Final = "Asia/Shanghai"
ALL: Final = tuple(Limit(per, 2) for per in Per)


def counters(*used: int) -> list[Counter]:
    """Return the counters of a day, a week, a month and ever, two units each."""
    unread = counters_of(MEMBER_ID, a_reward(limits=ALL), today=TODAY, zone=ZONE)
    return [replace(c, used=units) for c, units in zip(unread, used, strict=True)]


@pytest.mark.parametrize(
    ("per", "today", "name", "last_day"),
    [
        (Per.DAY, date(2026, 11, 21), "d261121", date(2026, 11, 21)),
        (Per.DAY, date(2026, 12, 31), "d261231", date(2026, 12, 31)),
        (Per.WEEK, date(2026, 11, 21), "w261116", date(2026, 11, 22)),
        (Per.WEEK, date(2026, 11, 22), "w261116", date(2026, 11, 22)),
        (Per.WEEK, date(2026, 11, 23), "w261123", date(2026, 11, 29)),
        (Per.WEEK, date(2027, 1, 1), "w261228", date(2027, 1, 3)),
        (Per.MONTH, date(2026, 11, 30), "m2611", date(2026, 11, 30)),
        (Per.MONTH, date(2026, 12, 1), "m2612", date(2026, 12, 31)),
        (Per.EVER, date(2026, 11, 21), "e", None),
    ],
)
def test_a_period_has_a_name_and_a_last_day(
    per: Per, today: date, name: str, last_day: date | None
) -> None:
    assert period_of(per, today) == (name, last_day)


def test_there_is_one_counter_for_each_limit_in_the_members_partition() -> None:
    unread = counters_of(MEMBER_ID, a_reward(limits=ALL), today=TODAY, zone=ZONE)
    assert [c.key for c in unread] == [
        (MEMBER_ID, f"L#{REWARD_ID}#{name}") for name in ("d261121", "w261116", "m2611", "e")
    ]
    assert {c.used for c in unread} == {None}
    assert counters_of(MEMBER_ID, a_reward(), today=TODAY, zone=ZONE) == ()


def test_a_limit_resets_at_midnight_of_the_programs_zone() -> None:
    unread = counters_of(MEMBER_ID, a_reward(limits=ALL), today=TODAY, zone=ZONE)
    assert [c.resets_at for c in unread] == [
        datetime(2026, 11, 21, 16, tzinfo=UTC),
        datetime(2026, 11, 22, 16, tzinfo=UTC),
        datetime(2026, 11, 30, 16, tzinfo=UTC),
        None,
    ]


def test_the_last_unit_is_allowed_and_one_more_is_refused() -> None:
    refuse(counters(1, 1, 1, 1), 1)
    with pytest.raises(LimitReached):
        refuse(counters(1, 1, 1, 1), 2)
    with pytest.raises(LimitReached):
        refuse(counters(2, 0, 0, 0), 1)


def test_a_refusal_says_which_limit_how_much_is_used_and_when_it_resets() -> None:
    with pytest.raises(LimitReached) as refused:
        refuse(counters(2, 2, 1, 1), 1)
    assert refused.value.facts == {
        "limit": 2,
        "per": "week",
        "used": 2,
        "resets_at": "2026-11-22T16:00:00Z",
    }
    with pytest.raises(LimitReached) as refused:
        refuse(counters(2, 2, 2, 2), 1)
    assert (refused.value.facts["per"], refused.value.facts["resets_at"]) == ("ever", None)


def test_a_counter_that_nobody_read_stands_against_nothing() -> None:
    unread = counters_of(MEMBER_ID, a_reward(limits=ALL), today=TODAY, zone=ZONE)
    assert reached(unread, 3) is None
    refuse(unread, 3)


def test_an_order_keeps_the_names_of_the_periods_that_it_counts_in() -> None:
    unread = counters_of(MEMBER_ID, a_reward(limits=ALL), today=TODAY, zone=ZONE)
    periods = [counter.period for counter in unread]
    assert periods == ["d261121", "w261116", "m2611", "e"]
    assert [key_of(MEMBER_ID, REWARD_ID, period=name) for name in periods] == [
        counter.key for counter in unread
    ]

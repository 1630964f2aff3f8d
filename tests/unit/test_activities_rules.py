"""The rules of check-ins and tasks, at each edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from chalicelib.kernel.clock import day_of, end_of
from chalicelib.kernel.errors import LimitReached, NotFound
from chalicelib.kernel.sentences import Sentence
from chalicelib.program.documents.model import (
    Activities,
    CheckIn,
    Program,
    Referral,
    StreakBonus,
)
from chalicelib.tiers.activities.model import Counter, NextBonus, Progress, Streak
from chalicelib.tiers.activities.rules import (
    AlreadyCheckedIn,
    as_meant,
    bonus_of,
    checked_in,
    explain_check_in,
    explain_task,
    next_bonus,
    progress,
    refuse_used_up,
    task_counter,
    total,
)
from tests.builders import MEMBER_ID, NOW, TODAY

SHANGHAI: Final = "Asia/Shanghai"
BERLIN: Final = "Europe/Berlin"
ONE_DAY: Final = timedelta(days=1)
YESTERDAY: Final = TODAY - ONE_DAY
RULE: Final = CheckIn()
LEAP_DAY: Final = date(2028, 2, 29)


def test_the_first_check_in_begins_a_streak() -> None:
    assert checked_in(None, TODAY, zone=SHANGHAI) == Streak(TODAY, days=1, longest=1)


def test_the_day_after_goes_on_and_a_missed_day_begins_anew() -> None:
    before = Streak(YESTERDAY, days=6, longest=6)
    assert checked_in(before, TODAY, zone=SHANGHAI) == Streak(TODAY, 7, 7)
    missed = replace(before, last_on=YESTERDAY - ONE_DAY)
    assert checked_in(missed, TODAY, zone=SHANGHAI) == Streak(TODAY, 1, 6)
    assert checked_in(replace(before, longest=30), TODAY, zone=SHANGHAI) == Streak(TODAY, 7, 30)


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_day_counts_once_also_where_another_machine_was_past_midnight(ahead: int) -> None:
    last_on = TODAY + ahead * ONE_DAY
    with pytest.raises(AlreadyCheckedIn) as refused:
        checked_in(Streak(last_on, 1, 1), TODAY, zone=SHANGHAI)
    assert refused.value.facts == {
        "resets_at": f"2026-11-2{1 + ahead}T16:00:00Z",
        "next_day": f"2026-11-2{2 + ahead}",
    }


def test_leap_day_is_a_day_like_any_other() -> None:
    streak = checked_in(Streak(LEAP_DAY - ONE_DAY, 1, 1), LEAP_DAY, zone=SHANGHAI)
    assert checked_in(streak, date(2028, 3, 1), zone=SHANGHAI).days == 3
    assert checked_in(Streak(LEAP_DAY - ONE_DAY, 1, 1), date(2028, 3, 1), zone=SHANGHAI).days == 1


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2027, 6, 1), 24)]
)
def test_a_day_whose_clocks_change_has_its_own_length_and_is_one_day(day: date, hours: int) -> None:
    ends, begins = end_of(day, BERLIN), end_of(day - ONE_DAY, BERLIN)
    assert ends - begins == timedelta(hours=hours)
    last = ends - timedelta(microseconds=1)
    assert (day_of(begins, BERLIN), day_of(last, BERLIN)) == (day, day)
    first = checked_in(Streak(day - ONE_DAY, 1, 1), day_of(begins, BERLIN), zone=BERLIN)
    with pytest.raises(AlreadyCheckedIn):
        checked_in(first, day_of(last, BERLIN), zone=BERLIN)
    assert checked_in(first, day_of(ends, BERLIN), zone=BERLIN).days == 3


@pytest.mark.parametrize(("days", "points"), [(6, 0), (7, 1000), (8, 0), (14, 1000), (21, 1000)])
def test_a_bonus_comes_on_every_multiple_of_its_days(days: int, points: int) -> None:
    assert sum(bonus.points for bonus in bonus_of(RULE, days)) == points


def test_bonuses_of_one_day_are_added_and_told_line_by_line() -> None:
    rule = CheckIn(5, (StreakBonus(6, 30), StreakBonus(4, 20)))
    lines = explain_check_in(rule, 12)
    assert [(line.rule, line.points) for line in lines] == [
        ("check_in", 5),
        ("streak", 20),
        ("streak", 30),
    ]
    assert total(lines) == 55
    assert lines[1].en == "12 days in a row: 20 points."
    assert lines[1].zh == "连续签到 12 天：20 积分。"


def test_the_next_bonus_is_the_nearest_and_two_of_one_day_are_one() -> None:
    assert next_bonus(RULE, 0) == NextBonus(7, 1000)
    assert next_bonus(RULE, 6) == NextBonus(1, 1000)
    assert next_bonus(RULE, 7) == NextBonus(7, 1000)
    rule = CheckIn(5, (StreakBonus(4, 20), StreakBonus(6, 30)))
    assert next_bonus(rule, 7) == NextBonus(1, 20)
    assert next_bonus(rule, 8) == NextBonus(4, 50)
    assert next_bonus(CheckIn(5, ()), 3) is None


def test_yesterdays_streak_still_stands_and_an_older_one_is_over() -> None:
    resets_at = datetime(2026, 11, 21, 16, tzinfo=UTC)
    kept = Streak(YESTERDAY, 3, 9)
    told = Progress(
        3, 9, checked_in_today=False, next_bonus=NextBonus(4, 1000), resets_at=resets_at
    )
    assert progress(kept, TODAY, rule=RULE, zone=SHANGHAI) == told
    today = progress(replace(kept, last_on=TODAY), TODAY, rule=RULE, zone=SHANGHAI)
    assert today == replace(told, checked_in_today=True)
    over = progress(replace(kept, last_on=YESTERDAY - ONE_DAY), TODAY, rule=RULE, zone=SHANGHAI)
    assert over == replace(told, days=0, next_bonus=NextBonus(7, 1000))
    assert progress(None, TODAY, rule=RULE, zone=SHANGHAI) == replace(over, longest=0)


def test_a_task_is_counted_by_the_day_of_the_zone() -> None:
    counter = task_counter(MEMBER_ID, "share", program=Program(), today=TODAY)
    resets_at = datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert counter == Counter((MEMBER_ID, "V#task/share#d261121"), 3, resets_at)
    tomorrow = task_counter(MEMBER_ID, "share", program=Program(), today=TODAY + ONE_DAY)
    assert tomorrow.key == (MEMBER_ID, "V#task/share#d261122")
    with pytest.raises(NotFound):
        task_counter(MEMBER_ID, "fly", program=Program(), today=TODAY)


def test_a_counter_has_room_up_to_its_most() -> None:
    counter = Counter((MEMBER_ID, "V"), 3, NOW)
    refuse_used_up(counter, 2)
    with pytest.raises(LimitReached) as refused:
        refuse_used_up(counter, 3)
    assert (refused.value.facts["limit"], refused.value.facts["used"]) == (3, 3)


def test_a_task_is_explained_in_both_languages() -> None:
    (line,) = explain_task(Sentence("分享好茶", "Share a tea"), 1)
    assert (line.points, line.en, line.zh) == (1, "Share a tea: 1 point.", "分享好茶：1 积分。")
    (line,) = explain_task(Sentence("想喝茶吗？", "Fancy a tea?"), 1)
    assert (line.en, line.zh) == ("Fancy a tea: 1 point.", "想喝茶吗：1 积分。")


def test_evidence_is_compared_as_people_see_it() -> None:
    assert as_meant("  Cafe\u0301 ") == "Caf\u00e9"
    assert as_meant("https://example.test/A") != as_meant("https://example.test/a")
    assert as_meant("ht\u200btps://example.test/\ufe0fA\u00ad\u2060") == "https://example.test/A"
    assert as_meant("\u200b \u3164 ") == ""
    assert as_meant("See HTTPS://Example.TEST:443/A") == "See https://example.test:443/A"
    assert as_meant("Ftp://Lin:Pass@Example.test?Q=A") == "ftp://Lin:Pass@example.test?Q=A"


def test_the_defaults_are_those_of_the_rules_of_the_program() -> None:
    activities = Activities()
    assert activities.check_in == CheckIn(10, (StreakBonus(7, 1000),))
    told = {name: (task.points, task.per_day) for name, task in activities.tasks.items()}
    assert told == {"share": (20, 3), "review": (50, 1)}
    assert activities.referral == Referral(points=500, minimum=0, per_month=3)

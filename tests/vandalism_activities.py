"""Corruptions of check-ins and tasks, each with the invariant that has to see it."""

from __future__ import annotations

from typing import Final

from tests import invariants_activities as activities
from tests.vandalism import Columns, Plants, alter, change, drop, items, n, put, remove, s


def check_in(day: int) -> Columns:
    return items("check-in", "amy", n=day)[0]


def times(kind: str) -> Columns:
    return next(item for item in items("times", "amy") if item["s"]["S"].startswith(f"V#{kind}"))


def do_four_times() -> None:
    """Count what was done twice as four times, and have done it as often."""
    alter(times("task"), n=n(4))
    for number in range(2):
        put(items("task", "amy", m="share")[0] | {"s": s(f"T#{number:021}")})


PLANTS: Final[Plants] = {
    "a check-in worth more than the settings say": (
        activities.check_ins_are_worth_what_the_settings_say,
        lambda: alter(check_in(3), b=n(11)),
    ),
    "a streak without its bonus": (
        activities.check_ins_are_worth_what_the_settings_say,
        lambda: alter(check_in(7), b=n(10)),
    ),
    "a check-in twice a day": (
        activities.streaks_are_runs_of_check_ins,
        lambda: put(check_in(3) | {"s": s("C#" + "0" * 21)}),
    ),
    "a day of a streak that is told wrong": (
        activities.streaks_are_runs_of_check_ins,
        lambda: alter(check_in(3), n=n(4)),
    ),
    "a streak that goes on after a missed day": (
        activities.streaks_are_runs_of_check_ins,
        lambda: remove(check_in(3)),
    ),
    "a streak longer than its check-ins": (
        activities.streaks_are_runs_of_check_ins,
        lambda: change("streak", 0, "amy", n=n(9)),
    ),
    "a longest streak that never was": (
        activities.streaks_are_runs_of_check_ins,
        lambda: change("streak", 0, "amy", x=n(9)),
    ),
    "a streak of another day": (
        activities.streaks_are_runs_of_check_ins,
        lambda: change("streak", 0, "amy", d=s("2026-01-01")),
    ),
    "check-ins without a streak": (
        activities.streaks_are_runs_of_check_ins,
        lambda: drop("streak", 0, "amy"),
    ),
    "a task that is not booked": (
        activities.what_is_done_and_entries_agree,
        lambda: put(items("task", "amy")[0] | {"s": s("T#" + "0" * 21)}),
    ),
    "a task that is gone": (
        activities.what_is_done_and_entries_agree,
        lambda: remove(items("task", "amy")[0]),
    ),
    "a task of other points than its entry": (
        activities.what_is_done_and_entries_agree,
        lambda: change("task", 0, "amy", b=n(21)),
    ),
    "a check-in of another day than its entry": (
        activities.what_is_done_and_entries_agree,
        lambda: alter(check_in(3), d=s("2026-01-01")),
    ),
    "a task that is not counted": (
        activities.tasks_are_counted_within_their_caps,
        lambda: alter(times("task"), n=n(1)),
    ),
    "a task more often than a day allows": (
        activities.tasks_are_counted_within_their_caps,
        do_four_times,
    ),
    "evidence that is forgotten": (
        activities.evidence_counts_once,
        lambda: drop("evidence", 0, "amy"),
    ),
    "evidence of another task": (
        activities.evidence_counts_once,
        lambda: change("evidence", 0, "amy", r=s("T#" + "0" * 21)),
    ),
    "a counter that is kept for ever": (
        activities.counters_are_kept_for_a_while,
        lambda: alter(times("task"), t=n(2_000_000_000)),
    ),
}

"""What checking in and tasks give, and how streaks go on.

A streak is a run of days of the program's zone with a check-in each. Each multiple of a bonus's
days pays it: 7, 14, 21. A missed day begins anew at 1. Every cap has a counter of its period, so
nothing has to be reset: the next day has another counter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from chalicelib.kernel.clock import end_of, told_instant
from chalicelib.kernel.errors import Conflict, LimitReached, NotFound
from chalicelib.kernel.points import counted
from chalicelib.kernel.sentences import Sentence, seen
from chalicelib.program.documents.model import CheckIn, Program, StreakBonus, Task
from chalicelib.tiers.activities.model import Counter, NextBonus, Progress, Streak
from chalicelib.tiers.judging.model import Line

ONE_DAY: Final = timedelta(days=1)
LINK: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#\s@]*@)?([^/?#\s]*)")
"""A link's scheme, its user if there is one, and its host with the port."""


class AlreadyCheckedIn(Conflict):
    """One check-in a day."""

    code = "already_checked_in"
    en = "You have checked in today; you can again from {next_day} on."
    zh = "您今天已签到，{next_day} 起可再次签到。"


class EvidenceUsed(Conflict):
    """The same evidence counts once for ever."""

    code = "evidence_used"
    en = "You have shown this for the same task before."
    zh = "该凭证此前已用于同一任务。"


def as_meant(evidence: str) -> str:
    """Return evidence without what makes no other evidence of it.

    Blanks around it, what takes no room anywhere in it, how accents are composed, and the case of
    a link's scheme and host (RFC 3986); everything behind a host can be another page.
    """
    told = unicodedata.normalize("NFC", seen(evidence))
    return LINK.sub(lambda link: f"{link[1].lower()}{link[2] or ''}{link[3].lower()}", told)


def checked_in(before: Streak | None, today: date, *, zone: str) -> Streak:
    """Return a streak with today in it; raise `AlreadyCheckedIn` where it has it, or a later day.

    A later one was seen by a machine whose clock was already past midnight.
    """
    if before is None:
        return Streak(today, days=1, longest=1)
    if before.last_on >= today:
        next_day = (before.last_on + ONE_DAY).isoformat()
        resets_at = told_instant(end_of(before.last_on, zone))
        raise AlreadyCheckedIn(resets_at=resets_at, next_day=next_day)
    days = before.days + 1 if before.last_on == today - ONE_DAY else 1
    return Streak(today, days, max(before.longest, days))


def bonus_of(rule: CheckIn, days: int) -> tuple[StreakBonus, ...]:
    """Return the bonuses that the last of so many days in a row pays, the shortest first."""
    due = (bonus for bonus in rule.streaks if days % bonus.days == 0)
    return tuple(sorted(due, key=lambda bonus: bonus.days))


def next_bonus(rule: CheckIn, days: int) -> NextBonus | None:
    """Return what so many days in a row come to next; None where no streak pays."""
    if not rule.streaks:
        return None
    left = min(bonus.days - days % bonus.days for bonus in rule.streaks)
    return NextBonus(left, sum(bonus.points for bonus in bonus_of(rule, days + left)))


def progress(streak: Streak | None, today: date, *, rule: CheckIn, zone: str) -> Progress:
    """Return where a streak stands today: yesterday's goes on, an older one is over."""
    alive = streak is not None and streak.last_on >= today - ONE_DAY
    days = streak.days if streak is not None and alive else 0
    return Progress(
        days=days,
        longest=streak.longest if streak is not None else 0,
        checked_in_today=streak is not None and streak.last_on >= today,
        next_bonus=next_bonus(rule, days),
        resets_at=end_of(today, zone),
    )


def explain_check_in(rule: CheckIn, days: int) -> tuple[Line, ...]:
    """Return why a check-in on the last of so many days in a row gives what it gives."""
    points = rule.points
    first = Line("check_in", points, f"Checked in: {counted(points)}.", f"签到：{points} 积分。")
    return (first, *(_streak_line(bonus, days) for bonus in bonus_of(rule, days)))


def _streak_line(bonus: StreakBonus, days: int) -> Line:
    en = f"{days} days in a row: {counted(bonus.points)}."
    zh = f"连续签到 {days} 天：{bonus.points} 积分。"
    return Line("streak", bonus.points, en, zh)


def explain_task(sentence: Sentence, points: int) -> tuple[Line, ...]:
    """Return why a task gives what it gives."""
    told = sentence.then(en=counted(points), zh=f"{points} 积分")
    return (Line("task", points, told.en, told.zh),)


def task_of(tasks: Mapping[str, Task], name: str) -> Task:
    """Return a task by its name, or raise `NotFound`."""
    if name not in tasks:
        raise NotFound
    return tasks[name]


def task_counter(member_id: str, name: str, *, program: Program, today: date) -> Counter:
    """Return where it is counted how often a member does a task today."""
    key = (member_id, f"V#task/{name}#d{today:%y%m%d}")
    task = task_of(program.activities.tasks, name)
    return Counter(key, task.per_day, end_of(today, program.zone))


def refuse_used_up(counter: Counter, used: int) -> None:
    """Raise `LimitReached` when a counter has no room for one more."""
    if used >= counter.most:
        raise LimitReached(
            limit=counter.most, per="day", used=used, resets_at=told_instant(counter.resets_at)
        )


def total(lines: Sequence[Line]) -> int:
    """Return what the lines of an explanation add up to."""
    return sum(line.points for line in lines)

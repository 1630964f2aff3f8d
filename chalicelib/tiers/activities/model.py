"""What members did for points besides buying, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from chalicelib.kernel.sentences import Sentence
from chalicelib.tiers.judging.model import Line

COUNTERS_KEPT: Final = timedelta(days=30)
"""What is counted later than so long after a period would find no counter of it, and is refused."""


@dataclass(frozen=True, slots=True)
class Streak:
    """Days in a row on which a member checked in, up to and with `last_on`; the longest ever."""

    last_on: date
    days: int
    longest: int


@dataclass(frozen=True, slots=True)
class NextBonus:
    """What a streak comes to next: points, after so many more days in a row."""

    days_left: int
    points: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a streak stands today: 0 days where a day was missed.

    `resets_at` is the end of today, when the next day to check in begins.
    """

    days: int
    longest: int
    checked_in_today: bool
    next_bonus: NextBonus | None
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A check-in: its day, and the length of its streak with it.

    `program_version` names the settings that judged it.
    """

    on: date
    days: int
    points: int
    debt_paid: int
    program_version: int


@dataclass(frozen=True, slots=True)
class Done:
    """A task that was done: which, on what day, and what it gave."""

    task: str
    on: date
    points: int
    debt_paid: int
    program_version: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a check-in or a task brought, why, and the last day of what paid no debt.

    `days` are those of a check-in's streak, and `next_bonus` what these come to next. `replayed`
    when the same request had brought it before.
    """

    points: int
    lines: tuple[Line, ...]
    debt_paid: int
    expires_on: date
    replayed: bool
    days: int = 0
    next_bonus: NextBonus | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A task that somebody can do: what it gives, how often a day, and how often it was done."""

    task: str
    sentence: Sentence
    points: int
    per_day: int
    done_today: int


@dataclass(frozen=True, slots=True)
class Tasks:
    """All tasks that there are today, and when today is over."""

    tasks: tuple[Open, ...]
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Times:
    """How often a member did something in a period: a day or a month, as people write it."""

    what: str
    period: str
    times: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a member's activities besides the journal's entries."""

    streak: Streak | None
    counted: tuple[Times, ...]


@dataclass(frozen=True, slots=True)
class Counter:
    """How often a member may do something in a period: the key of its item, and the most.

    The period is over at `resets_at`, and its item may be gone from `kept_until` on.
    """

    key: tuple[str, str]
    most: int
    resets_at: datetime

    @property
    def kept_until(self) -> datetime:
        """Return until when it is certain to be there."""
        return self.resets_at + COUNTERS_KEPT

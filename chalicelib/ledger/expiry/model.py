"""What is told of points that end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Ending:
    """Points with the same last day of use, which is so many days ahead (0: today)."""

    usable_through: date
    points: int
    days_left: int


@dataclass(frozen=True, slots=True)
class Timed:
    """Points with the same last day, and on which days their member is still to be reminded."""

    on: date
    points: int
    remind_on: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Reminder:
    """That a member is told on a day of points that end; of which, is looked up when it is told."""

    member_id: str
    on: date


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking after a wallet did: how many points expired, and whether to remind of others."""

    expired: int = 0
    is_reminded: bool = False

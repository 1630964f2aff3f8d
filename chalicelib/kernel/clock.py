"""Time, passed in and never reached for.

A `Clock` tells the instant; the program's zone turns an instant into a day. Days decide rights
(expiry, limits, streaks), so every function here takes the zone's day and nothing reads the
machine's local time.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Whatever tells the time."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


class MovedClock:
    """A clock that runs ahead of another by an offset that may change while it runs."""

    def __init__(self, offset: Callable[[], timedelta], beneath: Clock | None = None) -> None:
        """Take where to read the offset and the clock to add it to."""
        self._offset = offset
        self._beneath = beneath or SystemClock()

    def now(self) -> datetime:
        """Return the moved instant in UTC."""
        return self._beneath.now() + self._offset()


def day_of(instant: datetime, zone: str) -> date:
    """Return the program's day in which an instant falls."""
    return instant.astimezone(ZoneInfo(zone)).date()


def start_of(day: date, zone: str) -> datetime:
    """Return the first instant of a program's day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def end_of(day: date, zone: str) -> datetime:
    """Return when a program's day is over: the first instant of the next one."""
    return start_of(day + timedelta(days=1), zone)


def end_of_month_after(day: date, months: int) -> date:
    """Return the last day of the month that lies `months` after `day`'s.

    31 January and one month: 28 or 29 February.
    """
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def rfc3339(instant: datetime) -> str:
    """Return an instant as `2026-11-21T08:00:00.123456Z`, always six decimals, so text sorts."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def told_instant(instant: datetime) -> str:
    """Return an instant as answers write it: decimals only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")

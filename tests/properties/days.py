"""The calendar of the model: days, months and periods of Shanghai, which knows no summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

SHANGHAI: Final = timedelta(hours=8)
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)


def end_of_month(day: date, months: int) -> date:
    """Return the last day of the month that lies so many months after a day's."""
    count = day.month + months
    return date(day.year + count // 12, count % 12 + 1, 1) - timedelta(days=1)


def begin_of(per: str, day: date) -> date:
    """Return the first day of a period."""
    if per == "week":
        return day - timedelta(days=day.isoweekday() - 1)
    return {"day": day, "month": day.replace(day=1), "ever": date.min}[per]


def end_of(per: str, day: date) -> date:
    """Return the last day of a period."""
    if per == "ever":
        return date.max
    last = day
    while begin_of(per, last + timedelta(days=1)) == begin_of(per, day):
        last += timedelta(days=1)
    return last


def midnight_after(day: date) -> datetime:
    """Return the instant at which a day of the program ends."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=UTC) - SHANGHAI

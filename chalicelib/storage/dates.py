"""Dates as six characters, `yymmdd`, so that 72 of them and their points fit into 1 KB."""

from __future__ import annotations

from datetime import date
from typing import Final

NEVER_KEY: Final = "never"
"""Stands for `date.max`; sorts behind every date."""
CENTURY: Final = 2000


def key_of_day(day: date) -> str:
    """Return the stored key of a day of this century, or of `date.max`."""
    if day == date.max:
        return NEVER_KEY
    assert day.year // 100 * 100 == CENTURY, day
    return day.strftime("%y%m%d")


def day_of_key(key: str) -> date:
    """Return the day of a stored key."""
    if key == NEVER_KEY:
        return date.max
    return date(CENTURY + int(key[:2]), int(key[2:4]), int(key[4:]))


def told_period(key: str) -> str:
    """Return the period that a counter's key names, as people write it (ISO 8601).

    A day (`d261121`: 2026-11-21), the week of a Monday (`w261116`: 2026-W47), a month (`m2611`:
    2026-11), or ever (`e`).
    """
    kind, day = key[0], key[1:]
    if kind == "m":
        return f"{CENTURY + int(day[:2])}-{day[2:]}"
    if kind == "w":
        year, week, _ = day_of_key(day).isocalendar()
        return f"{year}-W{week:02}"
    return day_of_key(day).isoformat() if kind == "d" else "ever"

"""What longer validities gave to points that members had, worked out from the books alone."""

from __future__ import annotations

import calendar
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from tests.books import Books

GRACE: Final = timedelta(days=30)
"""After an exemption's last day."""
Given = tuple[date, date, int]
"""The first and the last day of those that it counts for, and how many months they got."""


class Validity:
    """What each version of the settings says of the days of points."""

    def __init__(self, books: Books) -> None:
        rows = [row for row in books.of("document") if row["s"].startswith("D#program#")]
        told = [json.loads(row["b"]) for row in sorted(rows, key=lambda row: str(row["s"]))]
        self._versions = [
            (datetime.fromisoformat(body["since"]), [_given(one) for one in body["longer"]])
            for body in told
        ]

    def at(self, instant: datetime | None = None) -> Sequence[Given]:
        """Return what had been given by an instant, or by now."""
        return next(
            (
                given
                for since, given in reversed(self._versions)
                if instant is None or since <= instant
            ),
            [],
        )


def through(day: date, exempt_until: date | None, *, given: Sequence[Given]) -> date:
    """Return the last day on which points of a date are good."""
    if day == date.max:
        return day
    for first, last, months in given:
        if first <= day <= last and (day + timedelta(days=1)).day == 1:
            day = _months_on(day, months)
    return day if exempt_until is None else max(day, exempt_until + GRACE)


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def _given(told: dict[str, str | int]) -> Given:
    first, last = (date.fromisoformat(str(told[name])) for name in ("first", "last"))
    return first, last, int(told["months"])

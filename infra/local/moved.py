"""The program's clock on a laptop: the machine's, and an offset that only grows.

The offset lives in STATE, so that every worker sees a move with its next request and a restart
keeps it. A reader asks the file system whether the file is still the same (a microsecond) and
reads it only when it is not.

Months and years are counted on the calendar in UTC, from where the clock stands: 31 January and a
month is the last day of February. The days, hours, minutes and seconds come after them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from chalicelib.kernel.clock import Clock, SystemClock, end_of_month_after
from chalicelib.web.bodies import Wrong
from infra.local.state import turn, write_json

DURATION: Final = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,5})W"
    r"|(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9})S)?)?)",
    re.ASCII,
)
"""ISO 8601 durations. With this many digits all of one stays within the calendar's 9,999 years."""
CLOCK_END: Final = datetime(2086, 1, 1, tzinfo=UTC)
"""The dates of points are kept in two-digit years, up to 2099. Points live for ten years at most,
and some grace after them."""

Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: months on the calendar, then the rest, which has a fixed length."""

    months: int
    rest: timedelta

    def after(self, instant: datetime) -> datetime:
        """Return the instant that lies this long after another."""
        last = end_of_month_after(instant.date(), self.months)
        day = min(instant.day, last.day)
        return instant.replace(year=last.year, month=last.month, day=day) + self.rest


def duration(text: str) -> Duration:
    """Return an ISO 8601 duration, or raise `Wrong`."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise Wrong(
            "not an ISO 8601 duration forwards, such as P30D, P1M or P1Y2M3DT4H5M6S",
            zh="应为向前的 ISO 8601 时长，例如 P30D、P1M 或 P1Y2M3DT4H5M6S",
        )
    counts = {unit: int(count) for unit, count in match.groupdict("0").items()}
    months = 12 * counts.pop("years") + counts.pop("months")
    return Duration(months, timedelta(**counts))


class Offset:
    """How far the program's clock runs ahead of the machine's, shared through one file."""

    def __init__(self, path: Path, beneath: Clock | None = None) -> None:
        self._path = path
        self._beneath = beneath or SystemClock()
        self._seen: tuple[Mark | None, timedelta] = (None, timedelta())

    def read(self) -> timedelta:
        """Return the present offset."""
        mark = self._mark()
        seen, offset = self._seen
        if mark != seen:
            offset = self._load()
            self._seen = (mark, offset)
        return offset

    def advance(self, by: Duration) -> None:
        """Add to the offset, or raise `Wrong` past the end of the clock."""
        with turn(self._path):
            offset = self._load()
            now = self._beneath.now() + offset
            then = by.after(now)
            if then >= CLOCK_END:
                last = CLOCK_END.year - 1
                raise Wrong(
                    f"the clock would pass the end of {last}, beyond which the program keeps no"
                    " dates of points",
                    zh=f"时钟将超过 {last} 年年末，程序不保存此后的积分日期",
                )
            moved = offset + (then - now)
            write_json(self._path, {"offset_seconds": int(moved.total_seconds())})

    def _mark(self) -> Mark | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _load(self) -> timedelta:
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return timedelta()
        return timedelta(seconds=json.loads(text)["offset_seconds"])

"""The program's clock on a laptop: the machine's, and an offset that only grows.

The offset lives in STATE, so that every worker sees a move with its next request and a restart
keeps it. A reader asks the file system whether the file is still the same (a microsecond) and
reads it only when it is not.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from infra.local.state import turn, write_json

DURATION: Final = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,6})W|(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9})S)?)?)",
    re.ASCII,
)
"""ISO 8601 durations of a fixed length: weeks, or days, hours, minutes and seconds."""
OFFSET_MAX: Final = timedelta(days=36_600)
"""A hundred years: beyond any lot or plan, and no date of the program leaves the calendar."""

Mark = tuple[int, int]


def duration(text: str) -> timedelta:
    """Return an ISO 8601 duration, or raise ValueError in words for a person."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(
            "not an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as P30D"
            " or PT1H30M; months and years have no fixed length"
        )
    return timedelta(**{unit: int(count) for unit, count in match.groupdict("0").items()})


class Offset:
    """How far the program's clock runs ahead of the machine's, shared through one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[Mark | None, timedelta] = (None, timedelta())

    def read(self) -> timedelta:
        """Return the present offset."""
        mark = self._mark()
        seen, offset = self._seen
        if mark != seen:
            offset = self._load()
            self._seen = (mark, offset)
        return offset

    def advance(self, by: timedelta) -> None:
        """Add to the offset, or raise ValueError past the limit."""
        with turn(self._path):
            moved = self._load() + by
            if moved > OFFSET_MAX:
                raise ValueError(f"the clock would run more than {OFFSET_MAX.days} days ahead")
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

"""What must hold of the program's settings: every version is there, and follows from the last."""

from __future__ import annotations

import calendar
import json
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.books import Books, Faults, Row

DOCUMENTS: Final = ("program", "campaigns")
FIRST: Final[dict[str, Any]] = {"validity_months": {"basic": 24}, "zone": "Asia/Shanghai"}
"""What held of validities before anybody wrote anything."""


def the_head_names_what_is_there(books: Books) -> Faults:
    """The head names the newest version of each document, and all of them are there.

    It was moved once for each version, and once for the first member.
    """
    found: dict[str, list[int]] = {name: [] for name in DOCUMENTS}
    for row in books.of("document"):
        _, name, number = row["s"].split("#")
        found.setdefault(name, []).append(int(number))
    head: Row = next(iter(books.of("head")), {"v": {}, "r": 0, "z": False})
    for name, numbers in found.items():
        if sorted(numbers) != list(range(1, head["v"].get(name, 0) + 1)):
            yield f"the head names {head['v']}, and of {name} there is {sorted(numbers)}"
    if head["r"] != sum(head["v"].values()) + head["z"]:
        yield f"the head was moved {head['r']} times, to {head['v']}"
    if head["z"] != bool(books.of("profile")):
        yield "the zone is fixed for nobody, or not fixed for somebody"


def longer_validities_follow_from_the_settings(books: Books) -> Faults:
    """Whenever the validity became longer, one step was added, and when shorter, the day noted."""
    rows = sorted((row for row in books.of("document") if "#program#" in row["s"]), key=_sort)
    for before, after in pairwise([FIRST, *(json.loads(row["b"]) for row in rows)]):
        yield from _faults_between(before, after)


def _faults_between(before: dict[str, Any], after: dict[str, Any]) -> Faults:
    told = f"version {after.get('version')} of the settings"
    day = _day(after, before["zone"])
    earlier, new = before.get("longer", ()), list(after.get("longer", ()))
    old = [given for given in earlier if given["on"] != day.isoformat()]
    # What became longer on the same day counts as one change.
    base = before["validity_months"]["basic"] - sum(g["months"] for g in earlier if g not in old)
    more = after["validity_months"]["basic"] - base
    shortened = day.isoformat() if more < 0 else before.get("shortened_on")
    if after.get("shortened_on") != shortened:
        yield f"{told} was shortened on {after.get('shortened_on')}, and not on {shortened}"
    if new[: len(old)] != old or len(new) != len(old) + (more > 0):
        yield f"{told} gives {new}, and the one before it {earlier}"
        return
    for given in new[len(old) :]:
        first, last, on = (date.fromisoformat(given[name]) for name in ("first", "last", "on"))
        if (given["months"], on) != (more, day) or not day <= first <= last == _month_end(last):
            yield f"{told} gives {given}, and became longer by {more} months on {day}"


def _day(body: dict[str, Any], zone: str) -> date:
    return datetime.fromisoformat(body["since"]).astimezone(ZoneInfo(zone)).date()


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _sort(row: Row) -> str:
    return str(row["s"])

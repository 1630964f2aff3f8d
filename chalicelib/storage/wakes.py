"""Deadlines: which things something has to be done about by now, found without looking at the rest.

An item that has a deadline says so in two attributes, `wk` (its kind and a shard) and `wa` (the
instant, and a name that makes it unique). A sparse index over them holds nothing but keys, so
looking for what is due costs what is due, whatever else there is. The index follows the table with
a delay and only hints: what it names is read again before anything is decided.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.pages import Page
from chalicelib.settings import settings
from chalicelib.storage.reads import LAST, patiently
from chalicelib.storage.table import Item, connection
from chalicelib.storage.work import Work

NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})
"""The attributes of an item that has no deadline."""
SHARDS: Final = 4
"""Four thousand new deadlines of a kind a second."""
PAGE: Final = 100
"""As many as one batch of reads takes."""

T = TypeVar("T")


def wake(kind: str, name: str, *, at: datetime) -> Mapping[str, str]:
    """Return the attributes of an item, named uniquely, that has a deadline."""
    return _waiting_for(kind, name, until=rfc3339(at))


def wake_on(kind: str, name: str, *, day: date) -> Mapping[str, str]:
    """Return the attributes of an item that has a day of the program's zone for a deadline.

    A kind has instants or days, never both.
    """
    return _waiting_for(kind, name, until=day.isoformat())


def day_of_wake(position: str) -> date:
    """Return the day that `wake_on` wrote, from the attribute `wa`."""
    return date.fromisoformat(position.partition("#")[0])


def name_of(position: str) -> str:
    """Return the name behind a position of a page: the position says the instant first."""
    return position.partition("#")[2]


def waiting(work: Work, kind: str, *, limit: int, after: str | None = None) -> Page[str]:
    """Return the names of things of a kind, soonest deadline first, behind a position."""
    return _page(work, kind, limit=limit, after=after, until=LAST)


def due(work: Work, kind: str, *, limit: int, after: str | None = None) -> Page[str]:
    """Return the names of things of a kind whose deadline has come, soonest first."""
    return _page(work, kind, limit=limit, after=after, until=f"{rfc3339(work.now)}#{LAST}")


def pages(
    find: Callable[[str | None], Page[T]], *, has_time: Callable[[], bool] = lambda: True
) -> Iterator[Sequence[T]]:
    """Yield page after page of what is found behind a position, the first one in any case."""
    page = find(None)
    yield page.items
    while page.next_position is not None and has_time():
        page = find(page.next_position)
        yield page.items


def all_due(work: Work, kind: str) -> Iterator[str]:
    """Yield the names of all things of a kind whose deadline has come, soonest first."""
    for names in pages(lambda after: due(work, kind, limit=PAGE, after=after)):
        yield from names


def due_by(work: Work, kind: str, *, day: date, limit: int, after: str | None = None) -> Page[str]:
    """Return the names of things of a kind whose day has come by `day`, soonest first."""
    return _page(work, kind, limit=limit, after=after, until=f"{day.isoformat()}#{LAST}")


def named_between(work: Work, kind: str, *, since: datetime, until: datetime) -> Iterator[str]:
    """Yield the names of things of a kind whose instants lie from `since` up to before `until`."""
    for shard in range(SHARDS):
        begins, ends = rfc3339(since), rfc3339(until)
        while begins:
            found = _shard(work, f"{kind}#{shard}", begins=begins, until=ends, limit=PAGE)
            yield from map(name_of, found)
            begins = f"{found[-1]}!" if len(found) == PAGE else ""


def _waiting_for(kind: str, name: str, *, until: str) -> Mapping[str, str]:
    shard = sum(name.encode()) % SHARDS
    return {"wk": f"{kind}#{shard}", "wa": f"{until}#{name}"}


def _page(work: Work, kind: str, *, limit: int, after: str | None, until: str) -> Page[str]:
    """Merge the shards. A position is unique and bounds are inclusive: no name goes on with `!`."""
    begins = f"{after}!" if after else "0"
    found: list[str] = []
    for shard in range(SHARDS):
        found += _shard(work, f"{kind}#{shard}", begins=begins, until=until, limit=limit + 1)
    soonest = heapq.nsmallest(limit, found)
    more = len(found) > len(soonest)
    return Page([name_of(one) for one in soonest], soonest[-1] if more and soonest else None)


def _shard(work: Work, shard: str, *, begins: str, until: str, limit: int) -> list[str]:
    if begins > until:
        return []
    answer: dict[str, Any] = patiently(
        work,
        lambda: connection().connection.query(
            settings().table,
            shard,
            Item.wa.between(begins, until),
            index_name="by_wake",
            limit=limit,
        ),
    )
    return [raw["wa"]["S"] for raw in answer["Items"]]

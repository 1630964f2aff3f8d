"""Wrong tries, counted in the table so that every process agrees.

A try counts for so many seconds from its own instant, whatever the clock shows: no full hour is
there behind which everybody may try again. An item keeps the instants of a caller's latest tries,
at most as many as are allowed. Only wrong tries are counted: whoever is right pays one read. A
wrong one pays a second read and a write, under the condition that nobody has counted since; it is
known again by its mark, so a reply that is lost does not count it twice. The table's TTL removes
what counts for nothing any more some day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import UpdateError

from chalicelib.kernel.errors import TooMany
from chalicelib.kernel.ids import random_token
from chalicelib.storage.reads import fetch, patiently
from chalicelib.storage.table import IntAttribute, IntMapAttribute, Item, code_of
from chalicelib.storage.work import Patience, Work

KEPT_SECONDS: Final = 86_400
"""How long after its last try has ceased to count an item may lie about before TTL takes it."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
SECOND: Final = 1_000_000


class TriesItem(Item):
    """Wrong tries of one caller: by their marks, in microseconds since 1970; the latest mark."""

    wrong = IntMapAttribute(attr_name="n")
    mark = UnicodeAttribute(attr_name="k")
    ttl = IntAttribute(attr_name="t")


@dataclass(frozen=True, slots=True)
class TryLimit:
    """At most `tries_max` wrong tries for `purpose` in any `seconds`."""

    purpose: str
    tries_max: int
    seconds: int


def refuse_if_spent(work: Work, limit: TryLimit, *, caller: str) -> None:
    """Raise `TooMany` when the caller has no try left."""
    _counting(work, limit, seen=_find(work, limit, caller=caller))


def count_wrong_try(work: Work, limit: TryLimit, *, caller: str) -> None:
    """Count one wrong try; raise `TooMany` when it is one too many."""
    mark = random_token(work.dice)
    patience = Patience(work)
    while True:
        seen = _find(work, limit, caller=caller)
        if seen is not None and mark in seen.wrong:
            return
        counting = _counting(work, limit, seen=seen) | {mark: _now(work)}
        item = TriesItem(*_key(limit, caller=caller), wrong=counting, mark=mark)
        if _put(work, limit, item=item, seen=seen):
            return
        patience.again(overtaken=True)


def _put(work: Work, limit: TryLimit, *, item: TriesItem, seen: TriesItem | None) -> bool:
    """Put what counts now, and tell whether it still was as it had been seen."""
    ends = _now(work) // SECOND + limit.seconds
    as_seen = TriesItem.mark.does_not_exist() if seen is None else TriesItem.mark == seen.mark
    try:
        patiently(
            work,
            lambda: item.update(
                [
                    TriesItem.wrong.set(item.wrong),
                    TriesItem.mark.set(item.mark),
                    TriesItem.ttl.set(ends + KEPT_SECONDS),
                ],
                condition=as_seen,
            ),
        )
    except UpdateError as failure:
        if code_of(failure) != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _counting(work: Work, limit: TryLimit, *, seen: TriesItem | None) -> dict[str, int]:
    """Return the tries that still count, by their marks; raise `TooMany` when they are enough."""
    ceased = _now(work) - limit.seconds * SECOND
    wrong = {} if seen is None else seen.wrong
    counting = {mark: at for mark, at in wrong.items() if at > ceased}
    if len(counting) >= limit.tries_max:
        waits = min(counting.values()) - ceased
        raise TooMany(retry_after_seconds=-(-waits // SECOND))
    return counting


def _find(work: Work, limit: TryLimit, *, caller: str) -> TriesItem | None:
    return fetch(work, TriesItem.named(*_key(limit, caller=caller)))


def _key(limit: TryLimit, *, caller: str) -> tuple[str, str]:
    return (f"tries#{limit.purpose}#{caller}", "T")


def _now(work: Work) -> int:
    return (work.now - EPOCH) // MICROSECOND

"""Wrong tries, counted in the table so that every process agrees.

A counter lives for one window of time and then counts for nothing; the table's TTL removes it
some day. Only wrong tries are counted: whoever is right pays one read. The counter remembers who
counted last, so that a reply that is lost does not count a try twice, unless another caller's try
came between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import UpdateError

from chalicelib.kernel.errors import TooMany
from chalicelib.kernel.ids import random_token
from chalicelib.storage.reads import fetch, patiently
from chalicelib.storage.table import IntAttribute, Item, code_of
from chalicelib.storage.work import Work

KEPT_SECONDS: Final = 86_400
"""How long after its window a counter may lie about before TTL takes it."""


class TriesItem(Item):
    """Wrong tries of one caller in one window."""

    wrong = IntAttribute(attr_name="n")
    mark = UnicodeAttribute(attr_name="k")
    ttl = IntAttribute(attr_name="t")


@dataclass(frozen=True, slots=True)
class TryLimit:
    """At most `tries_max` wrong tries for `purpose` in a window of `seconds`."""

    purpose: str
    tries_max: int
    seconds: int


def refuse_if_spent(work: Work, limit: TryLimit, *, caller: str) -> None:
    """Raise `TooMany` when the caller has no try left in this window."""
    item = fetch(work, TriesItem.named(*_key(work, limit, caller=caller)))
    if item is not None and item.wrong >= limit.tries_max:
        raise _too_many(work, limit)


def count_wrong_try(work: Work, limit: TryLimit, *, caller: str) -> None:
    """Count one wrong try; raise `TooMany` when it is one too many."""
    item = TriesItem(*_key(work, limit, caller=caller))
    ends = (_window(work, limit) + 1) * limit.seconds
    mark = random_token(work.dice)
    room = (TriesItem.wrong < limit.tries_max) & (TriesItem.mark != mark)
    try:
        patiently(
            work,
            lambda: item.update(
                [
                    TriesItem.wrong.add(1),
                    TriesItem.mark.set(mark),
                    TriesItem.ttl.set(ends + KEPT_SECONDS),
                ],
                condition=TriesItem.wrong.does_not_exist() | room,
            ),
        )
    except UpdateError as failure:
        if code_of(failure) != "ConditionalCheckFailedException":
            raise
        newest = fetch(work, TriesItem.named(*item.key))
        if newest is None or newest.mark != mark:
            raise _too_many(work, limit) from None


def _window(work: Work, limit: TryLimit) -> int:
    return int(work.now.timestamp()) // limit.seconds


def _key(work: Work, limit: TryLimit, *, caller: str) -> tuple[str, str]:
    return (f"tries#{limit.purpose}#{caller}", f"T#{_window(work, limit)}")


def _too_many(work: Work, limit: TryLimit) -> TooMany:
    ends = (_window(work, limit) + 1) * limit.seconds
    return TooMany(retry_after_seconds=max(1, ends - int(work.now.timestamp())))

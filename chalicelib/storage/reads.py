"""Reads: strongly consistent, without exception, and patient.

A read that is throttled or gets no answer is sent again while the use case's patience lasts, then
the caller is told that the service is unavailable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.operand import Path

from chalicelib.kernel.errors import Unavailable
from chalicelib.kernel.pages import Page
from chalicelib.settings import settings
from chalicelib.storage.table import Item, Key, RawItem, Wanted, connection, is_transient
from chalicelib.storage.work import Patience, Work

BATCH_GET_MAX: Final = 100
"""DynamoDB's own limit on the keys of one BatchGetItem."""
LAST: Final = "\U0010ffff"
"""No character comes after it, so a prefix ends here. Bounds are used because a local engine's
`begins_with` takes capitals for small letters."""

T = TypeVar("T")
M = TypeVar("M", bound=Item)


@dataclass(frozen=True, slots=True)
class Range:
    """Part of a partition, in the order of an index: `l1`, `l2`, or the table's own (None).

    `prefix` is what the range key begins with; `after` is a position that `query` returned.
    """

    partition: str
    prefix: str
    index: str | None = None
    forward: bool = True
    limit: int = BATCH_GET_MAX
    after: str | None = None


def patiently(work: Work, call: Callable[[], T]) -> T:
    """Return what a read returns, sending it again while it may succeed and patience lasts."""
    patience = Patience(work)
    while True:
        try:
            return call()
        except PynamoDBException as failure:
            if not is_transient(failure):
                raise
        patience.again(Unavailable)


def fetch_raw(work: Work, keys: Sequence[Key]) -> dict[Key, RawItem]:
    """Return the items that exist among the keys, each as of one consistent read."""
    found: dict[Key, RawItem] = {}
    for start in range(0, len(keys), BATCH_GET_MAX):
        left = [{"p": p, "s": s} for p, s in keys[start : start + BATCH_GET_MAX]]
        patience = Patience(work)
        while left:
            answer = patiently(work, lambda asked=left: _batch(asked))  # type: ignore[misc]
            for raw in answer["Responses"].get(settings().table, []):
                found[(raw["p"]["S"], raw["s"]["S"])] = raw
            unread = answer.get("UnprocessedKeys", {}).get(settings().table, {}).get("Keys", [])
            left = [{"p": key["p"]["S"], "s": key["s"]["S"]} for key in unread]
            if left:
                patience.again(Unavailable)
    return found


def fetch(work: Work, wanted: Wanted[M]) -> M | None:
    """Return one item, or None."""
    raw = fetch_raw(work, [wanted.key]).get(wanted.key)
    return None if raw is None else wanted.model.read(raw)


def query(work: Work, model: type[M], *, part: Range) -> Page[M]:
    """Return one page of a partition's items and where the next begins.

    One item more than asked tells whether there is a next one.
    """
    last = None if part.after is None else _position(part, part.after)
    column = Path(part.index) if part.index else Item.sort
    answer = patiently(
        work,
        lambda: connection().connection.query(
            settings().table,
            part.partition,
            column.between(part.prefix, part.prefix + LAST),
            consistent_read=True,
            exclusive_start_key=last,
            index_name=f"by_{part.index}" if part.index else None,
            limit=part.limit + 1,
            scan_index_forward=part.forward,
        ),
    )
    read = [model.read(raw) for raw in answer["Items"]]
    kept = read[: part.limit]
    if len(read) > part.limit:
        return Page(kept, position_after(kept[-1], part.index))
    # A megabyte ends a query before its limit does; then DynamoDB tells where to go on.
    more = answer.get("LastEvaluatedKey")
    return Page(kept, None if more is None else _told(part, more))


def position_after(item: Item, index: str | None) -> str:
    """Return the position right behind an item, as a page that ended there would tell it."""
    return f"{item.sort}\n{getattr(item, index)}" if index else str(item.sort)


def query_all(work: Work, model: type[M], *, part: Range) -> Iterator[M]:
    """Yield every item of a part of a partition, page by page."""
    while True:
        page = query(work, model, part=part)
        yield from page.items
        if page.next_position is None:
            return
        part = replace(part, after=page.next_position)


def scan_keys(work: Work, sort: str) -> Iterator[str]:
    """Yield the partition of every item with this sort key, by a scan of the whole table.

    Only for audits: its cost follows the table.
    """
    last: dict[str, Any] | None = None
    while True:
        answer = patiently(work, lambda start=last: _scan(sort, start))  # type: ignore[misc]
        yield from (raw["p"]["S"] for raw in answer["Items"])
        last = answer.get("LastEvaluatedKey")
        if last is None:
            return


def _batch(keys: list[dict[str, str]]) -> dict[str, Any]:
    # PynamoDB types the keys as strings and passes maps of them on.
    told: Any = keys
    return connection().connection.batch_get_item(settings().table, told, consistent_read=True)


def _scan(sort: str, start: Any) -> dict[str, Any]:
    return connection().connection.scan(
        settings().table,
        filter_condition=Item.sort == sort,
        attributes_to_get=["p"],
        exclusive_start_key=start,
        consistent_read=True,
    )


def _told(part: Range, last: Mapping[str, Mapping[str, str]]) -> str:
    """Return a last key as text: the sort key, and the index's key after a newline."""
    sort = last["s"]["S"]
    return f"{sort}\n{last[part.index]['S']}" if part.index else sort


def _position(part: Range, told: str) -> dict[str, dict[str, str]]:
    """Return the last key that `_told` told."""
    sort, _, indexed = told.partition("\n")
    keys = {"p": {"S": part.partition}, "s": {"S": sort}}
    return keys | {part.index: {"S": indexed}} if part.index else keys

"""Audit rows as items: `audit#day#shard / id`, spread so that no day is one hot partition.

A channel may be named `audit`: its purchases lie under `audit#purchase`, and no id holds a `#`.
"""

from __future__ import annotations

import dataclasses
import heapq
import json
import re
from datetime import UTC, date, datetime
from enum import Enum
from typing import Final

from pynamodb.attributes import UnicodeAttribute

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended
from chalicelib.kernel.ids import base62
from chalicelib.kernel.pages import Page
from chalicelib.program.audit.model import AuditRow, Deed
from chalicelib.storage.reads import Range, query
from chalicelib.storage.table import Item, RawItem
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work

SHARDS: Final = 4
"""Four thousand changes a second: more people than any program employs."""
ID_CHARS: Final = 8
PARTITION: Final = re.compile(r"audit#[0-9]{4}-[0-9]{2}-[0-9]{2}#[0-9]+")


class AuditItem(Item):
    """One row as stored; the sort key begins with the instant."""

    by = UnicodeAttribute(attr_name="y")
    what = UnicodeAttribute(attr_name="w")
    subject = UnicodeAttribute(attr_name="u")
    before = UnicodeAttribute(attr_name="b")
    after = UnicodeAttribute(attr_name="a")
    fields = UnicodeAttribute(attr_name="n", null=True)


def put_row(tx: Transaction, deed: Deed) -> None:
    """Add a row to the transaction that makes the change."""
    work = tx.work
    shard = int(work.dice.random() * SHARDS)
    day = work.now.astimezone(UTC).date()
    sort = f"{rfc3339(work.now)}#{base62(work.dice.getrandbits(64), ID_CHARS)}"
    item = AuditItem(
        _partition(day, shard),
        sort,
        by=deed.by,
        what=deed.what,
        subject=deed.subject,
        before=_json(deed.before),
        after=_json(deed.after),
        fields=",".join(deed.fields) or None,
    )
    tx.put(item, otherwise=lambda _: Contended())


def page_of(work: Work, day: date, *, limit: int, before: str | None) -> Page[AuditRow]:
    """Return a day's rows (of UTC), newest first, older than the row id `before`."""
    found: list[AuditRow] = []
    more = False
    for shard in range(SHARDS):
        # Every row of a day begins with it; DynamoDB takes no empty prefix.
        begins = day.isoformat()
        part = Range(_partition(day, shard), begins, forward=False, limit=limit, after=before)
        page = query(work, AuditItem, part=part)
        found += [_row(item) for item in page.items]
        more = more or page.next_position is not None
    newest = heapq.nlargest(limit, found, key=lambda row: row.id)
    more = more or len(found) > limit
    return Page(newest, newest[-1].id if more and newest else None)


def is_row(partition: str) -> bool:
    """Tell whether what lies in a partition are rows of the log."""
    return PARTITION.fullmatch(partition) is not None


def row_from(raw: RawItem) -> AuditRow:
    """Return the row that an image holds."""
    return _row(AuditItem.read(raw))


def _partition(day: date, shard: int) -> str:
    return f"audit#{day.isoformat()}#{shard}"


def _row(item: AuditItem) -> AuditRow:
    return AuditRow(
        id=item.sort,
        at=datetime.fromisoformat(item.sort.partition("#")[0]),
        by=item.by,
        what=item.what,
        subject=item.subject,
        before=item.before,
        after=item.after,
        fields=tuple(item.fields.split(",")) if item.fields else (),
    )


def _json(facts: object) -> str:
    return json.dumps(facts, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value))

"""The table behind the front door: what tests look at, and what they spoil on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.settings import settings
from chalicelib.storage.table import RawItem, connection


def everything() -> list[RawItem]:
    """Return every item of the table, in the order of its keys."""
    rows: list[RawItem] = []
    last: Any = None
    while True:
        answer = connection().connection.scan(
            settings().table, exclusive_start_key=last, consistent_read=True
        )
        rows += answer["Items"]
        last = answer.get("LastEvaluatedKey")
        if last is None:
            return sorted(rows, key=lambda row: (row["p"]["S"], row["s"]["S"]))


def of_sort(sort: str) -> list[RawItem]:
    """Return every item whose sort key begins so."""
    return [row for row in everything() if row["s"]["S"].startswith(sort)]


def row(partition: str, sort: str) -> RawItem:
    """Return one item, which must exist."""
    found = connection().connection.get_item(
        settings().table, partition, range_key=sort, consistent_read=True
    )
    item: RawItem = found["Item"]
    return item


def overwrite(item: RawItem, **changed: Mapping[str, Any]) -> None:
    """Put an item back with some attributes changed, behind the program's back."""
    table = connection().connection
    attributes = {**item, **changed}
    table.put_item(
        settings().table, item["p"]["S"], range_key=item["s"]["S"], attributes=attributes
    )


def erase(partition: str, sort: str) -> None:
    """Delete an item behind the program's back."""
    connection().connection.delete_item(settings().table, partition, range_key=sort)

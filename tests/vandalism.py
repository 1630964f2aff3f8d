"""The tools of vandals: items found and rewritten behind the product's back.

What they spoil stands in `vandalism_members`, `_trade`, `_orders` and `_stock`: corruptions by
name, each with the invariant that has to see it. They know the history that `history` lets happen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.settings import settings
from chalicelib.storage.table import connection
from tests.books import Raw, plain, scan, shape_of
from tests.invariants import Invariant
from tests.mall import id_of

Columns = dict[str, Any]
Plants = dict[str, tuple[Invariant, Callable[[], None]]]


def items(shape: str, member: str = "", /, **columns: object) -> list[Columns]:
    """Return the items of a shape, or those of one member, as DynamoDB has them.

    `columns` are what some of their plain values must be.
    """
    found = [dict(raw) for raw in scan() if shape_of({k: plain(raw[k]) for k in "ps"}) == shape]
    mine = [item for item in found if not member or item["p"]["S"] == id_of(member)]
    return [item for item in mine if all(_is(item, n, value) for n, value in columns.items())]


def put(item: Columns) -> None:
    _client().put_item(TableName=settings().table, Item=item)


def change(shape: str, of: int = 0, member: str = "", **columns: dict[str, Any]) -> None:
    put(items(shape, member)[of] | columns)


def alter(item: Columns, **columns: dict[str, Any]) -> None:
    """Put an item back with some columns changed."""
    put(item | columns)


def strip(item: Columns, column: str) -> None:
    """Put an item back without a column."""
    put({name: value for name, value in item.items() if name != column})


def remove(item: Columns) -> None:
    _client().delete_item(TableName=settings().table, Key=_key(item))


def restore(before: list[Raw]) -> None:
    """Undo whatever was written since."""
    found = scan()
    for item in found:
        if item not in before:
            remove(dict(item))
    for item in before:
        if item not in found:
            put(dict(item))


def drop(shape: str, of: int = 0, member: str = "") -> None:
    remove(items(shape, member)[of])


def order(**columns: object) -> Columns:
    """Return mei's first order with such values."""
    return items("order", "mei", **columns)[0]


def n(number: int) -> dict[str, Any]:
    return {"N": str(number)}


def s(text: str) -> dict[str, Any]:
    return {"S": text}


def m(**numbers: int) -> dict[str, Any]:
    return {"M": {name.removeprefix("_"): n(number) for name, number in numbers.items()}}


def _is(item: Columns, name: str, value: object) -> bool:
    return (plain(item[name]) if name in item else None) == value


def _key(item: Raw) -> Columns:
    return {name: item[name] for name in "ps"}


def _client() -> Any:
    """Return the client; the stubs of PynamoDB's know only what it calls itself."""
    return connection().connection.client

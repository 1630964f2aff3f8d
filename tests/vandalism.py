"""The tools of vandals: items found and rewritten behind the product's back.

They work on a copy of the table, which is laid out anew for each of them. What they spoil stands in
the `vandalism_` of each room: corruptions by name, each with the invariant that has to see it. They
know the history that `history` lets happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.storage.table import Key
from tests.books import Raw, plain, shape_of
from tests.invariants import Invariant
from tests.mall import id_of

Columns = dict[str, Any]
Plants = dict[str, tuple[Invariant, Callable[[], None]]]


def items(shape: str, member: str = "", /, **columns: object) -> list[Columns]:
    """Return the items of a shape, or those of one member, as DynamoDB has them.

    `columns` are what some of their plain values must be.
    """
    found = [dict(raw) for raw in laid() if shape_of({k: plain(raw[k]) for k in "ps"}) == shape]
    mine = [item for item in found if not member or item["p"]["S"] == id_of(member)]
    return [item for item in mine if all(_is(item, n, value) for n, value in columns.items())]


def lay(table: Iterable[Raw]) -> None:
    """Lay out a copy of a table to be spoiled."""
    _laid.clear()
    _laid.update((_name(dict(item)), dict(item)) for item in table)


def laid() -> list[Raw]:
    """Return the copy as it is by now, in the order of its keys."""
    return [_laid[name] for name in sorted(_laid)]


def put(item: Columns) -> None:
    _laid[_name(item)] = dict(item)


def change(shape: str, of: int = 0, member: str = "", **columns: dict[str, Any]) -> None:
    put(items(shape, member)[of] | columns)


def alter(item: Columns, **columns: dict[str, Any]) -> None:
    """Put an item back with some columns changed."""
    put(item | columns)


def strip(item: Columns, column: str) -> None:
    """Put an item back without a column."""
    put({name: value for name, value in item.items() if name != column})


def remove(item: Columns) -> None:
    del _laid[_name(item)]


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


def _name(item: Columns) -> Key:
    return (item["p"]["S"], item["s"]["S"])


_laid: dict[Key, Raw] = {}

"""The table as it stands each night, kept up to date from the keys that were written.

with mirrored() as mirror:
    …                           # the program writes
    changes = mirror.turn()     # what changed since, as the table's stream would tell it

Looking at the whole table each night of a year would take longer than the year. So the requests to
the engine tell which items they write, those alone are read again, and now and then the whole table
is, to see that nothing was missed. Price: an item that changed twice since the last turn makes one
change; journal entries, which readers go by, never change.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest

from chalicelib.ledger.journal.model import Entry
from chalicelib.settings import settings
from chalicelib.storage.table import Key, RawItem, connection
from tests.books import Books, Row, books_of, plain, scan, shape_of

KEYS_A_READ: Final = 100
"""DynamoDB reads no more of them at once."""


@dataclass(frozen=True, slots=True)
class Change:
    """An item before and after; None where there was none, or is none any more."""

    key: Key
    old: RawItem | None
    new: RawItem | None


@dataclass(frozen=True, slots=True)
class Kept(Books):
    """Books whose journals were read before."""

    journals: dict[str, list[Entry]]

    def entries(self) -> dict[str, list[Entry]]:
        """Return every member's journal, oldest entry first."""
        return self.journals


@dataclass
class Mirror:
    """Every item by its keys, as DynamoDB has it and as plain values, by shape and by partition."""

    zone: str
    raw: dict[Key, RawItem] = field(default_factory=dict)
    rows: dict[str, dict[Key, Row]] = field(default_factory=lambda: defaultdict(dict))
    parts: dict[str, set[Key]] = field(default_factory=lambda: defaultdict(set))
    journals: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    written: set[Key] = field(default_factory=set)

    def before_send(self, request: AWSPreparedRequest, **_: object) -> None:
        """Note what a call to the engine may write."""
        operation = str(request.headers["X-Amz-Target"]).rpartition(".")[2].rstrip("'")
        if operation.startswith(("Put", "Update", "Delete", "TransactWrite", "BatchWrite")):
            body = request.body
            assert isinstance(body, bytes), "DynamoDB's clients send bytes"
            self.written.update(_keys_in(json.loads(body)))

    def turn(self) -> list[Change]:
        """Read again what was written, and return what changed, in the order of the keys."""
        keys, self.written = sorted(self.written), set()
        now = _read(keys)
        changes = [Change(key, self.raw.get(key), now.get(key)) for key in keys]
        found = [change for change in changes if change.old != change.new]
        for change in found:
            self._keep(change)
        return found

    def missed(self) -> Iterator[str]:
        """Yield the items that are otherwise in the table than here."""
        there = {(item["p"]["S"], item["s"]["S"]): item for item in scan()}
        for key in sorted(there.keys() | self.raw.keys()):
            if there.get(key) != self.raw.get(key):
                yield f"{key} changed, and no call that was seen wrote it"

    def shape(self, name: str) -> Mapping[Key, Row]:
        """Return the items of a shape."""
        return self.rows[name]

    def books(self, keys: Iterable[Key]) -> Kept:
        """Return some items as books, with the whole journals of their members."""
        rows: dict[str, list[Row]] = {}
        members: set[str] = set()
        for key in sorted(keys):
            shape = _shape_of(key)
            row = self.rows[shape][key]
            rows.setdefault(shape, []).append(row)
            if shape == "entry":
                members.add(key[0])
        journals = {member: self.journals[member] for member in sorted(members)}
        return Kept(rows, [], self.zone, journals)

    def _keep(self, change: Change) -> None:
        shape = _shape_of(change.key)
        if change.new is None:
            del self.raw[change.key], self.rows[shape][change.key]
            self.parts[change.key[0]].discard(change.key)
            return
        self.raw[change.key] = change.new
        row = {name: plain(value) for name, value in change.new.items()}
        self.rows[shape][change.key] = row
        self.parts[change.key[0]].add(change.key)
        if shape == "entry":
            assert change.old is None, f"the entry {change.key} was changed"
            for member, entries in books_of([change.new], zone=self.zone).entries().items():
                self.journals[member] += entries


@contextmanager
def mirrored(zone: str) -> Iterator[Mirror]:
    """Return the table as it is, and follow it from then on."""
    mirror = Mirror(zone)
    mirror.written.update((item["p"]["S"], item["s"]["S"]) for item in scan())
    mirror.turn()
    events = connection().connection.client.meta.events
    # The stubs know only handlers without an answer.
    handler: Any = mirror.before_send
    events.register_first("before-send.dynamodb", handler)
    try:
        yield mirror
    finally:
        events.unregister("before-send.dynamodb", handler)


def _shape_of(key: Key) -> str:
    return shape_of({"p": key[0], "s": key[1]})


def _keys_in(body: Mapping[str, Any]) -> Iterator[Key]:
    """Yield the keys that a request to write names."""
    asked: list[Mapping[str, Any]] = [body]
    for item in body.get("TransactItems", []):
        asked += item.values()
    for requests in body.get("RequestItems", {}).values():
        for request in requests:
            asked += request.values()
    for one in asked:
        named = one.get("Item") or one.get("Key")
        if named:
            yield named["p"]["S"], named["s"]["S"]


def _read(keys: list[Key]) -> dict[Key, RawItem]:
    client: Any = connection().connection.client
    found: dict[Key, RawItem] = {}
    for start in range(0, len(keys), KEYS_A_READ):
        named = [{"p": {"S": p}, "s": {"S": s}} for p, s in keys[start : start + KEYS_A_READ]]
        left = {settings().table: {"Keys": named, "ConsistentRead": True}}
        while left:
            answer = client.batch_get_item(RequestItems=left)
            for item in answer["Responses"][settings().table]:
                found[item["p"]["S"], item["s"]["S"]] = item
            left = answer["UnprocessedKeys"]
    return found

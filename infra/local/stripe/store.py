"""Everything that this Stripe knows, in one SQLite file: objects, answers by key, deliveries.

One connection and one lock. A request takes its turn, writes whatever it writes in one transaction,
and only then is answered, so nothing is ever half done and requests never see each other's middle.
The price is that requests queue; each takes well under a millisecond. A commit reaches the system's
memory and not the disk: it survives the death of this process, and not a power cut.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from infra.local.state import OWNER_ONLY
from infra.local.stripe.refused import Document

SCHEMA: Final = """
PRAGMA synchronous = OFF;
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, object TEXT NOT NULL,
    created INTEGER NOT NULL, payment_intent TEXT, charge TEXT, type TEXT, about TEXT,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_object ON objects (object, seq);
CREATE INDEX IF NOT EXISTS by_intent ON objects (payment_intent);
CREATE INDEX IF NOT EXISTS by_about ON objects (about, object);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, path TEXT NOT NULL, created INTEGER NOT NULL,
    status INTEGER NOT NULL, request_id TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, event TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL, until REAL NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
    status INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS by_due ON deliveries (state, due);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
COLUMNS: Final = frozenset({"payment_intent", "charge", "type"})
"""What a list may be filtered by, beside the time."""
BOUNDS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, slots=True)
class Query:
    """A list that is asked for: which objects, filtered how, and where its page begins."""

    object: str
    limit: int
    filters: Mapping[str, list[str]] = field(default_factory=dict)
    created: Mapping[str, int] = field(default_factory=dict)
    after: int | None = None
    before: int | None = None


class Store:
    """The file, and whose turn it is."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=OWNER_ONLY)
        self._lock = threading.RLock()
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._file.executescript(SCHEMA)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold everybody else off; keep what the block writes only if it ends well."""
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._file.execute(statement, values).fetchall()

    def put(self, thing: Document) -> None:
        """Keep an object, new or changed."""
        about = thing.get("metadata", {}).get("order")
        self.run(
            "INSERT INTO objects (id, object, created, payment_intent, charge, type, about, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            *(thing["id"], thing["object"], thing["created"]),
            *(thing.get("payment_intent"), thing.get("charge")),
            *(thing.get("type"), about, json.dumps(thing)),
        )

    def find(self, kind: str, object_id: str) -> Document | None:
        """Return an object by its id."""
        rows = self.run("SELECT body FROM objects WHERE id = ? AND object = ?", object_id, kind)
        return json.loads(rows[0][0]) if rows else None

    def about(self, order: str, kind: str) -> list[Document]:
        """Return the objects whose metadata name an order, the newest first."""
        rows = self.run(
            "SELECT body FROM objects WHERE about = ? AND object = ? ORDER BY seq DESC",
            *(order, kind),
        )
        return [json.loads(body) for (body,) in rows]

    def place(self, kind: str, object_id: str) -> int | None:
        """Return where an object stands in the order of making."""
        rows = self.run("SELECT seq FROM objects WHERE id = ? AND object = ?", object_id, kind)
        return rows[0][0] if rows else None

    def page(self, query: Query) -> tuple[list[Document], bool]:
        """Return one page of a list, the newest first, and whether there is more."""
        wheres, values = ["object = ?"], [query.object]
        for column, among in query.filters.items():
            assert column in COLUMNS
            wheres.append(f"{column} IN ({', '.join('?' * len(among))})")
            values += among
        bounds = [(f"created {BOUNDS[name]} ?", bound) for name, bound in query.created.items()]
        bounds += [("seq < ?", query.after)] if query.after is not None else []
        bounds += [("seq > ?", query.before)] if query.before is not None else []
        direction = "ASC" if query.before is not None else "DESC"
        rows = self.run(
            f"SELECT body FROM objects WHERE {' AND '.join(wheres + [text for text, _ in bounds])}"  # noqa: S608 - columns of ours
            f" ORDER BY seq {direction} LIMIT ?",
            *(*values, *(bound for _, bound in bounds), query.limit + 1),
        )
        found = [json.loads(body) for (body,) in rows[: query.limit]]
        return (found[::-1] if query.before is not None else found), len(rows) > query.limit

    def setting(self, name: str) -> Document:
        """Return a setting; one that was never made is empty."""
        rows = self.run("SELECT body FROM settings WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else {}

    def set(self, name: str, body: Mapping[str, object]) -> None:
        """Make or replace a setting."""
        self.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, json.dumps(body))

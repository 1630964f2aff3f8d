"""Queues on a laptop: SQS's semantics in one SQLite file, shared by every process of a stack.

A message that is received stays invisible for a while and comes back unless it is deleted. One that
was received as often as is allowed and came back again goes to the dead letters, from which it is
redriven. Time is the machine's, because what is waited for is a process that died, not a day of the
program's.

One thing is quicker than in AWS: a message that is reported as failed comes back after two seconds,
where SQS keeps it invisible for the whole time-out. The price: what fails for ten seconds is among
the dead letters, from which one command brings it back.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chalicelib.gateways.queue.port import QueueDown

VISIBILITY_SECONDS: Final = 40.0
"""How long a message is its receiver's: longer than the 30 seconds that a function may run."""
RETRY_SECONDS: Final = 2.0
RECEIVES_MAX: Final = 5
"""As often as in `infra/template/stack.yaml`."""
BATCH_MAX: Final = 10
"""SQS's own limit on one call."""
PATIENCE_SECONDS: Final = 5.0
"""How long a process waits for another one's turn at the file."""
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    sent REAL NOT NULL,
    visible REAL NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0,
    is_dead INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS by_queue ON messages (queue, is_dead, visible);
"""
VISIBLE: Final = (
    "SELECT id FROM messages WHERE queue = ? AND is_dead = 0 AND visible <= ?"
    " ORDER BY visible, rowid LIMIT ?"
)
HAND_OUT: Final = (
    "UPDATE messages SET receives = receives + 1, visible = ?"
    " WHERE id = ? RETURNING id, body, receives"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `receives` counts how often it was handed out."""

    id: str
    body: str
    receives: int


class LocalQueues:
    """Every queue of a stack, in a file; a connection each call, so threads need no lock."""

    def __init__(self, file: Path, *, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._now = now
        with self._turn() as connection:
            connection.executescript(SCHEMA)

    def send(self, name: str, body: str) -> None:
        """Put a message into a queue; raises `QueueDown`."""
        now = self._now()
        try:
            with self._turn() as connection:
                connection.execute(
                    "INSERT INTO messages (id, queue, body, sent, visible) VALUES (?, ?, ?, ?, ?)",
                    (str(uuid.uuid4()), name, body, now, now),
                )
        except sqlite3.Error:
            raise QueueDown(name) from None

    def receive(self, name: str, *, limit: int = BATCH_MAX) -> list[Message]:
        """Return messages that nobody holds, which are the caller's for `VISIBILITY_SECONDS`."""
        now = self._now()
        with self._turn() as connection:
            # Nearly always there is nothing, and then nobody is kept from the file.
            if connection.execute(VISIBLE, (name, now, 1)).fetchone() is None:
                return []
            connection.execute(
                "UPDATE messages SET is_dead = 1"
                " WHERE queue = ? AND is_dead = 0 AND visible <= ? AND receives >= ?",
                (name, now, RECEIVES_MAX),
            )
            until = now + VISIBILITY_SECONDS
            found = connection.execute(VISIBLE, (name, now, limit)).fetchall()
            rows = [connection.execute(HAND_OUT, (until, one)).fetchone() for (one,) in found]
        return [Message(*row) for row in rows]

    def delete(self, messages: Sequence[str]) -> None:
        """Forget messages that are done."""
        with self._turn() as connection:
            connection.executemany(
                "DELETE FROM messages WHERE id = ?", [(one,) for one in messages]
            )

    def retry(self, messages: Sequence[str]) -> None:
        """Bring messages back that failed."""
        when = self._now() + RETRY_SECONDS
        with self._turn() as connection:
            connection.executemany(
                "UPDATE messages SET visible = ? WHERE id = ?", [(when, one) for one in messages]
            )

    def depth(self, name: str) -> int:
        """Return how many messages wait or are held, without the dead letters."""
        with self._turn() as connection:
            (found,) = connection.execute(
                "SELECT count(*) FROM messages WHERE queue = ? AND is_dead = 0", (name,)
            ).fetchone()
        return int(found)

    def dead_letters(self, name: str) -> list[Message]:
        """Return the messages that failed too often, oldest first."""
        with self._turn() as connection:
            rows = connection.execute(
                "SELECT id, body, receives FROM messages WHERE queue = ? AND is_dead = 1"
                " ORDER BY sent, rowid",
                (name,),
            ).fetchall()
        return [Message(*row) for row in rows]

    def redrive(self, name: str) -> int:
        """Bring every dead letter back, to be received at once; return how many there were."""
        with self._turn() as connection:
            return connection.execute(
                "UPDATE messages SET is_dead = 0, receives = 0, visible = 0"
                " WHERE queue = ? AND is_dead = 1",
                (name,),
            ).rowcount

    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one change, which is whole or is not there."""
        with contextlib.closing(sqlite3.connect(self._file, timeout=PATIENCE_SECONDS)) as opened:
            opened.isolation_level = "IMMEDIATE"
            opened.execute("PRAGMA journal_mode = WAL")
            opened.execute("PRAGMA synchronous = FULL")
            with opened:
                yield opened

"""What members were told, on a laptop: no mail leaves it, and `GET /local/messages` shows it.

One SQLite file, shared by every process of a stack. A message that is sent again under its key is
the same message, as with a carrier that knows keys.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from typing_extensions import override

from chalicelib.gateways.messages.model import Channel, Message
from chalicelib.gateways.messages.port import Messages
from chalicelib.kernel.clock import Clock, rfc3339
from infra.local.exchange import Reply, Request, json_reply

PATIENCE_SECONDS: Final = 5.0
"""How long a process waits for another one's turn at the file."""
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    channel TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at TEXT NOT NULL
)
"""
SEND: Final = (
    "INSERT OR IGNORE INTO messages (key, recipient, channel, subject, text, sent_at)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
TOLD: Final = ("to", "channel", "subject", "text", "sent_at")


class Outbox(Messages):
    """Keeps every message instead of sending it; every way is open."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        with opened(file) as connection:
            connection.execute(SCHEMA)

    @property
    @override
    def channels(self) -> frozenset[Channel]:
        return frozenset(Channel)

    @override
    def send(self, message: Message) -> None:
        row = (message.key, message.to, message.channel, message.subject, message.text)
        with opened(self._file) as connection:
            connection.execute(SEND, (*row, rfc3339(self._clock.now())))

    def sent(self) -> list[dict[str, str]]:
        """Return every message, the newest last."""
        with opened(self._file) as connection:
            rows = connection.execute(
                "SELECT recipient, channel, subject, text, sent_at FROM messages ORDER BY place"
            ).fetchall()
        return [dict(zip(TOLD, row, strict=True)) for row in rows]

    def answer(self, _: Request) -> Reply:
        """Answer `GET /local/messages`."""
        return json_reply({"items": self.sent()})


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for one change, which is whole or is not there."""
    with contextlib.closing(sqlite3.connect(file, timeout=PATIENCE_SECONDS)) as connection:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA journal_mode = WAL")
        with connection:
            yield connection

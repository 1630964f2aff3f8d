"""The seam: what Jifen asks of whoever keeps its messages until they are worked off.

A queue hands each message to whoever works it off at least once, in any order, and again after a
while until it is told that the message is done; one that fails too often is put aside among the
dead letters. Working off stands in `web.jobs`.
"""

from __future__ import annotations

from typing import Protocol


class QueueDown(Exception):
    """Whether a message was kept is not known; sending it again does no harm."""


class Queue(Protocol):
    """Keeps messages."""

    def send(self, name: str, body: str) -> None:
        """Put a message into a queue by its name, or raise `QueueDown`."""

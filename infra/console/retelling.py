"""Telling again what the table's stream told in vain, from the journals, which lose nothing.

Lambda skips a change that it could not hand on for six hours, and the stream forgets it after a
day. Its place in the dead letters says no more than when. So each member's entries since a day, and
their last reminder, are handed to every reader again. That is safe at any time: readers know what
they heard, and what is too old for them to know is told to nobody.

Messages are not sent from here, where the right to do so is missing: they wait for the job of held
notices, like those of a carrier that is away.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from typing_extensions import override

from chalicelib.gateways.messages.errors import Down
from chalicelib.gateways.messages.model import Channel, Message
from chalicelib.gateways.messages.port import Messages
from chalicelib.outreach.relay import service as relay
from chalicelib.storage.work import Work

PROGRESS_EVERY: Final = 100
FAILED: Final = 1
WORDS: Final = {
    "entries": "entries",
    "reminders": "reminders",
    "down": "messages to be sent by held-notices",
    "quiet": "when the night is over",
    "failed": "members failed",
}
"""What is counted, in words."""


class Waiting(Messages):
    """Nobody: every message waits for the job."""

    @property
    @override
    def channels(self) -> frozenset[Channel]:
        return frozenset(Channel)

    @override
    def send(self, message: Message) -> None:
        raise Down("left_to_the_job")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    retell = commands.add_parser("retell", help="have readers hear again what the stream lost")
    retell.add_argument("member", nargs="?", help="one member's id; every member without it")
    retell.add_argument(
        "--since", type=date.fromisoformat, help="the first day, in UTC; yesterday without it"
    )
    retell.set_defaults(run=run)


def run(work: Work, asked: argparse.Namespace) -> int:
    """Retell one member's facts, or everybody's."""
    day = asked.since or (work.now - timedelta(days=1)).date()
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if asked.member:
        counts = relay.retell(work, Waiting(), member_id=asked.member, since=since)
        _print(asked.member, counts)
        return 0
    counts = relay.retell_all(work, Waiting(), since=since, progress=_progress)
    _print("all members", counts)
    return FAILED if counts["failed"] else 0


def _print(about: str, counts: Mapping[str, int]) -> None:
    heard = ", ".join(f"{counts.get(name, 0):,} {words}" for name, words in WORDS.items())
    print(f"{about}: {heard}")


def _progress(done: int) -> None:
    if done % PROGRESS_EVERY == 0:
        print(f"{done} members", file=sys.stderr)

"""What the relay hands on, how members wish to be told, and a notice on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from chalicelib.gateways.messages.model import Channel
from chalicelib.kernel.errors import Language
from chalicelib.ledger.expiry.model import Reminder
from chalicelib.ledger.journal.model import Entry
from chalicelib.outreach.wording.model import Kind, Notice
from chalicelib.program.audit.model import AuditRow

Fact = Entry | Reminder | AuditRow
"""What the relay hands on."""

SERVICE: Final = frozenset({Kind.FROZEN, Kind.THAWED})
"""What a member has to know, whatever they wish: it goes by mail at least."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours of the program's zone in which no SMS and no push disturbs anybody.

    From `starts` until just before `ends`, over midnight where that is earlier.
    """

    starts: time
    ends: time


NIGHT: Final = Quiet(time(22), time(8))


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a member wishes to be told; `version` 0 is what holds for who never said anything."""

    mail: bool = True
    sms: bool = False
    push: bool = False
    reminders: bool = True
    quiet: Quiet | None = NIGHT
    version: int = 0

    def allows(self, channel: Channel) -> bool:
        """Tell whether a way is open."""
        return {Channel.MAIL: self.mail, Channel.SMS: self.sms, Channel.PUSH: self.push}[channel]


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a member wishes to be told, and in which language; that is a part of the profile.

    As long as `language_assumed`, nobody named it.
    """

    preferences: Preferences
    language: Language
    language_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A notice by one way, as it is kept: until `due` it waits, None once that is over.

    `outcome` says how it ended; `tries` counts how often it was begun to be sent.
    """

    notice: Notice
    channel: Channel
    due: datetime | None
    tries: int = 0
    version: int = 1
    outcome: str | None = None

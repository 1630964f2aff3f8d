"""A message: to whom, by which way, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """The ways in which a message reaches somebody."""

    MAIL = "mail"
    SMS = "sms"
    PUSH = "push"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `to` is a mail address, a number (E.164), or for a push the member's id.

    `key` is the same whenever the same message is sent again; whoever carries it may go by that.
    """

    to: str
    channel: Channel
    subject: str
    text: str
    key: str

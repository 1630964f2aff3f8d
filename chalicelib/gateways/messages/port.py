"""The seam: what Jifen asks of whoever carries its messages."""

from __future__ import annotations

from typing import Protocol

from chalicelib.gateways.messages.model import Channel, Message


class Messages(Protocol):
    """Carries messages."""

    @property
    def channels(self) -> frozenset[Channel]:
        """Return the ways that are open here; nothing is written for the others."""

    def send(self, message: Message) -> None:
        """Send one message, or raise `Down` or `Rejected`.

        One that was sent although its answer was lost is sent a second time when it is repeated.
        """

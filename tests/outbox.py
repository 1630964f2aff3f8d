"""Whoever carries messages, for tests: keeps them, and fails when it is told to.

with telling(mall) as outbox:
    …
    assert outbox.texts("lin@example.test") == […]
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from typing_extensions import override

from chalicelib.gateways.messages.model import Channel, Message
from chalicelib.gateways.messages.port import Messages
from tests.mall import Mall


@dataclass
class Outbox(Messages):
    """Every message that was sent, in order; `failures` are raised first, one a message."""

    sent: list[Message] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    open_ways: frozenset[Channel] = frozenset(Channel)

    @property
    @override
    def channels(self) -> frozenset[Channel]:
        return self.open_ways

    @override
    def send(self, message: Message) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)

    def subjects(self, channel: Channel = Channel.MAIL) -> list[str]:
        """Return what was sent by a way, by its subjects."""
        return [message.subject for message in self.sent if message.channel is channel]


@contextmanager
def telling(mall: Mall) -> Iterator[Outbox]:
    """Let a mall's messages go into an outbox."""
    outbox = Outbox()
    before, mall.app.messages = mall.app.messages, lambda: outbox
    try:
        yield outbox
    finally:
        mall.app.messages = before

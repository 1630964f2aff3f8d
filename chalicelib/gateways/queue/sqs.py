"""SQS behind the seam: one client a process, made at the first message.

Only its time-outs and its one repetition stand here; which queue a name means, the settings say. A
message that was kept although its answer was lost is kept twice, and whoever works it off finds it
done.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final, Protocol, cast

from chalicelib.gateways.queue.port import Queue, QueueDown
from chalicelib.settings import settings

STRIPE_EVENTS: Final = "stripe-events"
"""What Stripe told, by event id."""
CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0
"""As for the table: a message takes some 10 ms."""
TRIES: Final = 2
"""One repetition: whoever told us something tells it again, and later."""


class Client(Protocol):
    """The part of botocore's client for SQS that is called here."""

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> object:  # noqa: N803
        """Put a message into a queue."""


class SqsQueue:
    """Queues in SQS; `urls` says where each name is."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls

    def send(self, name: str, body: str) -> None:
        """Put a message into a queue; raises `QueueDown`."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        url = self._urls.get(name)
        if not url:
            raise QueueDown(name)
        try:
            self._client.send_message(QueueUrl=url, MessageBody=body)
        except (BotoCoreError, ClientError):
            raise QueueDown(name) from None

    @cached_property
    def _client(self) -> Client:
        from botocore.config import Config  # noqa: PLC0415
        from botocore.session import get_session  # noqa: PLC0415

        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": TRIES, "mode": "standard"},
        )
        return cast(Client, get_session().create_client("sqs", config=config))


def queue() -> Queue:
    """Return this program's queues, by its settings; without any, nothing can be put."""
    url = settings().events_queue
    return SqsQueue({STRIPE_EVENTS: url} if url else {})

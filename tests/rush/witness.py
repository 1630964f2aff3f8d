"""A witness at botocore's seam: when did each order's transaction leave for the engine?

    witness = Witness()
    with witness.watching():
        answers = rush(witness.seeing(at(app)), asks, threads=48)
    committed_after = witness.earliest(answers)

A unit was certainly free as long as the transaction that took it had not been sent. So whoever was
told "sold out", and had that answer, before the last of the winning transactions left, was told
wrong. A repetition with the same client token is the same transaction.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest

from chalicelib.storage.table import connection
from tests.events import Reply
from tests.rush.buying import Answer, Ask, Place

Sent = dict[str, float]
"""When each transaction was first sent, by client token, oldest first."""


@dataclass
class Witness:
    """What was seen of each request."""

    _here: threading.local = field(default_factory=threading.local)
    _sent: dict[int, Sent] = field(default_factory=dict)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See every call of this process's connection for the length of a block."""
        events = connection().connection.client.meta.events
        # The stubs know only handlers without an answer.
        handler: Any = self.before_send
        events.register_first("before-send.dynamodb", handler)
        try:
            yield
        finally:
            events.unregister("before-send.dynamodb", handler)

    def seeing(self, place: Place) -> Place:
        """Return how a request is sent before the witness's eyes."""

        def seen(ask: Ask) -> Reply:
            self._here.sent = self._sent.setdefault(id(ask), {})
            return place(ask)

        return seen

    def before_send(self, request: AWSPreparedRequest, **_: object) -> None:
        """Note when a transaction leaves; requests of nobody's are not noted."""
        sent: Sent | None = getattr(self._here, "sent", None)
        if sent is not None and b"TransactWriteItems" in _bytes(request.headers["X-Amz-Target"]):
            token = str(json.loads(_bytes(request.body))["ClientRequestToken"])
            sent.setdefault(token, time.monotonic())

    def earliest(self, answers: Sequence[Answer]) -> Mapping[str, float]:
        """Return for each order an instant before which it was certainly not placed.

        Whoever was told so at once sent it with their last transaction. Where every answer was a
        replay, the first transaction of any of them may have placed it.
        """
        by_order: dict[str, list[Answer]] = {}
        for answer in answers:
            if answer.order_id:
                by_order.setdefault(answer.order_id, []).append(answer)
        return {order_id: self._earliest(told) for order_id, told in by_order.items()}

    def _earliest(self, told: Sequence[Answer]) -> float:
        for answer in told:
            if not answer.is_replayed:
                return list(self._sent[id(answer.ask)].values())[-1]
        return min(at for answer in told for at in self._sent[id(answer.ask)].values())


def _bytes(told: object) -> bytes:
    return told if isinstance(told, bytes) else str(told).encode()

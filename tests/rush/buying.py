"""Orders that many want at once, each sent with its key until it is answered.

    answers = rush(at(app), asks, threads=48)

`Place` is how one request is sent: to the app in this process, or to a worker in another one. A
client that is told to come back does so at once; the storm it meets is worse than in life.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Final

from chalicelib.web.house import House
from tests.events import Api, Reply, a_caller

TRIES_MAX: Final = 50
"""A drop is over, and a storm past, long before."""
COME_BACK: Final = 503


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants, and the key that it is sent with."""

    subject: str
    reward_id: str
    key: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody was told in the end: after how many tries, and between which instants."""

    ask: Ask
    reply: Reply
    began: float
    ended: float
    tries: int

    @property
    def order_id(self) -> str:
        """Return the order that was placed, empty where none was."""
        return str(self.reply["id"]) if self.reply.status == 201 else ""

    @property
    def is_replayed(self) -> bool:
        """Tell whether an earlier request had placed the order."""
        return "idempotency-replayed" in self.reply.headers


Place = Callable[[Ask], Reply]


def at(app: House) -> Place:
    """Return how a request is sent to an app in this process."""

    def place(ask: Ask) -> Reply:
        api = Api(app, a_caller("member", subject=ask.subject))
        body = {"reward_id": ask.reward_id, "quantity": ask.quantity}
        return api.post("/orders", body, key=ask.key)

    return place


def insisted(place: Place, ask: Ask) -> Answer:
    """Send a request until it is answered."""
    began = time.monotonic()
    for tries in range(1, TRIES_MAX + 1):
        reply = place(ask)
        if reply.status != COME_BACK:
            return Answer(ask, reply, began, time.monotonic(), tries)
        assert int(reply.headers["retry-after"]) >= 1
    raise AssertionError(f"{ask} was told to come back for ever")


def rush(place: Place, asks: Sequence[Ask], *, threads: int) -> list[Answer]:
    """Return the answers to all requests, of which as many run at a time as there are threads."""
    start = Barrier(threads)

    def send(number: int) -> Answer:
        if number < threads:
            start.wait()
        return insisted(place, asks[number])

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(send, range(len(asks))))

"""Clients that do one thing over and over for some seconds, in processes and threads of their own.

The HTTP client is a socket and little more, because it shares two cores with what it measures.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, Final

from bench.bare import Bare, Calls, bare_client

POOL: Final = 64
"""Connections of one process: one a thread, at most."""
CHUNK: Final = 65_536

Once = Callable[[], int]
"""Does the thing once and returns the status that came of it."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """A member who redeems over HTTP: where, with which token, which reward."""

    host: str
    port: int
    token: str
    reward: str
    mark: str

    def ready(self) -> Once:
        """Connect, and return what places one order after another."""
        connection = socket.create_connection((self.host, self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = f'{{"reward_id":"{self.reward}"}}'
        head = (
            f"POST /v1/orders HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {self.token}"
            f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        )
        numbers = count()

        def once() -> int:
            key = f"Idempotency-Key: {self.mark}-{next(numbers)}\r\n\r\n"
            connection.sendall(f"{head}{key}{body}".encode())
            return _status(connection)

        return once


@dataclass(frozen=True, slots=True)
class BareBuyer:
    """A member whose redemptions are recorded calls."""

    endpoint: str
    calls: Calls
    member_id: str

    def ready(self) -> Once:
        """Return what makes the calls one time after another."""
        bare = Bare(_client(self.endpoint), self.calls, member_id=self.member_id)

        def once() -> int:
            bare()
            return 201

        return once


@dataclass(frozen=True, slots=True)
class Done:
    """What one client did: the seconds of each answer of 201, and how many others there were."""

    seconds: list[float]
    others: int


def hammer(buyers: Sequence[Buyer | BareBuyer], *, starts_at: float, seconds: float) -> list[Done]:
    """Let every buyer buy in a thread of its own, from an instant on, for some seconds."""
    with ThreadPoolExecutor(len(buyers)) as threads:
        work = [
            threads.submit(_buy, buyer.ready(), starts_at=starts_at, seconds=seconds)
            for buyer in buyers
        ]
        return [one.result() for one in work]


def _buy(once: Once, *, starts_at: float, seconds: float) -> Done:
    done: list[float] = []
    others = 0
    once()
    time.sleep(max(0.0, starts_at - time.time()))
    ends_at = starts_at + seconds
    while (begun := time.time()) < ends_at:
        if once() == 201:
            done.append(time.time() - begun)
        else:
            others += 1
    return Done(done, others)


@cache
def _client(endpoint: str) -> Any:
    """Return this process's client; botocore's are made for threads once they are built."""
    return bare_client(endpoint, connections=POOL)


def _status(connection: socket.socket) -> int:
    """Read one answer to its end and return its status."""
    told = b""
    while b"\r\n\r\n" not in told:
        told += _received(connection)
    head, _, body = told.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += _received(connection)
    return int(head.split(b" ", 2)[1])


def _received(connection: socket.socket) -> bytes:
    chunk = connection.recv(CHUNK)
    if not chunk:
        raise ConnectionError("the server closed the connection")
    return chunk

"""A worker on a socket, and raw bytes to it, for tests of HTTP on the wire."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path
from typing import Any, Final

from infra.local.opening import await_health
from infra.local.programs import Ground, worker_plan
from infra.local.state import State
from infra.local.supervisor import Workers

APP: Final = "tests.unit.echo_house:house"
PATIENCE_SECONDS: Final = 10.0

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> dict[str, Any]:
        """Return the problem that the answer is."""
        assert self.headers["content-type"] == "application/problem+json"
        told: dict[str, Any] = json.loads(self.body)
        assert told["status"] == self.status
        return told


@contextmanager
def workers_on(home: Path, count: int) -> Iterator[tuple[Workers, Address]]:
    """Run workers with the echo house; return them and where they listen."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        address: Address = door.getsockname()
        workers = Workers(worker_plan(Ground(State(home), dict(os.environ)), door, app=APP), count)
        try:
            workers.start()
            await_health(address[1], workers)
            yield workers, address
        finally:
            workers.stop()


def say(address: Address, *parts: bytes, pause: float = 0.0) -> list[Told]:
    """Send bytes, part by part, and return every answer until the other side closes or waits."""
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        connection.shutdown(socket.SHUT_WR)
        heard = b""
        while more := connection.recv(65536):
            heard += more
    return list(_answers(heard))


def _answers(heard: bytes) -> Iterator[Told]:
    while heard:
        head, _, rest = heard.partition(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        headers = {name.lower(): value for name, value in BytesParser().parsebytes(fields).items()}
        length = int(headers.get("content-length", "0"))
        yield Told(int(line.split()[1]), headers, rest[:length])
        heard = rest[length:]

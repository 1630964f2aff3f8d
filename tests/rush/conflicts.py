"""Conflicts between transactions, which no engine here ever raises, at botocore's own seam.

    with meddling(Overlaps()):          # as AWS does: while one of its items is in another's hands
        …
    with meddling(Dice(0.2, seed=7)):   # one transaction in five, whatever it does

Overlaps are the harder weather for few shards, and take their measure from the engine: an item is
in somebody's hands from the moment a transaction is sent until its answer is there. The engine
works on one transaction at a time, so the wait for its turn counts too: a crowd here meets more
conflicts than it would on AWS.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from chalicelib.storage.table import Key, connection
from tests.faults import Calls, Fault

TRANSACTIONS: Final = "dynamodb.TransactWriteItems"
CONFLICT: Final = {0: Fault.CONFLICT}


class Meddler(Protocol):
    """Who may answer a transaction in the engine's place."""

    def before_send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        """Return a conflict, or None to let the transaction through."""

    def after_call(self, **_: object) -> None:
        """Learn that the answer to this thread's last transaction is there."""


@contextmanager
def meddling(meddler: Meddler) -> Iterator[None]:
    """Let somebody meddle with this process's transactions for the length of a block."""
    events = connection().connection.client.meta.events
    # The stubs know only handlers without an answer.
    before: Any = meddler.before_send
    after: Any = meddler.after_call
    events.register_first(f"before-send.{TRANSACTIONS}", before)
    events.register(f"after-call.{TRANSACTIONS}", after)
    try:
        yield
    finally:
        events.unregister(f"before-send.{TRANSACTIONS}", before)
        events.unregister(f"after-call.{TRANSACTIONS}", after)


class Dice:
    """Lets a share of all transactions conflict."""

    def __init__(self, share: float, *, seed: int) -> None:
        """Roll by a seed; which thread gets which roll, no seed decides."""
        self._share = share
        self._dice = random.Random(seed)

    def before_send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        """Return a conflict as often as asked."""
        return _conflict(request) if self._dice.random() < self._share else None

    def after_call(self, **_: object) -> None:
        """Nothing is held."""


@dataclass
class Overlaps:
    """Lets a transaction conflict whose items are in the hands of another."""

    _taken: set[Key] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _here: threading.local = field(default_factory=threading.local)

    def before_send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        """Take a transaction's items, or return a conflict."""
        wanted = keys_in(request)
        with self._lock:
            if self._taken & wanted:
                return _conflict(request)
            self._taken |= wanted
        self._here.held = wanted
        return None

    def after_call(self, **_: object) -> None:
        """Let go of what this thread's transaction held."""
        with self._lock:
            self._taken -= getattr(self._here, "held", set())
        self._here.held = set()


def keys_in(request: AWSPreparedRequest) -> set[Key]:
    """Return the keys that a transaction touches."""
    told = (item for one in _body(request)["TransactItems"] for item in one.values())
    keys = (one.get("Key") or one["Item"] for one in told)
    return {(key["p"]["S"], key["s"]["S"]) for key in keys}


def _conflict(request: AWSPreparedRequest) -> AWSResponse | None:
    return Calls(CONFLICT).before_send(request)


def _body(request: AWSPreparedRequest) -> dict[str, Any]:
    body = request.body
    told: dict[str, Any] = json.loads(body if isinstance(body, bytes) else str(body))
    return told

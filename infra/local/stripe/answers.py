"""What was answered under each idempotency key, told again for 24 hours.

The first answer is kept, errors and 500s included, and told again with `Idempotent-Replayed: true`
to whoever sends the same. Another request under the key is refused, and so is one that comes while
the first still runs. A key is forgotten after a day, and then it is new, as at the real Stripe.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from infra.local.stripe.refused import IDEMPOTENCY, Complaint, Document, Refused
from infra.local.stripe.world import World

KEPT_SECONDS: Final = 86_400
"""Stripe may forget a key after 24 hours."""
KEY_CHARS_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body; `original` is the request that it was first given to, if another."""

    status: int
    body: Document
    request_id: str
    original: str = ""
    is_kept: bool = False


class Keys:
    """The keys in use now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[str] = set()

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Hold a key while its request runs; refuse a second one meanwhile."""
        with self._lock:
            if key in self._running:
                raise _in_use(key)
            self._running.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(key)


def fingerprint(path: str, params: Document) -> str:
    """Return what makes two requests the same."""
    return hashlib.sha256(json.dumps([path, params], sort_keys=True).encode()).hexdigest()


def told_before(world: World, key: str, *, path: str, params: Document) -> Answer | None:
    """Return the answer that a key already has; refuse a key that belongs to another request."""
    if len(key) > KEY_CHARS_MAX:
        said = f"Idempotency keys can be at most {KEY_CHARS_MAX} characters."
        raise Refused(Complaint(said), is_begun=False)
    world.store.run("DELETE FROM answers WHERE created <= ?", world.now() - KEPT_SECONDS)
    rows = world.store.run(
        "SELECT request, path, status, request_id, body FROM answers WHERE key = ?", key
    )
    if not rows:
        return None
    request, first_path, status, request_id, body = rows[0]
    if first_path != path:
        raise _misused(f"for the same endpoint they were first used for ('{first_path}')", key)
    if request != fingerprint(path, params):
        raise _misused("with the same parameters they were first used with", key)
    return Answer(status, json.loads(body), request_id, original=request_id, is_kept=True)


def keep(world: World, answer: Answer, *, key: str, path: str, params: Document) -> Answer:
    """Keep an answer under its key."""
    told = (key, fingerprint(path, params), path, world.now())
    world.store.run(
        "INSERT INTO answers (key, request, path, created, status, request_id, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(*told, answer.status, answer.request_id, json.dumps(answer.body)),
    )
    return replace(answer, is_kept=True)


def replayed(answer: Answer, request_id: str) -> Answer:
    """Return a kept answer as it is told to another request."""
    return replace(answer, request_id=request_id)


def _misused(how: str, key: str) -> Refused:
    said = (
        f"Keys for idempotent requests can only be used {how}. Try using a key other than '{key}'"
        " if you meant to execute a different request."
    )
    return Refused(Complaint(said, type=IDEMPOTENCY), is_begun=False)


def _in_use(key: str) -> Refused:
    said = (
        "There is currently another in-progress request using this Idempotent Key (that probably"
        " means you submitted twice, and the other request is still going through):"
        f" {key}. Please try again later."
    )
    complaint = Complaint(said, code="idempotency_key_in_use", type=IDEMPOTENCY, status=409)
    return Refused(complaint, is_begun=False)

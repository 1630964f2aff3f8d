"""Carries events to the webhook, signed, again and again until it says that it has them.

Several carry at once, so events arrive out of order, as Stripe's do. A delivery that fails is due
again after a pause that doubles; after three days of the program's time it is given up. Time is the
program's: a clock that is moved on brings the next try nearer.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from infra.local.stripe.events import WEBHOOK
from infra.local.stripe.refused import Document
from infra.local.stripe.world import World

CARRIERS: Final = 4
PAUSE_SECONDS: Final = 0.2
PAUSE_MAX_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.2
"""How soon a moved clock is noticed. What becomes due by itself is carried at once."""
WAITING: Final = "waiting"
DELIVERED: Final = "delivered"
GIVEN_UP: Final = "given_up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way."""

    id: int
    event: str
    tries: int
    until: float


class Postman:
    """Carries what is due, in threads of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changed = threading.Condition()
        self._carried: set[int] = set()
        self._is_ending = False
        self._threads = [
            threading.Thread(target=self._carry_on, daemon=True) for _ in range(CARRIERS)
        ]

    def start(self) -> None:
        """Begin to carry."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop when what is on its way has arrived."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(ANSWER_SECONDS)

    def wake(self) -> None:
        """Look at once whether something is due."""
        with self._changed:
            self._changed.notify_all()

    def _carry_on(self) -> None:
        while True:
            with self._changed:
                if self._is_ending:
                    return
                delivery = self._next()
                if delivery is None:
                    self._changed.wait(POLL_SECONDS)
                    continue
                self._carried.add(delivery.id)
            try:
                self._carry(delivery)
            finally:
                with self._changed:
                    self._carried.discard(delivery.id)

    def _next(self) -> Delivery | None:
        store = self._world.store
        if store.setting(WEBHOOK).get("is_paused"):
            return None
        rows = store.run(
            "SELECT id, event, tries, until FROM deliveries WHERE state = 'waiting' AND due <= ?"
            " ORDER BY due, id LIMIT ?",
            *(self._world.clock.now().timestamp(), CARRIERS),
        )
        found = (Delivery(*row) for row in rows)
        return next((one for one in found if one.id not in self._carried), None)

    def _carry(self, delivery: Delivery) -> None:
        world = self._world
        webhook = world.store.setting(WEBHOOK)
        event = world.store.find("event", delivery.event)
        assert event is not None
        status = post(webhook, event, now=world.now())
        now = world.clock.now().timestamp()
        pause = min(PAUSE_MAX_SECONDS, PAUSE_SECONDS * 2**delivery.tries)
        state = DELIVERED if 200 <= status < 300 else WAITING
        if state == WAITING and now > delivery.until:
            state = GIVEN_UP
        world.store.run(
            "UPDATE deliveries SET tries = tries + 1, state = ?, status = ?, due = ? WHERE id = ?",
            *(state, status, now + pause, delivery.id),
        )


def post(webhook: Document, event: Document, *, now: int) -> int:
    """Send an event to the webhook; return its status, or 0 when there was no answer."""
    address = urlsplit(webhook["url"])
    payload = json.dumps(event, indent=2)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=ANSWER_SECONDS
    )
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(payload, webhook["secrets"], now=now),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        connection.request("POST", address.path, body=payload.encode(), headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def signature(payload: str, secrets: list[str], *, now: int) -> str:
    """Return the header that vouches for a payload, with one signature for each secret.

    While a secret is rolled Stripe signs with the old and the new one.
    """
    told = f"{now}.{payload}".encode()
    marks = (hmac.new(secret.encode(), told, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={now}", *(f"v1={mark}" for mark in marks)])

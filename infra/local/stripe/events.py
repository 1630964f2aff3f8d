"""Events: each change is announced once, kept for 30 days, and handed to the webhook's postman."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra.local.stripe.refused import Document, not_there
from infra.local.stripe.world import API_VERSION, Asked, World, mint

KEPT_SECONDS: Final = 30 * 86_400
"""Stripe tells events of the last 30 days."""
TRIED_SECONDS: Final = 3 * 86_400
"""Stripe tries to deliver for three days."""
WEBHOOK: Final = "webhook"
"""The setting that holds where events go: url, secrets, is_paused."""


def announce(
    world: World, kind: str, *, of: Document, previous: Mapping[str, object] | None = None
) -> None:
    """Make an event of an object as it is now, and a delivery of it."""
    data: Document = {"object": of}
    if previous is not None:
        data["previous_attributes"] = dict(previous)
    event: Document = {
        "id": mint("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": world.now(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 1 if world.store.setting(WEBHOOK).get("url") else 0,
        "request": {"id": world.asker.request_id, "idempotency_key": world.asker.key},
        "type": kind,
    }
    world.store.put(event)
    if event["pending_webhooks"]:
        send(world, event["id"])


def send(world: World, event_id: str, *, times: int = 1) -> None:
    """Order deliveries of an event, due at once."""
    now = world.clock.now().timestamp()
    for _ in range(times):
        world.store.run(
            "INSERT INTO deliveries (event, due, until) VALUES (?, ?, ?)",
            *(event_id, now, now + TRIED_SECONDS),
        )


def get_event(world: World, asked: Asked) -> Document:
    """Return an event that is not too old."""
    event = world.get("event", asked.about, param="id")
    if event["created"] < world.now() - KEPT_SECONDS:
        raise not_there("event", asked.about, param="id")
    return event

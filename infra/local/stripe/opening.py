"""A whole Stripe on a listening socket: its store, its desk, its levers and its postman."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.kernel.clock import Clock
from infra.local.exchange import Reply, Request
from infra.local.stripe.desk import Desk
from infra.local.stripe.door import Door
from infra.local.stripe.faults import Faults
from infra.local.stripe.levers import PREFIX, Levers, set_webhook
from infra.local.stripe.postman import Postman
from infra.local.stripe.store import Store
from infra.local.stripe.world import World


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events go when it opens; without a url they go nowhere."""

    url: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)


@contextmanager
def opened(file: Path, clock: Clock, *, webhook: Webhook, door: socket.socket) -> Iterator[Door]:
    """Open a Stripe on a listening socket; whoever asks has to serve the door."""
    store = Store(file)
    world, faults = World(store, clock), Faults()
    set_webhook(world, {"url": webhook.url, "secrets": list(webhook.secrets), "is_paused": False})
    postman = Postman(world)
    desk, levers = Desk(world, faults), Levers(world, postman=postman, faults=faults)

    def answer(request: Request) -> Reply:
        if request.path.startswith(PREFIX):
            return levers.answer(request)
        reply = desk.answer(request)
        if request.method == "POST":
            postman.wake()
        return reply

    postman.start()
    try:
        yield Door(door, answer)
    finally:
        postman.stop()
        store.close()

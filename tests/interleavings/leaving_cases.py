"""Requests that meet somebody who leaves for good, and what is left of an order sent before."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from tests.events import Json, Reply
from tests.interleavings.actors import Send
from tests.interleavings.desk_cases import send_held
from tests.interleavings.scene import Scene
from tests.mall import made
from tests.orders import ADDRESS, send


def leave(scene: Scene) -> Send:
    """Leave; the parcel of an order, of which something is told, has arrived."""
    _ = _arrived(scene)
    return _coming_back(lambda: scene.lin.delete("/me"))


def place(scene: Scene) -> Send:
    """Order something that is to be sent."""
    _ = _arrived(scene)
    body, key = {"reward_id": scene.mug, "address": ADDRESS}, scene.key()
    return _coming_back(lambda: scene.lin.post("/orders", body, key=key))


def tell(scene: Scene) -> Send:
    """Tell more about the parcel that has arrived."""
    order, told = _arrived(scene), scene.key()
    return lambda: send(scene.mall, order, tracking=told)


def wish(scene: Scene) -> Send:
    """Wish to be told otherwise."""
    _ = _arrived(scene)
    return lambda: scene.lin.put("/me/notices", {"sms": True})


def be_told(scene: Scene) -> Send:
    """Be told at last that the account was frozen."""
    _ = _arrived(scene)
    return send_held(scene)


def _arrived(scene: Scene) -> Json:
    order = scene.bought
    if order["fulfilment"] == "pending":
        order |= made(send(scene.mall, order, tracking="left at the neighbour's"), 200)
    return order


def _coming_back(ask: Callable[[], Reply]) -> Send:
    """Return how somebody asks who comes back when told to: what was judged before is judged anew.

    Nobody can be in between twice, because nobody is erased twice.
    """

    def asked() -> Reply:
        reply = ask()
        return ask() if reply.status == HTTPStatus.SERVICE_UNAVAILABLE else reply

    return asked

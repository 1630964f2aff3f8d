"""What the clients of the crash matrix send about corrections over the desk."""

from __future__ import annotations

from typing import Final

from tests.crash_requests import Clients
from tests.crashes import Send
from tests.events import Json
from tests.mall import id_of, made

DESK: Final = "/admin/adjustments"
LARGE: Final = 5_000
CORRECTED: Final = ((r"\badj_[0-9A-Za-z]{20}", "adj_"),)
"""A correction's name is its request's own."""
ALONE: Final = (*CORRECTED, (r'"n": {"N": "[0-9]+"}', "alone"))
"""What an operator moved alone in a day, which all clients share; the invariants add it up."""


def correct(clients: Clients) -> Send:
    return _ask(clients, 5)


def propose(clients: Clients) -> Send:
    return _ask(clients, LARGE)


def approve(clients: Clients) -> Send:
    return _decide(clients, "approve")


def reject(clients: Clients) -> Send:
    return _decide(clients, "reject")


def _ask(clients: Clients, points: int) -> Send:
    body, key = _wanted(clients, points), clients.key()
    return lambda: clients.mall.support.post(DESK, body, key=key)


def _decide(clients: Clients, word: str) -> Send:
    asked = clients.mall.support.post(DESK, _wanted(clients, LARGE), key=clients.key())
    path, key = f"{DESK}/{made(asked, 201)['id']}/{word}", clients.key()
    return lambda: clients.mall.finance.post(path, {}, key=key)


def _wanted(clients: Clients, points: int) -> Json:
    return {"member_id": id_of(clients.subject()), "points": points, "reason": "Miscounted."}

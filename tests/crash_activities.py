"""What the clients of the crash matrix send for points besides buying."""

from __future__ import annotations

from typing import Final

from tests.crash_requests import Clients
from tests.crashes import Send
from tests.events import Api, a_caller

CHECK_INS: Final = "POST /v1/me/check-ins"
TASKS: Final = "POST /v1/me/tasks/{task}"
CAME: Final = ((r"\b(C|T)#[0-9A-Za-z]{21}", r"\1#"),)
"""The receipt of a check-in, or of a task, is its request's own."""
SHOWN: Final = (*CAME, (r"(E#)[0-9A-Za-z]{22}", r"\1"))
"""What a client shows is its own."""
READ: Final = ("/me/check-ins", "/me/tasks")


def check_in(clients: Clients) -> Send:
    api, key = _member(clients), clients.key()
    return lambda: api.post("/me/check-ins", key=key)


def do_task(clients: Clients) -> Send:
    api, key = _member(clients), clients.key()
    body = {"evidence": f"https://example.test/posts/{key}"}
    return lambda: api.post("/me/tasks/share", body, key=key)


def _member(clients: Clients) -> Api:
    return Api(clients.mall.app, a_caller("member", subject=clients.subject()))

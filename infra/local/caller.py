"""The stack's own HTTP client: one connection to itself, JSON in and out."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.local.engines import HOST

ANSWER_SECONDS: Final = 30.0
"""Longer than any call takes on a busy machine."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its status and its JSON."""

    status: int
    json: Mapping[str, Any]


class Caller:
    """Calls one stack, over one connection that is made anew when it was lost."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)

    def get(self, path: str) -> Said:
        """Call with GET."""
        return self._call("GET", path, headers={})

    def post(self, path: str, body: Mapping[str, object], *, token: str = "", **more: str) -> Said:
        """Call with POST; `more` are further headers, underscores for hyphens."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self._call("POST", path, headers=headers, body=json.dumps(body).encode())

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _call(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Said:
        self._connection.request(method, path, body=body, headers=dict(headers))
        answer = self._connection.getresponse()
        return Said(answer.status, json.loads(answer.read()))

"""A client of a running stack, as small as a test wants it.

lin = client.member("lin")
assert lin.get("/me").status_code == 200
assert lin.post("/orders", {...}, key="k-1").status_code == 201
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import httpx

PATIENCE_SECONDS: Final = 60.0
Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Client:
    """Calls one stack, as nobody or as the bearer of a token."""

    http: httpx.Client
    api: str
    control: str
    token: str = ""
    member_id: str = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Call the API with GET."""
        return self.http.get(self.api + path, headers=self._headers(headers))

    def post(self, path: str, body: Body | None = None, *, key: str = "") -> httpx.Response:
        """Call the API with POST."""
        headers = self._headers({"Idempotency-Key": key} if key else {})
        return self.http.post(self.api + path, json=body, headers=headers)

    def put(self, path: str, body: Body, **headers: str) -> httpx.Response:
        """Call the API with PUT."""
        return self.http.put(self.api + path, json=body, headers=self._headers(headers))

    def ask(self, path: str, body: Body | None = None) -> httpx.Response:
        """Call the controls: GET without a body, POST with one."""
        if body is None:
            return self.http.get(self.control + path)
        return self.http.post(self.control + path, json=body)

    def person(self, subject: str, *roles: str) -> Self:
        """Return this client as somebody with those roles."""
        granted: dict[str, Any] = self.granted(subject, *roles)
        return replace(self, token=granted["token"], member_id=granted.get("member_id", ""))

    def member(self, subject: str) -> Self:
        """Return this client as a member."""
        return self.person(subject, "member")

    def till(self, channel: str) -> Self:
        """Return this client as a till of a channel."""
        return self.person("till", f"channel:{channel}")

    def granted(self, subject: str, *roles: str) -> dict[str, Any]:
        """Return what the controls give for a subject and roles."""
        answer = self.ask("/token", {"subject": subject, "roles": list(roles)})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named["Authorization"] = f"Bearer {self.token}"
        return named


def a_client(api: str, control: str) -> Client:
    """Return a client that keeps as many connections as a test has threads."""
    # Connections that grow old are closed by whichever thread comes by, perhaps while another one
    # has just got them; those that never do are closed at the end.
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256, keepalive_expiry=None)
    return Client(httpx.Client(timeout=PATIENCE_SECONDS, limits=limits), api, control)

"""Members and channels that a token speaks for, made through the public API like anybody's.

Nothing here reaches around the program: a member is enrolled with its own token, and a channel is
added to the program's document with an operator's, read and written back under its ETag until
nobody else has written in between.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final, Protocol

from infra.local.exchange import Reply, Request
from infra.local.issuer import Issuer, client_of

TRIES_MAX: Final = 20
"""Writers of the document at once; each round one of them gets through."""
PAUSE_SECONDS: Final = 0.02
PROGRAM: Final = "/v1/admin/program"
LOST: Final = frozenset({412, 503})
"""Somebody else was first: read again and retry."""


class NotDone(Exception):
    """The program refused; its answer says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Api(Protocol):
    """The program's API, called without a socket."""

    def answer(self, request: Request) -> Reply:
        """Return the answer to a request."""


class People:
    """Makes what a token needs to be of use."""

    def __init__(self, api: Api, issuer: Issuer) -> None:
        self._api = api
        self._issuer = issuer

    def enrol(self, subject: str, token: str) -> str:
        """Enrol the bearer of a token, unless that was done before; return the member's id."""
        body = {"email": mail_of(subject)}
        reply = self._send(Request("POST", "/v1/me"), token, body=body)
        if reply.status not in {200, 201}:
            raise NotDone(reply)
        member_id: str = json.loads(reply.body)["id"]
        return member_id

    def introduce(self, channel: str) -> str:
        """Make sure that the program knows a channel's client; return the client's id."""
        client = client_of(channel)
        reply = self._introduce_once(client, channel)
        for _ in range(TRIES_MAX):
            if reply.status not in LOST:
                break
            time.sleep(PAUSE_SECONDS)
            reply = self._introduce_once(client, channel)
        if reply.status != 200:
            raise NotDone(reply)
        return client

    def _introduce_once(self, client: str, channel: str) -> Reply:
        found = self._get(PROGRAM, self._operator)
        if found.status != 200:
            return found
        document = json.loads(found.body)
        if document["channels"].get(client) == channel:
            return found
        document["channels"][client] = channel
        put = Request("PUT", PROGRAM, headers={"If-Match": found.header("ETag")})
        return self._send(put, self._operator, body=document)

    @cached_property
    def _operator(self) -> str:
        return self._issuer.person("local-stack", ["admin"])

    def _get(self, path: str, token: str) -> Reply:
        return self._api.answer(Request("GET", path, headers=_headers(token)))

    def _send(self, request: Request, token: str, *, body: Mapping[str, object]) -> Reply:
        payload = json.dumps(body).encode()
        headers = {**request.headers, **_headers(token), "Content-Type": "application/json"}
        return self._api.answer(
            replace(request, headers=headers, body=payload, body_bytes=len(payload))
        )


def mail_of(subject: str) -> str:
    """Return a subject's mail address, which has one @ even where the subject has some itself."""
    return f"{subject.replace('@', '_')}@example.test"


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}

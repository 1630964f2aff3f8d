"""An app for tests of the local gateway: it keeps the events it gets and answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.local.exchange import Reply, Request
from infra.local.gateway import Event


@dataclass
class Entry:
    """A route of the recording app."""

    authorizer: Any = None
    view_function: object = None


@dataclass
class Settings:
    """The recording app's gateway settings."""

    binary_types: list[str] = field(default_factory=lambda: ["application/octet-stream"])


class Recorder:
    """An app that keeps the events it gets and answers as it is told."""

    def __init__(
        self,
        *templates: str,
        authorizer: object = None,
        methods: str = "GET POST",
        view: object = None,
    ) -> None:
        entries = {method: Entry(authorizer, view) for method in methods.split()}
        self.routes: Mapping[str, Mapping[str, Entry]] = dict.fromkeys(templates, entries)
        self.api = Settings()
        self.events: list[dict[str, Any]] = []
        self.says: dict[str, object] = {"statusCode": 200, "headers": {}, "body": "{}"}

    def __call__(self, event: Event, context: object, /) -> Mapping[str, object]:
        """Keep the event."""
        assert context is not None
        self.events.append(event)
        return self.says


def problem_in(reply: Reply) -> dict[str, Any]:
    assert reply.header("Content-Type") == "application/problem+json"
    told: dict[str, Any] = json.loads(reply.body)
    assert told["status"] == reply.status
    assert told["instance"] == f"urn:jifen:request:{reply.header('X-Request-Id')}"
    return told


def get(path: str, query: str = "", **headers: str) -> Request:
    return Request("GET", path, query, headers={"Accept-Language": "en", **headers})

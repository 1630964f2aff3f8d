"""API Gateway's events: what came in as a `Request`, what goes out as a `Reply`.

The gateway hands over a parsed request (REST API, payload format 1.0) and takes an answer of the
same make. Path parameters arrive percent-encoded and query parameters decoded. This module only
reads and writes that form; it judges nothing but sizes and encodings.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from chalicelib.kernel.errors import Malformed, NotFound, TooLarge

NO_FACTS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the gateway tells it; header names in lower case."""

    method: str
    resource: str
    id: str
    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    event: Mapping[str, Any]

    def header(self, name: str) -> str:
        """Return a header by its lower-case name, empty where there is none."""
        return self.headers.get(name, "")

    @property
    def reads(self) -> bool:
        """Tell whether the method only reads."""
        return self.method in {"GET", "HEAD"}

    def authorizer(self) -> Mapping[str, object] | None:
        """Return what the authorizer handed on."""
        context: Mapping[str, object] | None = self.event["requestContext"].get("authorizer")
        return context

    def path(self) -> dict[str, str]:
        """Return the path's parameters, decoded; one that is no UTF-8 names nothing."""
        given: Mapping[str, str] = self.event.get("pathParameters") or NO_FACTS
        return {name: decoded(value) for name, value in given.items()}

    def payload(self, bytes_max: int) -> bytes:
        """Return the body's bytes, empty where there is none; refuse more than allowed."""
        body: str = self.event.get("body") or ""
        raw = from_base64(body) if self.event.get("isBase64Encoded") else encoded(body)
        if len(raw) > bytes_max:
            raise TooLarge(bytes_max=bytes_max)
        return raw


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, serialised; `code` and `about` go into the log and nowhere else."""

    status: int
    headers: Mapping[str, str]
    body: str
    code: str = ""
    about: Mapping[str, str] = field(default_factory=dict)

    def to_event(self) -> dict[str, object]:
        """Return the form that the gateway takes."""
        return {
            "statusCode": self.status,
            "headers": dict(self.headers),
            "multiValueHeaders": {},
            "body": self.body,
            "isBase64Encoded": False,
        }


def read_event(event: Mapping[str, Any]) -> Request:
    """Return the request in a gateway's event; whatever is missing counts as empty."""
    context: Mapping[str, Any] = event.get("requestContext") or {}
    headers: Mapping[str, str] = event.get("headers") or NO_FACTS
    return Request(
        method=context.get("httpMethod", ""),
        resource=context.get("resourcePath") or "",
        id=context.get("requestId") or str(uuid.uuid4()),
        headers={name.lower(): value for name, value in headers.items()},
        query=event.get("multiValueQueryStringParameters") or {},
        event=event if context else {**event, "requestContext": context},
    )


def decoded(value: str) -> str:
    """Return a percent-encoded path segment as text."""
    if "%" not in value:
        return value
    try:
        return unquote_to_bytes(value).decode()
    except ValueError:
        raise NotFound from None


def encoded(body: str) -> bytes:
    """Return a body's bytes; half a surrogate pair has none."""
    try:
        return body.encode()
    except UnicodeEncodeError:
        raise Malformed(reason="the body is not UTF-8") from None


def from_base64(body: str) -> bytes:
    """Return the bytes of a body that the gateway took for binary."""
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(reason="the body is not base64") from None

"""One HTTP request and its answer, as the parts of the local stack hand them to one another.

The WSGI server stands at the outer end; inside, plain values let the controls call the API without
a socket, so a stack whose threads are all busy cannot wait for itself. A header that was sent more
than once arrives here as one, joined by commas (RFC 9110, section 5.3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import IO, Final, cast

from chalicelib.kernel.errors import Malformed

Environ = Mapping[str, object]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

REQUEST_BYTES_MAX: Final = 10 * 1024 * 1024
"""API Gateway's payload limit."""
READ_BYTES_MAX: Final = 6 * 1024 * 1024
"""Lambda's limit on an event: a longer body reaches no function, so it is not taken into memory,
where sixteen threads with 10 MB each would fill 600 MB."""
TARGET: Final = re.compile(r"(?:https?://[^/?#]*)?(?P<path>/[!-~]*)")
"""Origin form, or the absolute form that proxies use; printable ASCII, as RFC 9112 asks."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: the path as it was sent, percent-encoded and without the query.

    `body_bytes` is how long the body is; one that was too long to be read leaves `body` empty.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    body_bytes: int = 0
    was_read: bool = True
    address: str = "127.0.0.1"

    def header(self, name: str) -> str:
        """Return a header by its name in Title-Case, or nothing."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers and the body's bytes."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return a header by its name, or nothing."""
        found = (value for told, value in self.headers if told.lower() == name.lower())
        return next(found, "")


def request_of(environ: Environ) -> Request:
    """Return the request in a WSGI environment, its body read."""
    variables = cast("Mapping[str, str]", environ)
    target = TARGET.fullmatch(variables["REQUEST_URI"])
    if target is None:
        raise Malformed(reason="the request target is not valid")
    path, _, query = target["path"].partition("?")
    length = int(variables.get("CONTENT_LENGTH") or 0)
    was_read = length <= READ_BYTES_MAX
    return Request(
        method=variables["REQUEST_METHOD"],
        path=path,
        query=query,
        headers=_headers(variables),
        body=cast("IO[bytes]", environ["wsgi.input"]).read(length) if was_read else b"",
        body_bytes=length,
        was_read=was_read,
        address=variables["REMOTE_ADDR"],
    )


def _headers(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the headers in Title-Case."""
    headers = {
        name[5:].replace("_", "-").title(): value
        for name, value in variables.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if name in variables:
            headers[name.replace("_", "-").title()] = variables[name]
    return headers


def json_reply(members: Mapping[str, object], status: int = 200) -> Reply:
    """Return a JSON answer that nobody may keep."""
    body = json.dumps(members, ensure_ascii=False).encode()
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Reply(status, headers, body)


def sent(reply: Reply, start_response: StartResponse, *, method: str) -> list[bytes]:
    """Send an answer through WSGI; HEAD gets the headers of the answer and no body."""
    headers = [*reply.headers, ("Content-Length", str(len(reply.body)))]
    status = f"{reply.status} {responses.get(reply.status, '')}".rstrip()
    start_response(status, headers)
    return [] if method == "HEAD" else [reply.body]

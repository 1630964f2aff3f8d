"""botocore without what an engine on this machine does not read.

A call costs the client 1.2 ms of processor time, of which half prepares a signature that nobody
looks at, a user agent, an address that is always the same, and TLS and proxies that are not there.
So the engine of the tests is sent the same bodies by shorter ways (`tests.shortcalls` words them);
whatever else has to do with botocore, its events, its time limits and its errors, stays as it is.
Every other address is served by botocore alone, so the stack, the workers and whatever goes through
a proxy meet the real client.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BufferedReader
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.regions import EndpointRulesetResolver
from botocore.session import get_session
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from pynamodb.connection import base
from urllib3.util.wait import wait_for_read

from chalicelib.storage.table import READ_SECONDS
from tests.shortcalls import short_to

SENT: Final = ("X-Amz-Target", "Content-Type")
"""The headers that tell an engine anything."""

AUTHORIZATION: Final = (
    "AWS4-HMAC-SHA256 Credential=local/20260101/ap-southeast-1/dynamodb/aws4_request,"
    " SignedHeaders=host, Signature=0"
)
SAID: Final = {"X-Amz-Date": "20260101T000000Z", "Authorization": AUTHORIZATION}
"""An engine wants to see a signature, and believes any."""

Send = Callable[[URLLib3Session, AWSPreparedRequest], AWSResponse]


def shorten_calls(patch: pytest.MonkeyPatch) -> None:
    """Let every client of this process prepare its calls in a shorter way."""
    patch.setattr(UserAgentString, "to_string", lambda _: "tests")
    patch.setattr(EndpointRulesetResolver, "construct_endpoint", _constructed_once())
    # A table each means a client each; what every client reads first, they may share.
    patch.setattr(base, "get_session", cache(get_session))


@contextmanager
def shortened(endpoint: str) -> Iterator[None]:
    """Let every client of this process take the short way to one engine."""
    line = Line(endpoint, URLLib3Session.send)
    with pytest.MonkeyPatch.context() as patch, closing(line), short_to(endpoint):
        patch.setattr(URLLib3Session, "send", line.sender())
        patch.setattr(RequestSigner, "sign", _signed_elsewhere(endpoint))
        yield


def _signed_elsewhere(endpoint: str) -> Callable[..., None]:
    """Return what signs whatever goes anywhere else."""
    sign: Any = RequestSigner.sign

    def signed(signer: Any, operation_name: str, request: Any, *rest: Any, **named: Any) -> None:
        if not request.url.startswith(endpoint):
            sign(signer, operation_name, request, *rest, **named)

    return signed


def _constructed_once() -> Callable[..., Any]:
    """Return what finds a client's address once: DynamoDB's does not depend on the call."""
    construct: Any = EndpointRulesetResolver.construct_endpoint

    def constructed(resolver: Any, operation_model: Any, *rest: Any, **named: Any) -> Any:
        known = vars(resolver).setdefault("_known_here", {})
        name = operation_model.service_model.service_name
        if name != "dynamodb":
            return construct(resolver, operation_model, *rest, **named)
        if name not in known:
            known[name] = construct(resolver, operation_model, *rest, **named)
        return known[name]

    return constructed


@dataclass(frozen=True, slots=True)
class Line:
    """Connections to an engine: as many as were needed at once, kept from call to call."""

    endpoint: str
    otherwise: Send
    kept: list[Wire] = field(default_factory=list)

    def sender(self) -> Send:
        """Return how a session sends: along this line, or as ever."""

        def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
            is_here = request.url.startswith(self.endpoint)
            return self.send(request) if is_here else self.otherwise(session, request)

        return send

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Send a request and return its answer, or raise what botocore would."""
        worded, wire = _worded(request), self._open(request.url)
        with ExitStack() as unless_answered:
            unless_answered.callback(wire.close)
            try:
                wire.socket.sendall(worded)
                answer = _answer(request.url, wire.answers)
            except TimeoutError as failure:
                raise ReadTimeoutError(endpoint_url=request.url, error=failure) from failure
            except (OSError, IndexError) as failure:
                raise ConnectionClosedError(endpoint_url=request.url, error=failure) from failure
            unless_answered.pop_all()
        self.kept.append(wire)
        return answer

    def close(self) -> None:
        """Close every connection; none may be in use."""
        for wire in self.kept:
            wire.close()
        self.kept.clear()

    def _open(self, url: str) -> Wire:
        """Return a connection that is free and that nobody has closed, or a new one."""
        while self.kept:
            wire = self.kept.pop()
            if not wait_for_read(wire.socket, 0):
                return wire
            wire.close()
        where = urlsplit(self.endpoint)
        try:
            opened = socket.create_connection((where.hostname, where.port), READ_SECONDS)
        except OSError as failure:
            raise EndpointConnectionError(endpoint_url=url, error=failure) from failure
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Wire(opened, opened.makefile("rb"))


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection, and what comes over it."""

    socket: socket.socket
    answers: BufferedReader

    def close(self) -> None:
        """Hang up."""
        self.answers.close()
        self.socket.close()


def _worded(request: AWSPreparedRequest) -> bytes:
    """Return a request as it goes over the wire."""
    told = [f"{name}: {_text(request.headers[name])}\r\n" for name in SENT]
    told += [f"{name}: {value}\r\n" for name, value in SAID.items()]
    body = request.body
    assert isinstance(body, bytes), "DynamoDB's clients send bytes"
    head = f"POST / HTTP/1.1\r\nHost: here\r\n{''.join(told)}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _answer(url: str, answers: BufferedReader) -> AWSResponse:
    status = int(answers.readline().split()[1])
    headers: dict[str, str] = {}
    while line := answers.readline().strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    size = int(headers["content-length"])
    return _Read(url, status, headers, answers.read(size))


class _Read(AWSResponse):
    """An answer whose body was read."""

    def __init__(self, url: str, status: int, headers: Any, content: bytes) -> None:
        super().__init__(url, status, headers, None)
        self._content = content

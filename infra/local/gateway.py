"""API Gateway and Lambda in front of a Chalice app, as far as a request can tell.

The order of things: route, size, token. The request becomes the event that API Gateway's REST
proxy integration sends, the app handles it as it does in Lambda, and its answer becomes HTTP again.
What the gateway refuses by itself is a problem answer with the codes of the house.

Where AWS differs, and the price of it: a known path with a method that it does not take is 405
with Allow here and 404 behind API Gateway, which cannot tell; HEAD is answered by GET's view; a
repeated header is one joined header and not a list; nothing limits how long a view takes. A body
that is too large for Lambda or for its route is 413 here before anybody looks at the token, as the
contract has it; AWS asks the authorizer before it measures against these two.
"""

from __future__ import annotations

import base64
import json
import sys
import traceback
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, cast
from urllib.parse import parse_qs

from chalicelib.kernel.errors import MethodNotAllowed, NotFound, Refusal, TooLarge
from chalicelib.web.problems import Broken
from chalicelib.web.routes import Endpoint
from infra.local.admission import Admission, Authorizer
from infra.local.exchange import READ_BYTES_MAX, REQUEST_BYTES_MAX, Reply, Request
from infra.local.problems import HeadersTooLarge, problem
from infra.local.routing import Match, RouteMap

HEADER_BYTES_MAX: Final = 10_240
"""API Gateway's limit on the request line and the headers together."""
INVOCATION_BYTES_MAX: Final = READ_BYTES_MAX
"""Lambda's limit on the event of a synchronous call, and on its answer."""
SMALL_BYTES_MAX: Final = INVOCATION_BYTES_MAX // 6 - 4 * HEADER_BYTES_MAX
"""A body up to this cannot reach Lambda's limit even if JSON writes each byte as six (`\\u0000`),
so its event need not be written out to be measured."""
MEASURED_CHARS: Final = 64 * 1024
"""Measured at a time: a body that JSON makes six times as long is never written out whole."""
API_ARN: Final = "arn:aws:execute-api:local:000000000000:local/api"

Event = dict[str, object]


class RouteEntry(Protocol):
    """A declared route, as Chalice keeps it."""

    @property
    def authorizer(self) -> object:
        """The authorizer function, None for a public route."""

    @property
    def view_function(self) -> object:
        """What answers: of our own routes, an endpoint that knows how much it reads."""


class Api(Protocol):
    """Chalice's settings of the gateway."""

    binary_types: list[str]


class ChaliceApp(Protocol):
    """The part of a Chalice app that the gateway needs."""

    @property
    def routes(self) -> Mapping[str, Mapping[str, RouteEntry]]:
        """The declared routes: template, then method."""

    @property
    def api(self) -> Api:
        """The gateway's settings."""

    def __call__(self, event: Event, context: object, /) -> Mapping[str, object]:
        """Handle an event as in Lambda."""


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """The context object that Lambda passes beside the event."""

    aws_request_id: str
    function_name: str = "jifen-local"
    function_version: str = "$LATEST"
    invoked_function_arn: str = "arn:aws:lambda:local:000000000000:function:jifen-local"
    memory_limit_in_mb: int = 512

    def get_remaining_time_in_millis(self) -> int:
        """Return API Gateway's 29 seconds: nobody counts them down here."""
        return 29_000


class Gateway:
    """Answers requests with a Chalice app."""

    def __init__(self, app: ChaliceApp, admission: Admission | None = None) -> None:
        self._app = app
        self._routes = RouteMap(app.routes)
        self._admission = admission or Admission()

    def answer(self, request: Request) -> Reply:
        """Return the answer to a request; never raises."""
        request_id = str(uuid.uuid4())
        language = request.header("Accept-Language")
        try:
            return self._handled(request, request_id)
        except Refusal as refusal:
            return problem(refusal, accept_language=language, request_id=request_id)
        except Exception:  # noqa: BLE001 - the edge: whatever fails, the client gets an answer
            traceback.print_exc(file=sys.stderr)
            return problem(Broken(), accept_language=language, request_id=request_id)

    def _handled(self, request: Request, request_id: str) -> Reply:
        match = self._routes.find(request.path)
        if match is None:
            raise NotFound
        entries = self._app.routes[match.template]
        method = _method_served(request.method, entries)
        entry = entries[method]
        _check_size(request, entry)
        context = LambdaContext(request_id)
        told = _request_context(request, match, method=method, request_id=request_id)
        event = _event(request, match, told=told, binary_types=self._app.api.binary_types)
        _check_invocation(request, event)
        if entry.authorizer is not None:
            told["authorizer"] = self._admission.admit(
                cast(Authorizer, entry.authorizer),
                token=request.header("Authorization"),
                arn=f"{API_ARN}/{method}{request.path}",
                context=context,
            )
        return _reply(self._app(event, context))


def _method_served(method: str, entries: Mapping[str, RouteEntry]) -> str:
    """Return the method whose view answers, or refuse with those that are there."""
    if method in entries:
        return method
    if method == "HEAD" and "GET" in entries:
        return "GET"
    offered = {*entries, "HEAD"} if "GET" in entries else set(entries)
    raise MethodNotAllowed(allow=", ".join(sorted(offered)))


def _check_size(request: Request, entry: RouteEntry) -> None:
    """Refuse what API Gateway would not take, or the route would not read."""
    line = len(request.method) + len(request.path) + len(request.query)
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    if line + headers > HEADER_BYTES_MAX:
        raise HeadersTooLarge(bytes_max=HEADER_BYTES_MAX)
    if request.body_bytes > REQUEST_BYTES_MAX:
        raise TooLarge(bytes_max=REQUEST_BYTES_MAX)
    view = entry.view_function
    if isinstance(view, Endpoint) and view.operation.method != "GET":
        bytes_max = view.operation.bytes_max
        if request.body_bytes > bytes_max:
            raise TooLarge(bytes_max=bytes_max)


def _check_invocation(request: Request, event: Event) -> None:
    """Refuse what Lambda would not take; what the authorizer adds weighs next to nothing."""
    if request.body_bytes <= SMALL_BYTES_MAX:
        return
    body = cast("str", event["body"] or "")
    # Written so, JSON is ASCII: as many bytes as characters, quotes around each part included.
    parts = (body[at : at + MEASURED_CHARS] for at in range(0, len(body), MEASURED_CHARS))
    written = sum(len(json.dumps(part)) - 2 for part in parts)
    event_bytes = len(json.dumps({**event, "body": ""})) + written
    if not request.was_read or event_bytes > INVOCATION_BYTES_MAX:
        raise TooLarge(bytes_max=INVOCATION_BYTES_MAX)


def _request_context(request: Request, match: Match, *, method: str, request_id: str) -> Event:
    """Return what the gateway itself knows about a request."""
    return {
        "accountId": "000000000000",
        "apiId": "local",
        "stage": "api",
        "protocol": "HTTP/1.1",
        "httpMethod": method,
        "resourcePath": match.template,
        "path": request.path,
        "requestId": request_id,
        "extendedRequestId": request_id,
        "identity": {
            "sourceIp": request.address,
            "userAgent": request.header("User-Agent"),
        },
    }


def _event(request: Request, match: Match, *, told: Event, binary_types: list[str]) -> Event:
    """Return the event of a REST API's proxy integration (payload format 1.0)."""
    queries = parse_qs(request.query, keep_blank_values=True) or None
    body, encoded = _body(request, binary_types)
    return {
        "resource": match.template,
        "path": request.path,
        "httpMethod": told["httpMethod"],
        "headers": request.headers,
        "multiValueHeaders": {name: [value] for name, value in request.headers.items()},
        "queryStringParameters": {name: all_[-1] for name, all_ in queries.items()}
        if queries
        else None,
        "multiValueQueryStringParameters": queries,
        "pathParameters": match.parameters or None,
        "stageVariables": None,
        "requestContext": told,
        "body": body,
        "isBase64Encoded": encoded,
    }


def _body(request: Request, binary_types: list[str]) -> tuple[str | None, bool]:
    """Return the body as the gateway passes it on, and whether that is base64.

    AWS mangles text that is not UTF-8; here the program gets to see it as it came.
    """
    if not request.body:
        return None, False
    media = request.header("Content-Type").partition(";")[0].strip().lower()
    if media not in binary_types:
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def _reply(answer: Mapping[str, object]) -> Reply:
    """Return what a proxy integration's answer means in HTTP."""
    body = cast("str", answer["body"])
    raw = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    if len(raw) > INVOCATION_BYTES_MAX:
        raise ValueError("the function's answer is larger than Lambda returns")
    return Reply(cast("int", answer["statusCode"]), tuple(_headers(answer)), raw)


def _headers(answer: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    single = cast("Mapping[str, str]", answer.get("headers") or {})
    yield from ((name, str(value)) for name, value in single.items())
    for name, values in cast(
        "Mapping[str, list[str]]", answer.get("multiValueHeaders") or {}
    ).items():
        yield from ((name, str(value)) for value in values)

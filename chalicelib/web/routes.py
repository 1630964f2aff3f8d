"""Routes: each declares what it asks for and what it says, and gets a call that fits.

    routes = Routes(__name__)

    @routes.post("/orders", roles=("member",), key=True, body=OrderDraft, answer=OrderView, …)
    def place(call: Call[OrderDraft]) -> Answer: …

A request is checked in one order: size, token, role, content type, key, body, version, query. Then
the view runs, and its answer is serialised here, so that nothing can fail later. Everything that
goes wrong is raised; the house turns it into a problem. What a route needs is worked out when it
is declared; a request costs no look at types.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Required, TypedDict, TypeVar, Unpack
from urllib.parse import quote

from chalice.app import Blueprint, Chalice
from pydantic import BaseModel

from chalicelib.kernel.errors import Language, Refusal
from chalicelib.storage.work import Work
from chalicelib.web.authorizer import check_token
from chalicelib.web.bodies import BODY_BYTES_MAX, Body, Query, read_body, read_query
from chalicelib.web.calls import NOTHING_RAW, Answer, Call, Outside, Raw
from chalicelib.web.events import Reply, Request
from chalicelib.web.headers import (
    content_tag,
    is_known,
    language_asked,
    language_of,
    require_json,
    require_key,
    require_version,
    version_tag,
)
from chalicelib.web.identity import RoleWord, admit, admitted
from chalicelib.web.problems import HEADERS_ALWAYS

PREFIX: Final = "/v1"
"""Before every path."""
JSON_TYPE: Final = "application/json"

Example = Mapping[str, object]
"""JSON as a reader of the documentation sees it; tests read it with the declared model."""
KeyRule = Literal[False, True, "optional"]
"""Whether a route asks for an Idempotency-Key; an optional one makes a request repeatable."""
ViewFunction = Callable[..., Answer | BaseModel]
F = TypeVar("F", bound=ViewFunction)


class Declaration(TypedDict, total=False):
    """What a route says of itself.

    `raw`: the view reads the bytes itself. `status_again`: of an answer to what was done before,
    where it differs. `key`: asks for an Idempotency-Key. `match`: asks for If-Match. `tagged`:
    answers carry an ETag. `refusals`: those of the use case; the standing ones (roles, sizes,
    fields) are documented by themselves.
    """

    roles: Required[tuple[RoleWord, ...]]
    summary: Required[str]
    answer: Required[type[BaseModel]]
    status: int
    status_again: int
    body: type[BaseModel] | None
    query: type[Query]
    key: KeyRule
    match: bool
    tagged: bool
    bytes_max: int
    raw: bool
    refusals: tuple[type[Refusal], ...]
    example: Example
    answer_example: Example
    path_example: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path, as declared."""

    method: str
    path: str
    view: ViewFunction
    roles: tuple[RoleWord, ...]
    summary: str
    answer: type[BaseModel]
    status: int = 200
    status_again: int = 0
    body: type[BaseModel] | None = None
    query: type[Query] = Query
    key: KeyRule = False
    match: bool = False
    tagged: bool = False
    bytes_max: int = BODY_BYTES_MAX
    raw: bool = False
    refusals: tuple[type[Refusal], ...] = ()
    example: Example = field(default_factory=dict)
    answer_example: Example = field(default_factory=dict)
    path_example: Mapping[str, str] = field(default_factory=dict)

    @property
    def route(self) -> str:
        """Return the template, `POST /v1/orders/{id}/cancel`."""
        return f"{self.method} {self.path}"


class Endpoint:
    """What the gateway's request meets: an operation with everything about it worked out."""

    def __init__(self, operation: Operation) -> None:
        """Work out what no request changes."""
        body = operation.body or Body
        self.operation = operation
        self.route = operation.route
        self.__name__ = operation.view.__name__
        self.__doc__ = operation.summary
        self._roles = admitted(operation.roles)
        self._body = None if operation.method == "GET" or operation.raw else body
        self._may_be_empty = not any(field.is_required() for field in body.model_fields.values())

    def reply(self, request: Request, work: Work, *, outside: Outside) -> Reply:
        """Return the answer to a request, or raise what stands against it."""
        operation = self.operation
        payload = request.payload(operation.bytes_max) if self._body or operation.raw else b""
        identity = admit(request.authorizer(), self._roles)
        if payload and not operation.raw:
            require_json(request.header("content-type"))
        key = self._key(request)
        language = language_of(request.header("accept-language"))
        body = self._read(payload, language)
        version = require_version(request.header("if-match")) if operation.match else 0
        query = read_query(operation.query, request.query, language=language)
        path = request.path()
        call: Call[Any, Any] = Call(
            work=work,
            outside=outside,
            identity=identity,
            path=path,
            body=body,
            query=query,
            key=key,
            route=self.route,
            fingerprint=b"" if body is None else fingerprint(operation, path, body=body),
            language=language,
            asked=language_asked(request.header("accept-language")),
            if_match=version,
            if_none_match=request.header("if-none-match"),
            raw=Raw(payload, request.headers) if operation.raw else NOTHING_RAW,
        )
        answer = operation.view(call)
        if isinstance(answer, BaseModel):
            answer = Answer(answer)
        return rendered(answer, request, status=operation.status)

    def prepare(self) -> None:
        """Build what otherwise waits for its first use: the models' validators and serialisers."""
        operation = self.operation
        for model in (operation.body, operation.query, operation.answer):
            if model is not None:
                model.model_rebuild()

    def _key(self, request: Request) -> str:
        rule = self.operation.key
        given = request.headers.get("idempotency-key")
        if not rule or (rule == "optional" and given is None):
            return ""
        return require_key(given)

    def _read(self, payload: bytes, language: Language) -> BaseModel | None:
        if self._body is None:
            return None
        if not payload and self._may_be_empty:
            payload = b"{}"
        return read_body(self._body, payload, language=language)


class Routes(Blueprint):
    """The routes of one capability."""

    def __init__(self, import_name: str) -> None:
        """Begin without any."""
        super().__init__(import_name)
        self.endpoints: list[Endpoint] = []

    def get(self, path: str, **declared: Unpack[Declaration]) -> Callable[[F], F]:
        """Declare a route that only reads."""
        return self._declare("GET", path, declared=declared)

    def post(self, path: str, **declared: Unpack[Declaration]) -> Callable[[F], F]:
        """Declare a route that does something."""
        return self._declare("POST", path, declared=declared)

    def put(self, path: str, **declared: Unpack[Declaration]) -> Callable[[F], F]:
        """Declare a route that replaces something."""
        return self._declare("PUT", path, declared=declared)

    def delete(self, path: str, **declared: Unpack[Declaration]) -> Callable[[F], F]:
        """Declare a route that ends something for good."""
        return self._declare("DELETE", path, declared=declared)

    def register(self, app: Chalice, options: dict[str, Any]) -> None:
        """Add the routes to an app.

        Not by Chalice's deferred registration: that takes its arguments apart at the first app,
        and a second one, in a test, would get routes without methods and authorizer.
        """
        super().register(app, options)
        for endpoint in self.endpoints:
            operation = endpoint.operation
            app.route(
                operation.path,
                name=endpoint.route,
                methods=[operation.method],
                authorizer=check_token if operation.roles else None,
            )(endpoint)

    def _declare(self, method: str, path: str, *, declared: Declaration) -> Callable[[F], F]:
        assert path.startswith("/"), "a path begins with a slash"

        def declare(view: F) -> F:
            operation = Operation(method, PREFIX + path, view, **declared)
            self.endpoints.append(Endpoint(operation))
            return view

        return declare


def fingerprint(operation: Operation, path: Mapping[str, str], *, body: BaseModel) -> bytes:
    """Return what makes two requests the same: SHA-256 of method, concrete path and body.

    Fields that are null are left out, so that a field added later does not turn an old request's
    replay into another request.
    """
    concrete = operation.path.format_map({name: quote(path[name], safe="") for name in path})
    sent = body.model_dump(mode="json", exclude_none=True)
    told = json.dumps([operation.method, concrete, sent], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).digest()


def rendered(answer: Answer, request: Request, *, status: int) -> Reply:
    """Return an answer as the gateway sends it; 304 to whoever reads what it has already."""
    body = answer.body
    text = body if isinstance(body, str) else body.model_dump_json()
    headers = {**HEADERS_ALWAYS, "Content-Type": JSON_TYPE, "X-Request-Id": request.id}
    if answer.version:
        headers["ETag"] = version_tag(answer.version)
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    if answer.cache:
        headers |= {"ETag": content_tag(text), **answer.cache.headers()}
    headers |= answer.headers
    if request.reads and is_known(headers.get("ETag"), request.header("if-none-match")):
        del headers["Content-Type"]
        return Reply(304, headers, "", about=answer.about)
    return Reply(answer.status or status, headers, text, about=answer.about)

"""Requests without a network: an event as API Gateway makes it, and the answer that comes back.

    api = Api(app, MEMBER)
    reply = api.post("/orders", {"reward_id": "rwd_…"}, key="k-1")
    assert reply.status == 201 and reply["status"] == "settled"

The path is resolved against the app's own routes, parameters stay percent-encoded as the gateway
leaves them, and a caller's identity stands where the authorizer would have put it. With `token=`
the app's real authorizer runs instead.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack
from urllib.parse import parse_qs, urlsplit

from chalicelib.web.authorizer import Unauthorized, check_token
from chalicelib.web.house import House
from chalicelib.web.identity import Identity

METHOD_ARN = "arn:aws:execute-api:us-east-1:000000000000:api/test/GET/v1"

Json = dict[str, Any]


def a_caller(*roles: str, subject: str = "sub-1", client: str = "mall") -> Identity:
    """Return an identity as the authorizer would hand it on."""
    return Identity(subject=subject, client=client, roles=frozenset(roles))


MEMBER = a_caller("member")
CHANNEL = a_caller("channel", subject="till-1", client="till-1")
MARKETING = a_caller("marketing", subject="op-marketing")
SUPPORT = a_caller("support", subject="op-support")
FINANCE = a_caller("finance", subject="op-finance")
ADMIN = a_caller("admin", subject="op-admin")


class Sent(TypedDict, total=False):
    """What goes with a request. `token` is a whole Authorization header."""

    caller: Identity | None
    token: str
    headers: Mapping[str, str]
    key: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers with names in lower case, and the text of the body."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Json:
        """Return the body's JSON object."""
        document: Json = json.loads(self.text)
        return document

    def __getitem__(self, name: str) -> Any:
        """Return a member of the body."""
        return self.json[name]

    @property
    def code(self) -> str:
        """Return a problem's code, empty for any other answer."""
        problem = self.headers.get("content-type") == "application/problem+json"
        return str(self.json["code"]) if problem else ""

    def pointers(self) -> list[str]:
        """Return where a problem says that fields are wrong."""
        return [error["pointer"] for error in self.json.get("errors", [])]


@dataclass(frozen=True, slots=True)
class Api:
    """An app and who calls it."""

    app: House
    caller: Identity | None = None

    def by(self, caller: Identity | None) -> Api:
        """Return the same app, called by somebody else."""
        return replace(self, caller=caller)

    def get(self, path: str, **sent: Unpack[Sent]) -> Reply:
        """Read."""
        return self.call("GET", path, **sent)

    def post(self, path: str, body: object = None, **sent: Unpack[Sent]) -> Reply:
        """Do something."""
        return self.call("POST", path, body=body, **sent)

    def put(self, path: str, body: object = None, **sent: Unpack[Sent]) -> Reply:
        """Replace something."""
        return self.call("PUT", path, body=body, **sent)

    def delete(self, path: str, body: object = None, **sent: Unpack[Sent]) -> Reply:
        """End something for good."""
        return self.call("DELETE", path, body=body, **sent)

    def call(self, method: str, path: str, *, body: object = None, **sent: Unpack[Sent]) -> Reply:
        """Send any request; paths stand without `/v1`."""
        sent.setdefault("caller", self.caller)
        return call(self.app, method, "/v1" + path, body=body, **sent)


def call(app: House, method: str, path: str, *, body: object = None, **sent: Unpack[Sent]) -> Reply:
    """Send one request to an app; text and bytes go as they are, any other body as JSON."""
    answer = app(an_event(app, method, path, body=body, **sent), None)
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return Reply(answer["statusCode"], headers, answer["body"])


def an_event(
    app: House, method: str, path: str, *, body: object = None, **sent: Unpack[Sent]
) -> Json:
    """Return the event that API Gateway would make of a request."""
    parts = urlsplit(path)
    resource, parameters = resolved(app, parts.path)
    headers = headers_of(sent, is_json=body is not None)
    text, is_base64 = body_of(body)
    context: Json = {
        "resourcePath": resource,
        "httpMethod": method,
        "requestId": "req-1",
        "path": parts.path,
    }
    handed_on = authorized(sent)
    if handed_on is not None:
        context["authorizer"] = handed_on
    query = parse_qs(parts.query, keep_blank_values=True) or None
    return {
        "resource": resource,
        "path": parts.path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: query[name][-1] for name in query} if query else None,
        "multiValueQueryStringParameters": query,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": context,
        "body": text,
        "isBase64Encoded": is_base64,
    }


def resolved(app: House, path: str) -> tuple[str | None, dict[str, str]]:
    """Return the route's template and its parameters; a literal step beats a parameter."""
    steps = path.strip("/").split("/")
    found: list[tuple[list[bool], str, dict[str, str]]] = []
    for template in app.routes:
        places = template.strip("/").split("/")
        if len(places) != len(steps):
            continue
        pairs = list(zip(places, steps, strict=True))
        taken = {place[1:-1]: step for place, step in pairs if place.startswith("{") and step}
        literal = [place == step for place, step in pairs]
        if len(steps) == sum(literal) + len(taken):
            found.append((literal, template, taken))
    if not found:
        return None, {}
    _, template, taken = max(found, key=lambda one: one[0])
    return template, taken


def headers_of(sent: Sent, *, is_json: bool) -> dict[str, str]:
    """Return the headers: JSON in English, unless the request says otherwise."""
    headers = {"Accept": "application/json", "Accept-Language": "en"}
    if is_json:
        headers["Content-Type"] = "application/json"
    if "key" in sent:
        headers["Idempotency-Key"] = sent["key"]
    for name, value in sent.get("headers", {}).items():
        headers = {known: headers[known] for known in headers if known.lower() != name.lower()}
        headers[name] = value
    return headers


def body_of(body: object) -> tuple[str | None, bool]:
    """Return the body's text, and whether it is base64 of bytes."""
    if body is None or isinstance(body, str):
        return body, False
    if isinstance(body, bytes):
        return base64.b64encode(body).decode(), True
    return json.dumps(body), False


def authorized(sent: Sent) -> Mapping[str, str] | None:
    """Return what the authorizer hands on, None where it lets nobody through."""
    caller = sent.get("caller")
    if "token" not in sent:
        return caller.to_context() if caller else None
    event = {"type": "TOKEN", "authorizationToken": sent["token"], "methodArn": METHOD_ARN}
    try:
        answer = check_token(event, {})
    except Unauthorized:
        return None
    context: Mapping[str, str] = answer["context"]
    return context

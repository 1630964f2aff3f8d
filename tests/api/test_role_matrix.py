"""Who may call what: every operation with every role, and with every token that is no token.

Tokens are real ones, checked by the real authorizer against a key set that is served over HTTP.
What is allowed stands in `tests.roles`; the app's own list of routes says which there are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app import app
from chalicelib.settings import settings
from chalicelib.storage.work import Work
from chalicelib.web.authorizer import check_token, keys
from chalicelib.web.routes import Endpoint
from tests.events import CHANNEL, MEMBER, Api, Reply, Sent, a_caller
from tests.invariants import snapshot
from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import load_codes, placed
from tests.roles import ALLOWED, ANYONE, PEOPLE, ROLES
from tests.tokens import a_jwk, a_private_key, a_token, claims, handmade

EVERY = pytest.mark.parametrize("endpoint", app.endpoints(), ids=lambda endpoint: endpoint.route)
CLOSED = pytest.mark.parametrize(
    "endpoint",
    [endpoint for endpoint in app.endpoints() if endpoint.operation.roles],
    ids=lambda endpoint: endpoint.route,
)


class KeySet(BaseHTTPRequestHandler):
    """Serves the issuer's public key."""

    def do_GET(self) -> None:
        """Answer with the key set."""
        content = json.dumps({"keys": [a_jwk("one")]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def key_set() -> Iterator[str]:
    """Serve the key set, and return where."""
    with HTTPServer(("127.0.0.1", 0), KeySet) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/keys"
        server.shutdown()
        thread.join()


@pytest.fixture
def guarded(mall: Mall, key_set: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mall]:
    """Return a mall whose authorizer knows the issuer's keys; `lin` is a member of it."""
    monkeypatch.setenv("JIFEN_JWKS_URL", key_set)
    settings.cache_clear()
    keys.cache_clear()
    mall.member(MEMBER.subject, points=1000)
    yield mall
    keys.cache_clear()


def token_of(role: str) -> str:
    """Return the token of somebody with one role."""
    if role == "channel":
        told = {"sub": CHANNEL.subject, "client_id": CHANNEL.client, "scope": "jifen/channel"}
        return a_token({**told, "username": None, "cognito:groups": None})
    return a_token({"sub": MEMBER.subject, "cognito:groups": [role]})


def request(endpoint: Endpoint, authorization: str | None) -> Reply:
    """Send an operation its own example, as whoever an Authorization header names."""
    operation = endpoint.operation
    path = operation.path.removeprefix("/v1").format_map(operation.path_example)
    body = dict(operation.example) if operation.body else None
    api = Api(app)
    headers = {"If-Match": '"1"'} if operation.match else {}
    if operation.key:
        headers["Idempotency-Key"] = "key-1"
    if authorization is None:
        return api.call(operation.method, path, body=body, headers=headers)
    return api.call(operation.method, path, body=body, headers=headers, token=authorization)


def test_every_operation_says_who_may_call_it() -> None:
    assert {endpoint.route for endpoint in app.endpoints()} == set(ALLOWED)


@EVERY
def test_the_gateway_checks_the_token_of_whatever_is_not_public(endpoint: Endpoint) -> None:
    operation = endpoint.operation
    entry = app.routes[operation.path][operation.method]
    assert (entry.authorizer is check_token) == (ALLOWED[endpoint.route] != ANYONE)


@EVERY
def test_an_operation_lets_in_its_roles_and_no_other(guarded: Mall, endpoint: Endpoint) -> None:
    work = Work(guarded.clock.now())
    for role in ROLES:
        before = snapshot(work)
        reply = request(endpoint, f"Bearer {token_of(role)}")
        if role in ALLOWED[endpoint.route]:
            assert reply.status not in {401, 403}, (role, reply.text)
            assert reply.status < 500, (role, reply.text)
        else:
            assert (reply.status, reply.code) == (403, "forbidden"), role
            assert snapshot(work) == before, role


def public_key_of(name: str) -> bytes:
    """Return a public key as anybody can read it."""
    public = a_private_key(name).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


EVERYTHING: Final = {"cognito:groups": list(PEOPLE)}
NO_TOKENS: Final[dict[str, Callable[[], str | None]]] = {
    "no token": lambda: None,
    "an empty header": lambda: "",
    "a word": lambda: "Bearer token",
    "another scheme": lambda: f"Basic {a_token(EVERYTHING)}",
    "a token and no scheme": lambda: a_token(EVERYTHING),
    "a forged signature": lambda: f"Bearer {a_token(EVERYTHING, signed_by='two', kid='one')}",
    "a changed claim": lambda: f"Bearer {changed(a_token())}",
    "a key of nobody": lambda: f"Bearer {a_token(EVERYTHING, signed_by='two')}",
    "an expired token": lambda: f"Bearer {a_token({**EVERYTHING, 'exp': time.time() - 60})}",
    "algorithm none": lambda: f"Bearer {handmade({'alg': 'none', 'kid': 'one'})}",
    "algorithm None": lambda: f"Bearer {handmade({'alg': 'None', 'kid': 'one'})}",
    "the public key as a secret": lambda: (
        "Bearer " + handmade({"alg": "HS256", "kid": "one"}, secret=public_key_of("one"))
    ),
    "another client": lambda: f"Bearer {a_token({**EVERYTHING, 'client_id': 'other'})}",
    "another issuer": lambda: f"Bearer {a_token({**EVERYTHING, 'iss': 'https://other.test'})}",
    "an identity token": lambda: f"Bearer {a_token({**EVERYTHING, 'token_use': 'id'})}",
}
"""What opens nothing."""


def changed(token: str) -> str:
    """Return a token whose claims were changed after it was signed."""
    header, _, signature = token.split(".")
    _, told, _ = handmade({"alg": "RS256"}).split(".")
    assert claims()
    return f"{header}.{told}x.{signature}"


@CLOSED
def test_an_operation_opens_to_no_false_token(guarded: Mall, endpoint: Endpoint) -> None:
    work = Work(guarded.clock.now())
    before = snapshot(work)
    for name, authorization in NO_TOKENS.items():
        reply = request(endpoint, authorization())
        assert (reply.status, reply.code) == (401, "unauthenticated"), name
        assert reply.headers["www-authenticate"] == "Bearer"
    assert snapshot(work) == before


@CLOSED
def test_a_machine_without_a_channel_is_refused(guarded: Mall, endpoint: Endpoint) -> None:
    work = Work(guarded.clock.now())
    before = snapshot(work)
    stranger = a_caller("channel", subject="till-9", client="till-9")
    operation = endpoint.operation
    path = operation.path.removeprefix("/v1").format_map(operation.path_example)
    headers = {"If-Match": '"1"'} if operation.match else {}
    headers |= {"Idempotency-Key": "key-1"} if operation.key else {}
    body = dict(operation.example) if operation.body else None
    reply = Api(app, stranger).call(operation.method, path, body=body, headers=headers)
    assert (reply.status, reply.code) == (403, "forbidden")
    assert snapshot(work) == before


def another_order(mall: Mall) -> str:
    """Return a member's order of a code."""
    reward, zhou = mall.reward(10, stock={"mode": "coded"}), mall.member("zhou", points=10)
    load_codes(mall, reward, ["CODE-1"])
    return str(placed(zhou, reward)["id"])


OWNED: Final = {
    "GET /v1/orders/{id}": another_order,
    "POST /v1/orders/{id}/codes": another_order,
    "POST /v1/orders/{id}/cancel": another_order,
}
"""Every operation of members on something that has an owner, and such a thing."""


def test_every_operation_on_what_a_member_owns_is_tried_on_another_s() -> None:
    routes = {
        endpoint.route
        for endpoint in app.endpoints()
        if "member" in endpoint.operation.roles and "{id}" in endpoint.route
    }
    assert routes == set(OWNED)


@pytest.mark.parametrize("route", OWNED)
def test_another_member_s_object_is_not_found(guarded: Mall, route: str) -> None:
    name = OWNED[route](guarded)
    method, path = route.split(" /v1", maxsplit=1)
    mine, theirs = (
        Api(app, a_caller("member", subject=subject)) for subject in (MEMBER.subject, "zhou")
    )
    sent: Sent = {"key": "k-1"} if route.endswith("/cancel") else {}
    before = snapshot(Work(guarded.clock.now()))
    reply = mine.call(method, path.format(id=name), **sent)
    unknown = mine.call(method, path.format(id="ord_" + "0" * 20), **sent)
    assert (reply.status, reply.json) == (404, unknown.json)
    assert snapshot(Work(guarded.clock.now())) == before
    assert theirs.call(method, path.format(id=name), **sent).status == 200


def test_a_quote_for_another_member_is_nobody_s(guarded: Mall) -> None:
    guarded.member("zhou")
    body = {"paid": {"amount": 100, "currency": "cny"}, "member_id": id_of("zhou")}
    reply = Api(app, MEMBER).post("/earn/quote", body)
    assert (reply.status, reply.code) == (404, "not_found")


def test_another_channel_s_purchase_is_forbidden(guarded: Mall) -> None:
    read = guarded.marketing.get("/admin/program")
    channels = {**read["channels"], "till-2": "store-2"}
    tag = {"If-Match": read.headers["etag"]}
    made(
        guarded.marketing.put("/admin/program", {**read.json, "channels": channels}, headers=tag),
        200,
    )
    sale = a_purchase(MEMBER.subject, 10, "p-1")
    made(guarded.till.post("/purchases", sale), 201)
    before = snapshot(Work(guarded.clock.now()))
    other = Api(app, a_caller("channel", subject="till-2", client="till-2"))
    back = {"refund_id": "r-1", "amount": 100}
    for reply in (
        other.post("/purchases", sale),
        other.post("/purchases/store-1/p-1/refunds", back),
        other.post("/purchases/store-1/p-unknown/refunds", back),
    ):
        assert (reply.status, reply.code) == (403, "forbidden")
    assert snapshot(Work(guarded.clock.now())) == before

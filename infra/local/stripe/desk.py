"""Answers a request as Stripe would: who asks, what for, was it asked before, and only then do it.

The order: key and version, address, parameters, idempotency key, endpoint. Everything before the
endpoint is refused without a trace. The endpoint, its events and the kept answer are one
transaction. What a fault spoils is spoiled at its moment in this order.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from dataclasses import dataclass
from typing import Final

from infra.local.exchange import Reply, Request
from infra.local.stripe.answers import Answer, Keys, keep, replayed, told_before
from infra.local.stripe.endpoints import Endpoint, find_endpoint
from infra.local.stripe.faults import Fault, FaultKind, Faults, broken, limited
from infra.local.stripe.lists import expand
from infra.local.stripe.params import read_params
from infra.local.stripe.refused import Complaint, Document, Refused, no_such_path
from infra.local.stripe.wire import decode
from infra.local.stripe.world import API_VERSION, Asked, Asker, World, mint

REQUEST_ID_CHARS: Final = 14
TEST_KEYS: Final = ("sk_test_", "rk_test_")
RETRIED: Final = frozenset({409, 429})


class Cut(Exception):
    """The connection is to be reset instead of answered."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was understood."""

    endpoint: Endpoint
    about: str
    path: str
    params: Document
    given: Document
    key: str
    request_id: str


class Desk:
    """Takes requests to the API, one at a time where they change anything."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._keys = Keys()

    def answer(self, request: Request) -> Reply:
        """Return the answer to a request, or raise `Cut`."""
        request_id = mint("req", REQUEST_ID_CHARS)
        fault = self._faults.take(request.method, request.path)
        try:
            answer = self._answered(request, request_id=request_id, fault=fault)
        except Refused as no:
            answer = _refused(no, request_id)
        return _reply(answer, key=_key_of(request))

    def _answered(self, request: Request, *, request_id: str, fault: Fault | None) -> Answer:
        _spoil_before(fault)
        call = _understood(request, request_id)
        if not call.key:
            with self._world.store.turn():
                answer = self._done(call, fault)
            _spoil_after(fault)
            return answer
        with self._keys.held(call.key):
            with self._world.store.turn():
                before = told_before(self._world, call.key, path=call.path, params=call.given)
                answer = replayed(before, request_id) if before else self._kept(call, fault)
            _spoil_after(fault)
            return answer

    def _kept(self, call: Call, fault: Fault | None) -> Answer:
        answer = self._done(call, fault)
        return keep(self._world, answer, key=call.key, path=call.path, params=call.given)

    def _done(self, call: Call, fault: Fault | None) -> Answer:
        """Run the endpoint; what it refuses is an answer too."""
        world = self._world
        world.asker = Asker(call.request_id, call.key or None)
        try:
            if fault and fault.kind is FaultKind.ERROR_KEPT:
                raise broken(is_begun=True)
            thing = call.endpoint.view(world, Asked(call.about, call.params))
            if fault and fault.kind is FaultKind.ERROR_AFTER:
                raise broken(is_begun=True)
            told = expand(world, thing, paths=call.params.get("expand", []))
        except Refused as no:
            if not no.is_begun:
                raise
            return _refused(no, call.request_id)
        finally:
            world.asker = Asker()
        return Answer(200, told, call.request_id)


def _understood(request: Request, request_id: str) -> Call:
    """Return what a request asks for, or refuse it before anything begins."""
    _check_caller(request.header("Authorization"))
    _check_version(request.header("Stripe-Version"))
    found = find_endpoint(request.method, request.path)
    if found is None:
        raise no_such_path(request.method, request.path)
    endpoint, about = found
    is_post = request.method == "POST"
    given = decode(request.body.decode(errors="replace") if is_post else request.query)
    params = read_params(endpoint.params, given)
    key = _key_of(request)
    return Call(endpoint, about, request.path, params, given, key, request_id)


def _check_caller(authorization: str) -> None:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            token = base64.b64decode(token).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            token = ""
    if not token:
        said = (
            "You did not provide an API key. You need to provide your API key in the Authorization"
            " header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
        raise Refused(Complaint(said, status=401), is_begun=False)
    if not token.startswith(TEST_KEYS):
        said = f"Invalid API Key provided: {token[:8]}{'*' * 8}{token[-4:]}"
        raise Refused(Complaint(said, status=401), is_begun=False)


def _check_version(version: str) -> None:
    if version not in {"", API_VERSION}:
        raise Refused(Complaint(f"Invalid Stripe API version: {version}"), is_begun=False)


def _spoil_before(fault: Fault | None) -> None:
    kind = fault.kind if fault else None
    if kind is FaultKind.RESET_BEFORE:
        raise Cut
    if kind is FaultKind.ERROR:
        raise broken(is_begun=False)
    if kind is FaultKind.LIMITED:
        raise limited()


def _spoil_after(fault: Fault | None) -> None:
    if fault and fault.kind in {FaultKind.HANG, FaultKind.SLOW}:
        time.sleep(fault.seconds)
    if fault and fault.kind in {FaultKind.HANG, FaultKind.RESET_AFTER}:
        raise Cut


def _refused(no: Refused, request_id: str) -> Answer:
    return Answer(no.complaint.status, no.complaint.body(request_id), request_id)


def _key_of(request: Request) -> str:
    return request.header("Idempotency-Key") if request.method == "POST" else ""


def _reply(answer: Answer, *, key: str) -> Reply:
    headers = {
        "Content-Type": "application/json",
        "Request-Id": answer.request_id,
        "Stripe-Version": API_VERSION,
    }
    if key:
        headers["Idempotency-Key"] = key
    if answer.original:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": answer.original}
    if answer.status in RETRIED:
        headers["Stripe-Should-Retry"] = "true"
    if answer.status >= 500 and answer.is_kept:
        headers["Stripe-Should-Retry"] = "false"
    body = json.dumps(answer.body, indent=2).encode()
    return Reply(answer.status, tuple(headers.items()), body)

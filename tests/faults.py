"""Faults at the one seam between Jifen and DynamoDB: the moment botocore sends a request.

    with faults({2: Fault.LOST}) as calls:
        …                       # the third call arrives, and its answer is lost

    with faults({1: deed}):
        …                       # somebody's deed comes right before the second call

Calls are counted from 0, those of deeds not; a deed may end with a fault. `calls` lists what was
sent, by operation name. Nothing in the product knows of this; the engine below is real.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from chalicelib.storage.table import connection


class Crashed(BaseException):
    """The process died here. No `except` of ours may catch it."""


class Fault(Enum):
    """What can happen to one call."""

    UNSENT = "fails before it is sent"
    LOST = "succeeds, and the reply is lost"
    CONFLICT = "conflicts with another transaction"
    THROTTLED = "is throttled"
    CRASH_BEFORE = "the process dies before it is sent"
    CRASH_AFTER = "the process dies when it has succeeded"


Deed = Callable[[], Fault | None]
Plan = Mapping[int, Fault | Deed]
"""What happens to which call: a fault, or somebody's deed right before it."""


@dataclass
class Calls:
    """The calls that were made, and the faults still to come."""

    plan: Plan
    only: str = ""
    made: list[str] = field(default_factory=list)
    _aside: bool = False

    def before_send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        """Answer in the engine's place where a fault is planned."""
        operation = str(request.headers["X-Amz-Target"]).rpartition(".")[2].rstrip("'")
        if self._aside or self.only not in operation:
            return None
        planned = self.plan.get(len(self.made))
        self.made.append(operation)
        fault = self._done(planned) if callable(planned) else planned
        return None if fault is None else _suffer(fault, request, operation)

    def _done(self, deed: Deed) -> Fault | None:
        self._aside = True
        try:
            return deed()
        finally:
            self._aside = False


@contextmanager
def faults(plan: Plan | None = None, *, only: str = "") -> Iterator[Calls]:
    """Count the calls to DynamoDB, or those of one operation, and spoil the planned ones."""
    calls = Calls(plan or {}, only)
    events = connection().connection.client.meta.events
    # The stubs know only handlers without an answer.
    handler: Any = calls.before_send
    events.register_first("before-send.dynamodb", handler)
    try:
        yield calls
    finally:
        events.unregister("before-send.dynamodb", handler)


def _suffer(fault: Fault, request: AWSPreparedRequest, operation: str) -> AWSResponse:
    if fault is Fault.CRASH_BEFORE:
        raise Crashed
    if fault is Fault.UNSENT:
        raise ConnectTimeoutError(endpoint_url=request.url)
    if fault is Fault.THROTTLED:
        return _refused(request, "ProvisionedThroughputExceededException", {})
    if fault is Fault.CONFLICT:
        return _conflict(request, operation)
    _http().send(request)
    if fault is Fault.CRASH_AFTER:
        raise Crashed
    raise ReadTimeoutError(endpoint_url=request.url)


@cache
def _http() -> URLLib3Session:
    """Return a session of our own; what TLS would need takes longer to make than a call."""
    return URLLib3Session()


def _conflict(request: AWSPreparedRequest, operation: str) -> AWSResponse:
    if operation != "TransactWriteItems":
        raise ConnectionClosedError(endpoint_url=request.url)
    items = json.loads(_body(request))["TransactItems"]
    reasons = [{"Code": "TransactionConflict", "Message": "conflict"}]
    reasons += [{"Code": "None"} for _ in items[1:]]
    return _refused(request, "TransactionCanceledException", {"CancellationReasons": reasons})


def refused(request: AWSPreparedRequest, code: str) -> AWSResponse:
    """Return an engine's refusal of a call that never came to it."""
    return _refused(request, code, {})


def _refused(request: AWSPreparedRequest, code: str, more: dict[str, Any]) -> AWSResponse:
    told = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **more}
    return _Told(request.url, json.dumps(told).encode())


class _Told(AWSResponse):
    """An answer that never came over a wire."""

    def __init__(self, url: str, content: bytes) -> None:
        headers: Any = {"x-amzn-requestid": "injected"}
        super().__init__(url, 400, headers, None)
        self._content = content


def _body(request: AWSPreparedRequest) -> str:
    body = request.body
    return body.decode() if isinstance(body, bytes) else str(body)

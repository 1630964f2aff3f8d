"""moto's DynamoDB in this process: one tiny table that can be put back to where it was.

moto has no lock and needs none here, because the scheduler lets one call through at a time. What
the table holds is copied out and in as Python objects, which takes a third of a millisecond; making
a mall anew takes a hundred. Single items and whole tables are read from these objects: moto takes
most of its time for putting items into words.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

import botocore
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import normalize_request
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from chalicelib.storage.table import Key, connection
from infra.local.table import DEFINITION, SAME_IN_CREATE_TABLE

NOWHERE: Final = "http://127.0.0.1:9"
"""The discard port: a call that went past the scheduler would find nobody."""
NAME: Final = "interleavings"
"""One name, so that one client serves all tests."""

REGION: Final = "us-east-1"
"""What moto takes a request for that is not signed."""
READS: Final = frozenset({"BatchGetItem", "GetItem", "Query", "Scan"})

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of DynamoDB's: the status of HTTP and JSON."""

    status: int
    body: bytes

    @property
    def code(self) -> str:
        """Return the code of an error, or the status."""
        kind = str(json.loads(self.body).get("__type", ""))
        return kind.rpartition("#")[2] or str(self.status)

    def to(self, request: AWSPreparedRequest) -> AWSResponse:
        """Return what botocore takes for the answer to a request."""
        return _Told(request.url, self)


def a_refusal(code: str, **more: Any) -> Answer:
    """Return an error as DynamoDB words it."""
    told = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **more}
    return Answer(400, json.dumps(told).encode())


def operation_of(request: AWSPreparedRequest) -> str:
    """Return the name of the operation that a request asks for."""
    target = request.headers["X-Amz-Target"]
    told = target.decode() if isinstance(target, bytes) else str(target)
    return told.rpartition(".")[2]


def body_of(request: AWSPreparedRequest) -> Body:
    """Return a request's JSON."""
    body: Body = json.loads(text_of(request))
    return body


def text_of(request: AWSPreparedRequest) -> bytes:
    """Return a request's body."""
    body = request.body
    assert isinstance(body, bytes), "DynamoDB's client sends bytes"
    return body


@dataclass(frozen=True, slots=True)
class Stand:
    """What the table holds at one time: a hash of it, each item's JSON, and moto's objects."""

    digest: bytes
    rows: Mapping[Key, bytes]
    items: Any


class Engine:
    """The one table, behind whoever decides what comes next."""

    def __init__(self) -> None:
        """Make the table, by the definition that AWS gets."""
        self._held: Stand | None = None
        # The stubs know neither handlers that answer nor what this client can do.
        client: Any = connection().connection.client
        events = client.meta.events
        # Signatures, which nobody reads here, would take a tenth of the time.
        events.register_first("choose-signer.dynamodb", _unsigned)
        events.register_first("before-send.dynamodb", self._create)
        defined = json.loads(DEFINITION.read_text())
        client.create_table(
            TableName=NAME, **{name: defined[name] for name in SAME_IN_CREATE_TABLE}
        )
        events.unregister("before-send.dynamodb", self._create)

    def _create(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return self.answer(request).to(request)

    def answer(self, request: AWSPreparedRequest) -> Answer:
        """Carry out a call."""
        if operation_of(request) == "Scan" and "FilterExpression" not in body_of(request):
            return self._scanned()
        if operation_of(request) not in READS:
            self._held = None
        normalized = normalize_request(request)
        status, _, body = DynamoHandler.dispatch(normalized, normalized.raw_url, normalized.headers)
        return Answer(status, body.encode() if isinstance(body, str) else body)

    def stand(self) -> Stand:
        """Return what the table holds."""
        if self._held is None:
            rows = {(row["p"]["S"], row["s"]["S"]): _json(row) for row in self._rows()}
            digest = hashlib.sha256(b"\n".join(rows[key] for key in sorted(rows))).digest()
            self._held = Stand(digest, rows, deepcopy(self._table.items))
        return self._held

    def put_back(self, stand: Stand) -> None:
        """Let the table hold what it held then."""
        if self._held is not stand:
            self._table.items = deepcopy(stand.items)
            self._held = stand

    def clear(self) -> None:
        """Let the table hold nothing."""
        self._table.items.clear()
        self._held = None

    def _scanned(self) -> Answer:
        rows = self._rows()
        return Answer(200, _json({"Items": rows, "Count": len(rows), "ScannedCount": len(rows)}))

    def _rows(self) -> list[Body]:
        return [item.to_json()["Attributes"] for item in self._table.all_items()]

    @property
    def _table(self) -> Table:
        # A cancelled transaction leaves a copy in the table's place.
        return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[NAME]


class _Told(AWSResponse):
    """An answer that never came over a wire."""

    def __init__(self, url: str, answer: Answer) -> None:
        headers: Any = {"x-amzn-requestid": "interleaved"}
        super().__init__(url, answer.status, headers, None)
        self._content = answer.body


def _unsigned(**_: object) -> object:
    return botocore.UNSIGNED


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, default=_base64).encode()


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()

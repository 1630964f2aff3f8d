"""moto's DynamoDB in this process: one tiny table that can be put back to where it was.

moto has no lock and needs none here, because the scheduler lets one call through at a time. Single
items and whole tables are read from moto's own objects: it takes most of its time for putting items
into words. What the table holds is kept and put back by the same objects: they are shared, and an
item is copied before it is updated, which is the only thing that moto does to one. So a cancelled
transaction is undone here, and moto, which would copy the whole table first, is handed the table
itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

import botocore
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import normalize_request
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from chalicelib.storage.table import Key, connection
from infra.local.table import DEFINITION, SAME_IN_CREATE_TABLE
from tests.interleavings.plain import PlainHandler
from tests.shortcalls import in_base64

NOWHERE: Final = "http://127.0.0.1:9"
"""The discard port: a call that went past the scheduler would find nobody."""
NAME: Final = "interleavings"
"""One name, so that one client serves all tests."""

REGION: Final = "us-east-1"
"""What moto takes a request for that is not signed."""
READS: Final = frozenset({"BatchGetItem", "GetItem", "Query", "Scan"})

Body = dict[str, Any]
Raw = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of DynamoDB's: the status of HTTP and JSON.

    What somebody else answers, where a stage has more than the table, is `thing`.
    """

    status: int
    body: bytes
    thing: Hashable = None

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


def raw_of(stand: Stand) -> list[Raw]:
    """Return every item of a stand as DynamoDB has it, in the order of their keys."""
    found: list[Body] = [json.loads(stand.rows[key]) for key in sorted(stand.rows)]
    for value in (value for item in found for value in item.values() if "B" in value):
        value["B"] = base64.b64decode(value["B"])
    return [*found]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is about to be sent, and the items that it names.

    `request` is what DynamoDB is asked; a call of anybody else has none, and is `asked` in his own
    words. It is not sent before it `opens`, which else it does at once.
    """

    operation: str
    keys: tuple[Key, ...]
    body: bytes
    request: AWSPreparedRequest | None = None
    asked: tuple[object, ...] = ()
    opens: Callable[[Stand], bool] | None = None

    @classmethod
    def of(cls, request: AWSPreparedRequest) -> Call:
        """Return the call that a request makes."""
        keys = tuple(_keys(body_of(request)))
        return cls(operation_of(request), keys, text_of(request), request)

    def told(self) -> str:
        """Return the call as a trace has it."""
        named = ", ".join(f"{p}/{s}" for p, s in self.keys)
        return " ".join(filter(None, (self.operation, named, *map(str, self.asked))))


class Ground(Protocol):
    """Whatever actors share: it carries calls out, and can be put back to where it was."""

    def carry_out(self, call: Call) -> Answer:
        """Carry out a call."""

    def stand(self) -> Stand:
        """Return how everything stands."""

    def put_back(self, stand: Stand) -> None:
        """Let everything stand as it stood then."""

    def clear(self) -> None:
        """Begin with nothing."""


class Engine:
    """The one table, behind whoever decides what comes next."""

    def __init__(self) -> None:
        """Make the table, by the definition that AWS gets."""
        self._held: Stand | None = None
        self._worded: dict[int, tuple[Item, Key, bytes]] = {}
        # The stubs know neither handlers that answer nor what this client can do.
        client: Any = connection().connection.client
        events = client.meta.events
        events.register_first("choose-signer.dynamodb", unsigned)
        events.register_first("before-send.dynamodb", self._create)
        defined = json.loads(DEFINITION.read_text())
        client.create_table(
            TableName=NAME, **{name: defined[name] for name in SAME_IN_CREATE_TABLE}
        )
        events.unregister("before-send.dynamodb", self._create)
        events.unregister("choose-signer.dynamodb", unsigned)
        table = self._table
        vars(table)["__deepcopy__"] = lambda _: table

    def _create(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return _dispatched(request, DynamoHandler).to(request)

    def carry_out(self, call: Call) -> Answer:
        """Carry out a call."""
        assert call.request is not None, "there is nothing here but the table"
        return self.answer(call.request)

    def answer(self, request: AWSPreparedRequest) -> Answer:
        """Carry out what a request asks for."""
        if operation_of(request) == "Scan" and "FilterExpression" not in body_of(request):
            return self._scanned()
        before = self._table.items
        if operation_of(request) not in READS:
            self._held = None
            self._table.items = _shared(before)
            self._copy_updated(body_of(request))
        answer = _dispatched(request)
        if answer.status != HTTPStatus.OK:
            self._table.items = before
        return answer

    def _copy_updated(self, body: Body) -> None:
        """Put copies in the place of the items that a call updates."""
        pieces = [body] if "UpdateExpression" in body else body.get("TransactItems", [])
        for told in (piece.get("Update", piece) for piece in pieces):
            if "UpdateExpression" in told:
                partition, sort = (DynamoType(told["Key"][name]) for name in ("p", "s"))
                found = self._table.items.get(partition, {})
                if sort in found:
                    found[sort] = deepcopy(found[sort])

    def stand(self) -> Stand:
        """Return what the table holds."""
        if self._held is None:
            rows = dict(map(self._in_words, self._table.all_items()))
            digest = hashlib.sha256(b"\n".join(rows[key] for key in sorted(rows))).digest()
            self._held = Stand(digest, rows, self._table.items)
        return self._held

    def _in_words(self, item: Item) -> tuple[Key, bytes]:
        """Return an item's key and JSON, which is made once: items stay as they are."""
        if id(item) not in self._worded:
            row = item.to_json()["Attributes"]
            self._worded[id(item)] = (item, (row["p"]["S"], row["s"]["S"]), _json(row))
        return self._worded[id(item)][1:]

    def put_back(self, stand: Stand) -> None:
        """Let the table hold what it held then."""
        if self._held is not stand:
            self._table.items = stand.items
            self._held = stand

    def clear(self) -> None:
        """Let the table hold nothing."""
        self._table.items = _shared({})
        self._worded.clear()
        self._held = None

    def _scanned(self) -> Answer:
        rows = self._rows()
        return Answer(200, _json({"Items": rows, "Count": len(rows), "ScannedCount": len(rows)}))

    def _rows(self) -> list[Body]:
        return [item.to_json()["Attributes"] for item in self._table.all_items()]

    @property
    def _table(self) -> Table:
        return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[NAME]


class _Told(AWSResponse):
    """An answer that never came over a wire."""

    def __init__(self, url: str, answer: Answer) -> None:
        headers: Any = {"x-amzn-requestid": "interleaved"}
        super().__init__(url, answer.status, headers, None)
        self._content = answer.body


def _dispatched(request: AWSPreparedRequest, handler: type[DynamoHandler] = PlainHandler) -> Answer:
    """Return what moto answers."""
    normalized = normalize_request(request)
    status, _, body = handler.dispatch(normalized, normalized.raw_url, normalized.headers)
    return Answer(status, body.encode() if isinstance(body, str) else body)


def _shared(items: Any) -> Any:
    """Return moto's keys and items in dictionaries of their own."""
    return defaultdict(dict, {partition: dict(found) for partition, found in items.items()})


def unsigned(**_: object) -> object:
    return botocore.UNSIGNED


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, default=in_base64).encode()


def _keys(body: Body) -> Iterator[Key]:
    """Yield the keys of the items that a call names; a query names none."""
    parts = [part for piece in body.get("TransactItems", []) for part in piece.values()]
    parts += [{"Key": key} for key in body.get("RequestItems", {}).get(NAME, {}).get("Keys", [])]
    for part in parts or [body]:
        key = part.get("Item") or part.get("Key")
        if key:
            yield (key["p"]["S"], key["s"]["S"])

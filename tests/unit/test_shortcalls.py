"""The short way to the engine asks and hears what botocore's own way does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.session import Session, get_session

from infra.local.engines import REGION
from tests.shortcalls import OPERATIONS, short_to

ENDPOINT: Final = "http://127.0.0.1:9"
"""Nobody is there; the answers are told by the tests."""
KEY: Final = {"p": {"S": "mem_1"}, "s": {"S": "W"}}
ITEM: Final = KEY | {
    "b": {"B": b"\x00\xff"},
    "B": {"N": "7"},
    "m": {"M": {"B": {"S": "é\u2028"}, "l": {"L": [{"B": b""}, {"NULL": True}]}}},
}
VALUES: Final = {":v": {"B": b"bytes"}}
UPDATE: Final = {
    "TableName": "t",
    "Key": KEY,
    "UpdateExpression": "SET b = :v",
    "ExpressionAttributeValues": VALUES,
}
TRANSACTION: Final = [{"Put": {"TableName": "t", "Item": ITEM}}, {"Update": UPDATE}]
ASKED: Final[Mapping[str, Mapping[str, Any]]] = {
    "BatchGetItem": {"RequestItems": {"t": {"Keys": [KEY], "ConsistentRead": True}}},
    "BatchWriteItem": {"RequestItems": {"t": [{"PutRequest": {"Item": ITEM}}]}},
    "DeleteItem": {"TableName": "t", "Key": KEY},
    "GetItem": {"TableName": "t", "Key": KEY, "ReturnConsumedCapacity": "TOTAL"},
    "PutItem": {"TableName": "t", "Item": ITEM},
    "Query": {
        "TableName": "t",
        "KeyConditionExpression": "b = :v",
        "ExpressionAttributeValues": VALUES,
        "Limit": 5,
        "ScanIndexForward": False,
    },
    "Scan": {"TableName": "t", "ConsistentRead": True, "ExclusiveStartKey": KEY},
    "TransactGetItems": {"TransactItems": [{"Get": {"TableName": "t", "Key": KEY}}]},
    "TransactWriteItems": {"TransactItems": TRANSACTION, "ClientRequestToken": "token"},
    "UpdateItem": UPDATE,
}
"""Each operation, with what its answer may hold."""
WORDED: Final = json.loads(
    json.dumps(ITEM, default=lambda told: {b"\x00\xff": "AP8=", b"": ""}[told])
)
UNITS: Final = {"TableName": "t", "CapacityUnits": 1.5}
ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "BatchGetItem": {"Responses": {"t": [WORDED]}, "UnprocessedKeys": {}},
    "GetItem": {"Item": WORDED, "ConsumedCapacity": UNITS},
    "Query": {"Items": [WORDED], "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": WORDED},
    "TransactGetItems": {"Responses": [{"Item": WORDED}], "ConsumedCapacity": [UNITS]},
    "UpdateItem": {"Attributes": WORDED},
}
CONFLICT: Final = {"Code": "ConditionalCheckFailed", "Message": "no", "Item": WORDED}
REFUSALS: Final[Mapping[str, Mapping[str, Any]]] = {
    "TransactionCanceledException": {"CancellationReasons": [CONFLICT, {"Code": "None"}]},
    "ConditionalCheckFailedException": {"Item": WORDED},
    "ProvisionedThroughputExceededException": {},
    "InternalServerError": {},
    "SomethingNew": {"Item": WORDED},
}


class _Answer(AWSResponse):
    """An answer that never came over a wire."""

    def __init__(self, status: int, told: object) -> None:
        headers: Any = {"x-amzn-requestid": "told"}
        super().__init__(ENDPOINT, status, headers, None)
        self._content = json.dumps(told).encode()


@contextmanager
def _ordinary(_endpoint: str) -> Iterator[None]:
    yield


WAYS: Final = (_ordinary, short_to)


def a_client(*, attempts: int = 1, session: Session | None = None) -> Any:
    """Return a client as PynamoDB makes them."""
    return (session or get_session()).create_client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(
            parameter_validation=False,
            account_id_endpoint_mode="disabled",
            retries={"total_max_attempts": attempts, "mode": "standard"},
        ),
    )


def seen(way: Any, operation: str, answer: object, status: int = 200) -> tuple[Any, ...]:
    """Return what a call asked, in which order events came, and what it brought or raised."""
    client, events = a_client(), []
    bodies: list[object] = []

    def note(event_name: str, **told: Any) -> None:
        model = told.get("model")
        events.append((event_name, model.name if model else None))

    def before_send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        body = request.body
        assert isinstance(body, bytes)
        bodies.append((request.method, request.url, request.headers["X-Amz-Target"]))
        bodies.append((request.headers["Content-Type"], json.loads(body)))
        return _Answer(status, answer)

    for name in ("provide-client-params", "before-parameter-build", "before-call", "after-call"):
        client.meta.events.register(f"{name}.dynamodb", note)
    client.meta.events.register_first("before-send.dynamodb", before_send)
    with way(ENDPOINT):
        try:
            told = client._make_api_call(operation, {**ASKED[operation]})  # noqa: SLF001 - the seam
        except ClientError as failure:
            told = {**failure.response, "raised": f"{type(failure).__name__} {failure}"}
    told.pop("ResponseMetadata")
    assert bodies
    return bodies, events, told


def test_every_operation_is_compared() -> None:
    assert ASKED.keys() == OPERATIONS


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_a_call_asks_and_brings_the_same(operation: str) -> None:
    ordinary, short = (seen(way, operation, ANSWERS.get(operation, {})) for way in WAYS)
    assert short == ordinary


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_the_same(code: str) -> None:
    told = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}
    status = 500 if code == "InternalServerError" else 400
    ordinary, short = (
        seen(way, "TransactWriteItems", {**told, **REFUSALS[code]}, status) for way in WAYS
    )
    assert short == ordinary


def test_what_a_listener_raises_goes_through() -> None:
    def fail(**_: object) -> None:
        raise KeyboardInterrupt

    client = a_client()
    client.meta.events.register_first("before-send.dynamodb", fail)
    with short_to(ENDPOINT), pytest.raises(KeyboardInterrupt):
        client.get_item(TableName="t", Key=KEY)


@pytest.mark.parametrize(
    ("attempts", "endpoint"), [(2, ENDPOINT), (1, "http://127.0.0.1:10")], ids=["retries", "away"]
)
def test_other_clients_are_left_alone(attempts: int, endpoint: str) -> None:
    client = a_client(attempts=attempts)
    signed: list[bool] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        signed.append("Authorization" in request.headers)
        return _Answer(200, {})

    client.meta.events.register_first("before-send.dynamodb", answer)
    with short_to(endpoint):
        client.get_item(TableName="t", Key=KEY)
    assert signed == [True]


def test_the_way_is_gone_afterwards() -> None:
    before = vars(BaseClient)["_make_api_call"]
    with short_to(ENDPOINT):
        assert vars(BaseClient)["_make_api_call"] is not before
    assert vars(BaseClient)["_make_api_call"] is before


def test_clients_of_the_same_place_are_alike_and_listened_to_apart() -> None:
    heard: list[str] = []

    def answer(**_: object) -> AWSResponse:
        heard.append("here")
        return _Answer(200, {})

    with short_to(ENDPOINT):
        session = get_session()
        one, other = (a_client(session=session) for _ in range(2))
        assert a_client(session=session, attempts=2).meta.config.retries["total_max_attempts"] == 2
        one.meta.events.register_first("before-send.dynamodb", answer)
        one.get_item(TableName="t", Key=KEY)
        one.describe_limits()
        assert heard == ["here"] * 2
        with pytest.raises(EndpointConnectionError):
            other.get_item(TableName="t", Key=KEY)
    assert heard == ["here"] * 2

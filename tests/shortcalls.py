"""A call of DynamoDB's client without botocore's models of the service: JSON in, JSON out.

PynamoDB hands botocore what is already DynamoDB's JSON, and takes the same back. Botocore looks
every value of it up in its model of the service, on the way out and on the way in, makes a request
of it in four steps and asks a dozen listeners who have nothing to say: half of the processor time
that the product and its tests take together.

What anybody here listens to stays: the events, in botocore's order and with what they are told;
whatever they or the engine raise; and every error, which is read by botocore itself. A client that
would try a second time is left alone. A client is built once and then copied, without its
listeners: each test has a table, and so a client, of its own. `tests/unit/test_shortcalls.py` holds
both ways together.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, Final

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.client import BaseClient
from botocore.endpoint import convert_to_response_dict
from botocore.hooks import first_non_none_response
from botocore.session import Session

OPERATIONS: Final = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
"""Those whose JSON is the same inside botocore and outside, but for binary values."""
CONTENT_TYPE: Final = b"application/x-amz-json-1.0"
REFUSED: Final = 300
"""From this status on an answer is an error."""

Asked = dict[str, Any]
Call = Callable[[Any, str, Asked], Asked]


@contextmanager
def short_to(endpoint: str) -> Iterator[None]:
    """Let whatever calls DynamoDB at one address do so in the short way."""
    # The stubs know nothing of the one method through which every call goes.
    ordinary: Call = vars(BaseClient)["_make_api_call"]

    def called(client: Any, operation_name: str, api_params: Asked) -> Asked:
        if _is_short(client, operation_name) and client.meta.endpoint_url == endpoint:
            return call(client, operation_name, api_params)
        return ordinary(client, operation_name, api_params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", called)
        patch.setattr(Session, "create_client", _made_once(endpoint))
        yield


def _made_once(endpoint: str) -> Callable[..., Any]:
    """Return what makes clients: those of DynamoDB at this address are copies of one."""
    create: Any = Session.create_client
    patterns: dict[str, tuple[Session, Any]] = {}

    def created(session: Session, service_name: str, *rest: Any, **named: Any) -> Any:
        where = named.get("endpoint_url") or os.environ.get("AWS_ENDPOINT_URL_DYNAMODB", "")
        if service_name != "dynamodb" or where != endpoint:
            return create(session, service_name, *rest, **named)
        told = {name: value for name, value in named.items() if name != "config"}
        config = getattr(named.get("config"), "__dict__", None)
        asked = repr((id(session), rest, told, config))
        if asked not in patterns:
            patterns[asked] = (session, create(session, service_name, *rest, **named))
        return _copied(patterns[asked][1])

    return created


def _copied(pattern: Any) -> Any:
    """Return a client like another one, which nobody listens to yet."""
    events = copy(pattern.meta.events)
    twin = object.__new__(type(pattern))
    vars(twin).update(vars(pattern), meta=copy(pattern.meta), _endpoint=copy(pattern._endpoint))  # noqa: SLF001 - a copy has no other way
    twin.meta.events = twin._endpoint._event_emitter = events  # noqa: SLF001 - the same
    return twin


def _is_short(client: Any, operation_name: str) -> bool:
    """Tell whether nothing but the JSON matters: a retry is botocore's own business."""
    return (
        operation_name in OPERATIONS
        and client.meta.service_model.service_name == "dynamodb"
        and (client.meta.config.retries or {}).get("total_max_attempts") == 1
    )


def call(client: Any, operation_name: str, api_params: Asked) -> Asked:
    """Return what an operation brings, or raise what botocore would."""
    model = client.meta.service_model.operation_model(operation_name)
    told: dict[str, Any] = {"model": model, "context": {}}
    emit = client.meta.events.emit
    asked = client._emit_api_params(  # noqa: SLF001 - the one step of botocore's that stays
        api_params=api_params, operation_model=model, context=told["context"]
    )
    emit(f"before-call.dynamodb.{operation_name}", params=asked, **told)
    request = _request(client, operation_name, asked)
    answers = emit(f"before-send.dynamodb.{operation_name}", request=request)
    answer = first_non_none_response(answers)
    if answer is None:
        answer = client._endpoint.http_session.send(request)  # noqa: SLF001 - nobody else has it
    is_error = answer.status_code >= REFUSED
    parsed = _read_error(client, model, answer) if is_error else _read(answer)
    emit(f"after-call.dynamodb.{operation_name}", http_response=answer, parsed=parsed, **told)
    if is_error:
        raise client.exceptions.from_code(parsed["Error"]["Code"])(parsed, operation_name)
    return parsed


def _request(client: Any, operation_name: str, asked: Asked) -> AWSPreparedRequest:
    target = f"DynamoDB_20120810.{operation_name}".encode()
    # The stubs take these headers for those of an answer.
    headers: Any = HeadersDict({"X-Amz-Target": target, "Content-Type": CONTENT_TYPE})
    body = json.dumps(asked, default=in_base64).encode()
    return AWSPreparedRequest("POST", f"{client.meta.endpoint_url}/", headers, body, False)


def _read(answer: AWSResponse) -> Asked:
    """Return what an answer says, its binary values as bytes."""
    content = answer.content
    parsed: Asked = json.loads(content, object_hook=with_bytes if b'"B"' in content else None)
    return parsed | {"ResponseMetadata": {"HTTPStatusCode": answer.status_code}}


def _read_error(client: Any, model: Any, answer: AWSResponse) -> Asked:
    """Return an error as botocore reads it."""
    endpoint = client._endpoint  # noqa: SLF001 - who reads errors, by the model of each
    told = convert_to_response_dict(answer, model)
    protocol = model.service_model.resolved_protocol
    parser = endpoint._response_parser_factory.create_parser(protocol)  # noqa: SLF001 - the same
    parsed: Asked = parser.parse(told, model.output_shape)
    endpoint._add_modeled_error_fields(told, parsed, model, parser)  # noqa: SLF001 - the same
    context = {"client_config": client.meta.config}
    is_again = endpoint._needs_retry(1, model, {"context": context}, (answer, parsed))  # noqa: SLF001 - words it
    assert not is_again, "this client tries once"
    parsed["ResponseMetadata"]["RetryAttempts"] = 0
    return parsed


def with_bytes(value: Asked) -> Asked:
    """Return a value of DynamoDB's, read where it is binary; a name of an item's is no kind."""
    told = value.get("B")
    return {"B": base64.b64decode(told)} if isinstance(told, str) else value


def in_base64(value: bytes) -> str:
    """Return a binary value as JSON has it."""
    return base64.b64encode(value).decode()

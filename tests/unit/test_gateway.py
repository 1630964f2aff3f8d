"""What the gateway does and says by itself, told of the CloudFormation that would be deployed."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from app import app
from chalicelib.kernel.errors import (
    Forbidden,
    Kind,
    Malformed,
    NotFound,
    Refusal,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from chalicelib.web.authorizer import ANSWER_KEPT_SECONDS
from chalicelib.web.bodies import BODY_BYTES_MAX
from chalicelib.web.headers import LANGUAGE_DEFAULT
from chalicelib.web.problems import (
    HEADERS_ALWAYS,
    PROBLEM_TYPE,
    STATUS,
    Broken,
    headers_of,
    members,
)
from tests.deployable import properties


class Throttled(Refusal):
    """What only the gateway says."""

    kind = Kind.TOO_MANY
    code = "throttled"
    en = "Too many requests. Try again in {retry_after_seconds} seconds."
    zh = "请求过于频繁，请在 {retry_after_seconds} 秒后重试。"


UNREADABLE: Final = Malformed(reason="the gateway cannot read it")
BUSY: Final = Throttled(retry_after_seconds=1)
SAID_BY_THE_GATEWAY: Final[dict[str, Refusal]] = {
    "ACCESS_DENIED": Unauthenticated(),
    "API_CONFIGURATION_ERROR": Broken(),
    "AUTHORIZER_CONFIGURATION_ERROR": Unavailable(),
    "AUTHORIZER_FAILURE": Unavailable(),
    "BAD_REQUEST_BODY": UNREADABLE,
    "BAD_REQUEST_PARAMETERS": UNREADABLE,
    "DEFAULT_4XX": UNREADABLE,
    "DEFAULT_5XX": Broken(),
    "EXPIRED_TOKEN": NotFound(),
    "INTEGRATION_FAILURE": Unavailable(),
    "INTEGRATION_TIMEOUT": Unavailable(),
    "INVALID_API_KEY": Forbidden(),
    "INVALID_SIGNATURE": NotFound(),
    "MISSING_AUTHENTICATION_TOKEN": NotFound(),
    "QUOTA_EXCEEDED": BUSY,
    "REQUEST_TOO_LARGE": TooLarge(bytes_max=BODY_BYTES_MAX),
    "RESOURCE_NOT_FOUND": NotFound(),
    "THROTTLED": BUSY,
    "UNAUTHORIZED": Unauthenticated(),
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMedia(),
    "WAF_FILTERED": Forbidden(),
}
"""Every type that AWS lists, and the refusal of ours that says the same."""


def gateway_responses() -> dict[str, dict[str, Any]]:
    said: dict[str, dict[str, Any]] = properties("RestAPI")["Body"][
        "x-amazon-apigateway-gateway-responses"
    ]
    return said


def test_the_gateway_keeps_the_authorizers_answer_for_five_minutes() -> None:
    declared = properties("RestAPI")["Body"]["securityDefinitions"]
    kept = {
        name: definition["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"]
        for name, definition in declared.items()
    }
    assert kept == {"authorizer": ANSWER_KEPT_SECONDS}
    assert ANSWER_KEPT_SECONDS == 300


def test_every_route_that_is_not_public_asks_the_authorizer() -> None:
    declared = {endpoint.route: bool(endpoint.operation.roles) for endpoint in app.endpoints()}
    deployed = {
        f"{method.upper()} {path}": operation.get("security") == [{"authorizer": []}]
        for path, methods in properties("RestAPI")["Body"]["paths"].items()
        for method, operation in methods.items()
    }
    assert deployed == declared


def test_no_two_routes_name_the_same_part_of_a_path_differently() -> None:
    """API Gateway refuses `/orders/{id}` beside `/orders/{order_id}/cancel`; no linter does."""
    named: dict[str, set[str]] = {}
    for path in properties("RestAPI")["Body"]["paths"]:
        parts = path.split("/")
        for depth, part in enumerate(parts):
            if part.startswith("{"):
                named.setdefault("/".join(parts[:depth]), set()).add(part)
    assert {parent: parts for parent, parts in named.items() if len(parts) > 1} == {}


def test_every_answer_of_the_gateways_own_is_ours() -> None:
    assert set(gateway_responses()) == set(SAID_BY_THE_GATEWAY)


@pytest.mark.parametrize(("name", "refusal"), SAID_BY_THE_GATEWAY.items())
def test_the_gateway_says_what_the_app_would_say(name: str, refusal: Refusal) -> None:
    said = gateway_responses()[name]
    assert said["statusCode"] == str(STATUS[refusal.kind])
    assert list(said["responseTemplates"]) == ["application/json"]
    assert json.loads(said["responseTemplates"]["application/json"]) == members(
        refusal, language=LANGUAGE_DEFAULT, request_id="$context.requestId"
    )


@pytest.mark.parametrize(("name", "refusal"), SAID_BY_THE_GATEWAY.items())
def test_the_gateway_sends_the_headers_that_the_app_would_send(name: str, refusal: Refusal) -> None:
    fixed = {
        **HEADERS_ALWAYS,
        "Content-Type": PROBLEM_TYPE,
        "Content-Language": LANGUAGE_DEFAULT,
        **headers_of(refusal),
    }
    assert gateway_responses()[name]["responseParameters"] == {
        "gatewayresponse.header.X-Request-Id": "context.requestId",
        **{f"gatewayresponse.header.{name}": f"'{value}'" for name, value in fixed.items()},
    }


def test_the_gateway_throttles() -> None:
    (limits,) = properties("RestAPIprodStage")["MethodSettings"]
    assert (limits["ResourcePath"], limits["HttpMethod"]) == ("/*", "*")
    assert limits["ThrottlingRateLimit"] == 5000
    assert limits["ThrottlingBurstLimit"] == 2500

"""The local gateway finds routes, checks tokens and sizes, and speaks as API Gateway does."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from chalicelib.web.bodies import View
from chalicelib.web.calls import Call
from chalicelib.web.routes import Endpoint, Operation
from infra.local.admission import Verdict
from infra.local.exchange import REQUEST_BYTES_MAX, Reply, Request
from infra.local.gateway import HEADER_BYTES_MAX, INVOCATION_BYTES_MAX, Gateway
from tests.unit.echo_house import an_echo_house
from tests.unit.recording_app import Recorder, get, problem_in

ROUTE_BYTES_MAX: Final = 1_000


def post(body: bytes, content_type: str = "application/json") -> Request:
    headers = {"Content-Type": content_type}
    return Request("POST", "/v1/a", headers=headers, body=body, body_bytes=len(body))


@pytest.mark.parametrize(
    ("path", "template", "parameters"),
    [
        ("/v1/orders", "/v1/orders", None),
        ("/v1/orders/", "/v1/orders", None),
        ("/v1/orders/quote", "/v1/orders/quote", None),
        ("/v1/orders/ord_1", "/v1/orders/{id}", {"id": "ord_1"}),
        ("/v1/orders/a%2Fb%20c", "/v1/orders/{id}", {"id": "a%2Fb%20c"}),
        ("/v1/orders/quote/codes", "/v1/orders/{id}/codes", {"id": "quote"}),
        ("/v1/a/1/b/2", "/v1/a/{x}/b/{y}", {"x": "1", "y": "2"}),
    ],
)
def test_a_path_means_the_most_literal_route_that_fits(
    path: str, template: str, parameters: dict[str, str] | None
) -> None:
    app = Recorder(
        "/v1/orders/{id}",
        "/v1/orders",
        "/v1/orders/quote",
        "/v1/orders/{id}/codes",
        "/v1/a/{x}/b/{y}",
    )
    assert Gateway(app).answer(get(path)).status == 200
    assert app.events[0]["resource"] == app.events[0]["requestContext"]["resourcePath"] == template
    assert app.events[0]["pathParameters"] == parameters


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v2/a", "/v1/a//", "/v1//a", "//v1/a", "/v1/a/b/c"],
)
def test_a_path_that_no_route_takes_is_not_found(path: str) -> None:
    app = Recorder("/v1/a", "/v1/a/{id}")
    told = problem_in(Gateway(app).answer(get(path)))
    assert (told["status"], told["code"]) == (404, "not_found")
    assert app.events == []


def test_a_method_that_a_known_path_does_not_take_is_405_with_what_it_takes() -> None:
    app = Recorder("/v1/a", methods="GET PUT")
    reply = Gateway(app).answer(Request("DELETE", "/v1/a"))
    assert problem_in(reply)["code"] == "method_not_allowed"
    assert (reply.status, reply.header("Allow")) == (405, "GET, HEAD, PUT")
    assert app.events == []


def test_head_is_answered_by_the_view_of_get() -> None:
    app = Recorder("/v1/a", methods="GET")
    assert Gateway(app).answer(Request("HEAD", "/v1/a")).status == 200
    assert app.events[0]["httpMethod"] == "GET"


def test_the_event_is_the_one_of_a_rest_apis_proxy_integration() -> None:
    app = Recorder("/v1/a")
    Gateway(app).answer(get("/v1/a", "a=1&b=x%20y&a=2&c=", **{"If-Match": '"3"'}))
    event = app.events[0]
    assert event["queryStringParameters"] == {"a": "2", "b": "x y", "c": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["x y"], "c": [""]}
    assert event["headers"]["If-Match"] == '"3"'
    assert event["multiValueHeaders"]["If-Match"] == ['"3"']
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    context = event["requestContext"]
    assert (context["httpMethod"], context["path"]) == ("GET", "/v1/a")
    assert context["identity"]["sourceIp"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("body", "content_type", "passed", "is_encoded"),
    [
        ('{"a": "茶"}'.encode(), "application/json", '{"a": "茶"}', False),
        (b"\xff\xfe", "application/json", base64.b64encode(b"\xff\xfe").decode(), True),
        (b"text", "application/octet-stream", base64.b64encode(b"text").decode(), True),
        (b"text", "Application/Octet-Stream; a=b", base64.b64encode(b"text").decode(), True),
    ],
)
def test_a_body_is_passed_on_as_text_or_else_as_base64(
    body: bytes, content_type: str, passed: str, *, is_encoded: bool
) -> None:
    app = Recorder("/v1/a")
    assert Gateway(app).answer(post(body, content_type)).status == 200
    assert (app.events[0]["body"], app.events[0]["isBase64Encoded"]) == (passed, is_encoded)


def test_an_answer_becomes_http_again() -> None:
    app = Recorder("/v1/a")
    app.says = {
        "statusCode": 201,
        "headers": {"X-One": "1"},
        "multiValueHeaders": {"X-Two": ["2", "3"]},
        "body": base64.b64encode(b"\x00").decode(),
        "isBase64Encoded": True,
    }
    reply = Gateway(app).answer(get("/v1/a"))
    assert reply == Reply(201, (("X-One", "1"), ("X-Two", "2"), ("X-Two", "3")), b"\x00")


@pytest.mark.parametrize("says", [{}, {"statusCode": 200}, {"statusCode": 200, "body": None}])
def test_an_answer_that_is_none_is_a_problem(
    says: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    app = Recorder("/v1/a")
    app.says = says
    told = problem_in(Gateway(app).answer(get("/v1/a")))
    assert (told["status"], told["code"]) == (500, "internal")
    assert "Traceback" in capsys.readouterr().err


def test_a_body_beyond_the_gateways_limit_is_413() -> None:
    app = Recorder("/v1/a")
    at_limit = Request("POST", "/v1/a", body=b"", body_bytes=REQUEST_BYTES_MAX)
    past_it = Request("POST", "/v1/a", body=b"", body_bytes=REQUEST_BYTES_MAX + 1)
    assert Gateway(app).answer(at_limit).status == 200
    told = problem_in(Gateway(app).answer(past_it))
    assert (told["status"], told["code"]) == (413, "too_large")
    assert told["bytes_max"] == REQUEST_BYTES_MAX


def test_an_event_beyond_lambdas_limit_is_413() -> None:
    app = Recorder("/v1/a")
    assert Gateway(app).answer(post(b"a" * (INVOCATION_BYTES_MAX - 5000))).status == 200
    told = problem_in(Gateway(app).answer(post(b"a" * INVOCATION_BYTES_MAX)))
    assert (told["status"], told["bytes_max"]) == (413, INVOCATION_BYTES_MAX)
    assert len(app.events) == 1


def test_what_json_escapes_counts_against_lambdas_limit() -> None:
    body = b"\x01" * (INVOCATION_BYTES_MAX // 6 + 1)
    assert Gateway(Recorder("/v1/a")).answer(post(body)).status == 413


def test_an_answer_beyond_lambdas_limit_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    app = Recorder("/v1/a")
    app.says = {"statusCode": 200, "body": "a" * INVOCATION_BYTES_MAX}
    assert Gateway(app).answer(get("/v1/a")).status == 200
    app.says = {"statusCode": 200, "body": "a" * (INVOCATION_BYTES_MAX + 1)}
    assert problem_in(Gateway(app).answer(get("/v1/a")))["status"] == 500
    assert "larger than Lambda returns" in capsys.readouterr().err


def test_headers_beyond_the_gateways_limit_are_431() -> None:
    app = Recorder("/v1/a")
    base = get("/v1/a", X="")
    used = len("GET/v1/aX") + len("Accept-Language") + len("en")
    fits = get("/v1/a", X="a" * (HEADER_BYTES_MAX - used))
    assert base.headers.keys() == fits.headers.keys()
    assert Gateway(app).answer(fits).status == 200
    told = problem_in(Gateway(app).answer(get("/v1/a", X="a" * (HEADER_BYTES_MAX - used + 1))))
    assert (told["status"], told["code"]) == (431, "too_large")


def nobody(event: dict[str, str], context: object) -> Verdict:
    raise AssertionError(f"nobody asks about {event} in {context}")


def test_the_route_is_checked_before_the_size_and_the_size_before_the_token() -> None:
    app = Recorder("/v1/a", authorizer=nobody)
    large = REQUEST_BYTES_MAX + 1
    assert Gateway(app).answer(Request("POST", "/v1/b", body_bytes=large)).status == 404
    assert Gateway(app).answer(Request("POST", "/v1/a", body_bytes=large)).status == 413
    assert Gateway(app).answer(post(b"a" * INVOCATION_BYTES_MAX)).status == 413
    assert Gateway(app).answer(Request("POST", "/v1/a")).status == 401


def answered(call: Call[None]) -> View:
    raise AssertionError(f"nobody calls {call}")


@pytest.mark.parametrize(("method", "past_it"), [("POST", 413), ("PUT", 413), ("GET", 401)])
def test_what_a_route_reads_is_checked_before_the_token(method: str, past_it: int) -> None:
    """A route of GET reads no body, so none is too large for it."""
    told = Operation(
        method, "/v1/a", answered, ("member",), "Answer", answer=View, bytes_max=ROUTE_BYTES_MAX
    )
    app = Recorder("/v1/a", authorizer=nobody, methods=method, view=Endpoint(told))

    def reply(body_bytes: int) -> Reply:
        body = b"a" * body_bytes
        return Gateway(app).answer(Request(method, "/v1/a", body=body, body_bytes=body_bytes))

    assert reply(ROUTE_BYTES_MAX).status == 401
    refused = problem_in(reply(ROUTE_BYTES_MAX + 1))
    assert refused["status"] == past_it
    assert past_it == 401 or refused["bytes_max"] == ROUTE_BYTES_MAX


def test_threads_do_not_mix_up_their_requests() -> None:
    gateway = Gateway(an_echo_house())

    def said(name: str) -> str:
        told: dict[str, str] = json.loads(gateway.answer(get(f"/v1/echo/{name}")).body)
        return told["name"]

    names = [f"n{number}" for number in range(400)]
    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(said, names)) == names


def test_a_problem_speaks_the_callers_language() -> None:
    gateway = Gateway(Recorder())
    details = {
        language: problem_in(
            gateway.answer(Request("GET", "/", headers={"Accept-Language": language}))
        )
        for language in ("en", "zh-CN")
    }
    assert details["en"]["detail"] == "There is nothing here by that name."
    assert details["zh-CN"]["detail"] == "没有找到对应的内容。"

"""What a body has to be: readable, JSON, not too large, and right in every field."""

from __future__ import annotations

import json

import pytest

from chalicelib.web.bodies import BODY_BYTES_MAX, ERRORS_MAX
from tests.api.web.small_house import Small, is_problem
from tests.events import CHANNEL, MEMBER, SUPPORT, Api

GOOD = {"thing": "tea"}


# Bodies that cannot be read.


@pytest.mark.parametrize(
    "body",
    [
        '{"thing": "tea"',
        "{'thing': 'tea'}",
        '{"thing": "tea"} {}',
        '{"thing": NaN}',
        '{"thing": Infinity}',
        '{"thing": -Infinity}',
        '{"thing": "\\ud800"}',
        '{"thing": "\ud800"}',
        '{"thing": ' + "9" * 5000 + "}",
        "[" * 300 + "]" * 300,
        '{"thing":' * 300 + "1" + "}" * 300,
        b'{"thing": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"\x00",
        "",
        " ",
    ],
)
def test_a_body_that_cannot_be_read_is_malformed(api: Api, body: str | bytes) -> None:
    assert is_problem(api.post("/orders", body, key="k-1"), 400, "malformed")


def test_a_body_that_claims_to_be_base64_and_is_not_is_malformed(small: Small) -> None:
    event = {
        "requestContext": {
            "resourcePath": "/v1/me",
            "httpMethod": "POST",
            "authorizer": MEMBER.to_context(),
        },
        "headers": {"content-type": "application/json"},
        "body": "%%%",
        "isBase64Encoded": True,
    }
    assert json.loads(small.app(event, None)["body"])["code"] == "malformed"


def test_a_body_the_gateway_took_for_binary_is_read_like_any_other(api: Api) -> None:
    assert api.post("/orders", json.dumps(GOOD).encode(), key="k-1").status == 201


# Bodies that can be read and are wrong.


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/thing"),
        ([], ""),
        ("null", ""),
        ({"thing": 1}, "/thing"),
        ({"thing": "tea", "colour": "red"}, "/colour"),
        ({"thing": "tea", "a/b~c": 1}, "/a~1b~0c"),
        ({"thing": "tea", "quantity": True}, "/quantity"),
        ({"thing": "tea", "quantity": 1.0}, "/quantity"),
        ({"thing": "tea", "quantity": "1"}, "/quantity"),
        ({"thing": "tea", "quantity": None}, "/quantity"),
        ({"thing": "tea", "quantity": 0}, "/quantity"),
        ({"thing": "tea", "quantity": 21}, "/quantity"),
        ({"thing": "tea", "quantity": 10**30}, "/quantity"),
        ('{"thing": "tea", "quantity": 1e400}', "/quantity"),
        ({"thing": "tea", "paid": {"amount": 1.5, "currency": "cny"}}, "/paid/amount"),
        ({"thing": "tea", "paid": {"amount": -1, "currency": "cny"}}, "/paid/amount"),
        ({"thing": "tea", "paid": {"amount": 10**12 + 1, "currency": "cny"}}, "/paid/amount"),
        ({"thing": "tea", "paid": {"amount": 1, "currency": "CNY"}}, "/paid/currency"),
        ({"thing": "tea", "paid": {"amount": 1, "currency": "cny\n"}}, "/paid/currency"),
        ({"thing": "tea", "tags": ["a", 2]}, "/tags/1"),
    ],
)
def test_a_wrong_field_is_refused_with_its_pointer(api: Api, body: object, pointer: str) -> None:
    reply = api.post("/orders", body, key="k-1")
    assert is_problem(reply, 422, "invalid")
    assert reply.pointers() == [pointer]


def test_a_text_at_the_limit_passes(api: Api) -> None:
    body = {"name": {"zh": "茶", "en": "x" * 500}}
    reply = api.by(SUPPORT).put("/admin/name", body, headers={"If-Match": '"1"'})
    assert reply.status == 200


def test_a_hostile_body_gets_a_limited_number_of_errors(api: Api) -> None:
    body = GOOD | {f"field{number}": 1 for number in range(2000)}
    assert len(api.post("/orders", body, key="k-1").pointers()) == ERRORS_MAX


def test_errors_never_quote_what_was_sent(api: Api) -> None:
    reply = api.post("/orders", {"thing": {"secret": "hush"}, "quantity": "hush"}, key="k-1")
    assert "hush" not in reply.text


def test_errors_are_told_in_the_callers_language(api: Api) -> None:
    headers = {"Accept-Language": "zh-CN"}
    reply = api.post("/orders", {"thing": "tea", "quantity": "1"}, key="k-1", headers=headers)
    assert reply["errors"] == [{"pointer": "/quantity", "detail": "应为整数"}]
    assert reply.headers["content-language"] == "zh-CN"


# Sizes and media types.


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(api: Api) -> None:
    frame = len(json.dumps({"thing": ""}))
    assert api.post("/orders", {"thing": "x" * (BODY_BYTES_MAX - frame)}, key="k").status == 201
    reply = api.post("/orders", {"thing": "x" * (BODY_BYTES_MAX - frame + 1)}, key="k")
    assert is_problem(reply, 413, "too_large")
    assert reply["bytes_max"] == BODY_BYTES_MAX


def test_a_limit_counts_bytes_and_not_characters(api: Api) -> None:
    body = json.dumps({"thing": "茶" * (BODY_BYTES_MAX // 2)}, ensure_ascii=False)
    assert len(body) < BODY_BYTES_MAX
    assert is_problem(api.post("/orders", body, key="k"), 413, "too_large")


def test_a_route_may_declare_a_limit_of_its_own(api: Api) -> None:
    desk = api.by(CHANNEL)
    assert is_problem(desk.post("/desk", "{" + " " * 99 + "}"), 413, "too_large")
    assert desk.post("/desk", "{" + " " * 98 + "}").status == 200


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/jsonx", "text/json", "application/json; charset=latin-1"],
)
def test_a_body_that_does_not_call_itself_json_is_not_read(api: Api, kind: str) -> None:
    reply = api.post("/orders", GOOD, key="k-1", headers={"Content-Type": kind})
    assert is_problem(reply, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/json; profile=x",
    ],
)
def test_json_may_be_written_in_any_case_and_with_parameters(api: Api, kind: str) -> None:
    assert api.post("/orders", GOOD, key="k-1", headers={"Content-Type": kind}).status == 201


@pytest.mark.parametrize("body", [None, "", "{}", " { } "])
def test_a_route_without_a_body_takes_none_or_an_empty_object(api: Api, body: str | None) -> None:
    assert api.post("/me", body).status == 200


def test_a_route_without_a_body_refuses_any_field(api: Api) -> None:
    reply = api.post("/me", {"name": "Li"})
    assert is_problem(reply, 422, "invalid")
    assert reply.pointers() == ["/name"]


def test_a_body_sent_where_one_only_reads_is_not_looked_at(api: Api) -> None:
    assert api.call("GET", "/open", body="[" * (BODY_BYTES_MAX + 1)).status == 200

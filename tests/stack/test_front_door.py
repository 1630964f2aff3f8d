"""Over real HTTP: what the gateway and the app say together, with real signed tokens."""

from __future__ import annotations

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

from tests.stack.client import Client
from tests.stack.process import a_stack
from tests.tokens import a_token

MEGABYTE: Final = 1024 * 1024


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert told["instance"] == f"urn:jifen:request:{answer.headers['x-request-id']}"
    return told


def test_the_contract_is_published(client: Client) -> None:
    contract = client.get("/openapi.json")
    assert contract.json()["openapi"].startswith("3.1")
    assert "/v1/orders" in contract.json()["paths"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/orders/a/b/c", 404, "not_found"),
        ("PATCH", "/orders", 405, "method_not_allowed"),
        ("DELETE", "/orders", 405, "method_not_allowed"),
        ("OPTIONS", "/me", 405, "method_not_allowed"),
        ("BREW", "/me", 405, "method_not_allowed"),
        ("GET", "/orders/quote", 405, "method_not_allowed"),
        ("GET", "/me", 401, "unauthenticated"),
    ],
)
def test_what_the_gateway_refuses_is_a_problem(
    client: Client, method: str, path: str, status: int, code: str
) -> None:
    answer = client.http.request(method, client.api + path)
    assert (problem(answer)["status"], answer.json()["code"]) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v2/health", "/v1%2Fhealth", "//v1/health"])
def test_an_address_that_is_nobodys_is_not_found(client: Client, path: str) -> None:
    root = client.api.removesuffix("/v1")
    assert problem(client.http.get(root + path))["code"] == "not_found"


def test_head_answers_like_get_without_the_body(client: Client) -> None:
    got, head = client.http.get(f"{client.api}/health"), client.http.head(f"{client.api}/health")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))
    assert client.http.head(f"{client.api}/me").status_code == 401


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Basic bGluOmxpbg==", "Bearer a.b.c", f"Bearer {a_token()}", "茶"],
)
def test_a_header_that_is_no_token_of_ours_is_401(client: Client, authorization: str) -> None:
    headers = {b"Authorization": authorization.encode()}
    answer = client.http.get(f"{client.api}/me", headers=headers)
    assert problem(answer)["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_that_was_tampered_with_is_401(client: Client) -> None:
    head, claims, signature = client.granted("lin", "member")["token"].split(".")
    forged = f"{head}.{claims}.{signature[::-1]}"
    answer = client.http.get(f"{client.api}/me", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("size", [65 * 1024, 7 * MEGABYTE, 11 * MEGABYTE])
@pytest.mark.parametrize("has_token", [True, False])
def test_a_body_that_is_too_large_is_413_whoever_sends_it(
    client: Client, size: int, *, has_token: bool
) -> None:
    body = json.dumps({"name": "a" * size}).encode()
    headers = {"Content-Type": "application/json"}
    if has_token:
        headers["Authorization"] = f"Bearer {member(client)}"
    answer = client.http.post(f"{client.api}/me", content=body, headers=headers)
    assert problem(answer)["code"] == "too_large"


def member(client: Client) -> str:
    token: str = client.granted("lin", "member")["token"]
    return token


def test_a_body_in_chunks_is_a_body(client: Client) -> None:
    parts = iter([b'{"na', b'me": "Lin"', b"}"])
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {member(client)}"}
    answer = client.http.post(f"{client.api}/me", content=parts, headers=headers)
    assert answer.status_code == 200


def test_an_expectation_is_met_before_the_body_comes(client: Client) -> None:
    address = urlsplit(client.api)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    connection.putrequest("POST", "/v1/me")
    for name, value in {
        "Authorization": f"Bearer {member(client)}",
        "Content-Type": "application/json",
        "Content-Length": "2",
        "Expect": "100-continue",
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    time.sleep(0.1)
    connection.send(b"{}")
    assert connection.getresponse().status == 200
    connection.close()


def test_many_members_at_once_are_not_mixed_up(client: Client) -> None:
    members = [client.member(f"crowd-{number}") for number in range(8)]

    def asks(number: int) -> bool:
        who = members[number % len(members)]
        told: bool = who.get("/me").json()["id"] == who.member_id
        return told

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(asks, range(160)))


def test_the_first_tokens_after_a_start_may_come_all_at_once(tmp_path: Path) -> None:
    """A worker's threads all wait for the keys then; the keys come from elsewhere."""
    with a_stack(tmp_path) as stack:
        nobody = stack.client()
        with ThreadPoolExecutor(64) as threads:
            members = list(threads.map(lambda n: nobody.member(f"m-{n}"), range(64)))
        assert len({one.member_id for one in members}) == 64

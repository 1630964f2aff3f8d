"""The `/local` controls give tokens, move the clock, list jobs, and refuse what they must."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

import httpx
import pytest

from infra.local.issuer import client_of
from tests.stack.client import Client

_numbers: Final = count(1)


def somebody() -> str:
    """Return a subject that no test has used."""
    return f"subject-{next(_numbers)}"


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    return told


def test_a_members_token_enrols_the_member_once(client: Client) -> None:
    subject = somebody()
    first, again = client.granted(subject, "member"), client.granted(subject, "member")
    assert first["member_id"] == again["member_id"]
    me = client.member(subject).get("/me").json()
    assert (me["id"], me["email"]) == (first["member_id"], f"{subject}@example.test")


def test_a_token_without_the_member_role_enrols_nobody(client: Client) -> None:
    assert set(client.granted(somebody(), "support")) == {"token"}


@pytest.mark.parametrize("role", ["marketing", "support", "finance", "admin"])
def test_operators_get_what_their_role_may_do(client: Client, role: str) -> None:
    operator = client.person(somebody(), role)
    status = operator.get("/admin/program").status_code
    assert status == (200 if role in {"marketing", "admin"} else 403)
    assert operator.get("/me").status_code == 403


def test_a_token_may_hold_several_roles(client: Client) -> None:
    both = client.person(somebody(), "member", "marketing", "partner:tea-house")
    assert both.get("/me").status_code == 200
    assert both.get("/admin/program").status_code == 200


def test_an_unknown_channel_is_added_to_the_programs_document(client: Client) -> None:
    till = client.till("store-new")
    document = client.person(somebody(), "marketing").get("/admin/program").json()
    assert document["channels"][client_of("store-new")] == "store-new"
    assert till.post("/members/resolve", {"code": "none"}).status_code == 404


def test_channels_that_come_at_once_are_all_added(client: Client) -> None:
    names = [f"busy-{number}" for number in range(12)]
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(client.till, names))
    document = client.person(somebody(), "marketing").get("/admin/program").json()
    assert set(names) <= set(document["channels"].values())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/subject"),
        ({"subject": "lin"}, "/roles"),
        ({"subject": "", "roles": []}, "/subject"),
        ({"subject": "a b", "roles": []}, "/subject"),
        ({"subject": "a@b", "roles": []}, "/subject"),
        ({"subject": 5, "roles": []}, "/subject"),
        ({"subject": "a" * 129, "roles": []}, "/subject"),
        ({"subject": "lin", "roles": "member"}, "/roles"),
        ({"subject": "lin", "roles": ["owner"]}, "/roles/0"),
        ({"subject": "lin", "roles": ["member", "partner:"]}, "/roles/1"),
        ({"subject": "lin", "roles": ["channel:Store 1"]}, "/roles/0"),
        ({"subject": "lin", "roles": ["channel:a", "member"]}, "/roles"),
        ({"subject": "lin", "roles": ["channel:a", "channel:b"]}, "/roles"),
        ({"subject": "lin", "roles": ["member"] * 17}, "/roles"),
        ({"subject": "lin", "roles": [], "admin": True}, "/admin"),
    ],
)
def test_a_token_is_refused_with_a_pointer(client: Client, body: Any, pointer: str) -> None:
    told = problem(client.ask("/token", body))
    assert (told["status"], told["code"]) == (422, "invalid")
    assert pointer in [error["pointer"] for error in told["errors"]]


def test_the_clock_moves_for_every_worker_and_only_forwards(client: Client) -> None:
    before = datetime.fromisoformat(client.ask("/clock").json()["now"])
    moved = client.ask("/clock", {"advance": "P1DT1H"}).json()["now"]
    assert datetime.fromisoformat(moved) - before >= timedelta(days=1, hours=1)
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _: client.ask("/clock").json()["now"], range(40)))
    assert min(told) > moved
    for backwards in ("-P1D", "P-1D", "P1M", "P1Y", "tomorrow", ""):
        answer = problem(client.ask("/clock", {"advance": backwards}))
        assert (answer["status"], answer["errors"][0]["pointer"]) == (422, "/advance")


def test_the_program_goes_by_the_moved_clock(client: Client) -> None:
    subject = somebody()
    enrolled = client.member(subject).get("/me").json()["enrolled_at"]
    now = client.ask("/clock").json()["now"]
    distance = datetime.fromisoformat(now) - datetime.fromisoformat(enrolled)
    assert abs(distance) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "body", [{}, {"advance": 5}, {"advance": "P1D", "by": 1}, {"advance": None}]
)
def test_a_move_of_the_clock_is_read_strictly(client: Client, body: Any) -> None:
    assert problem(client.ask("/clock", body))["status"] == 422


def test_there_are_no_jobs_yet(client: Client) -> None:
    assert client.ask("/jobs").json() == {"items": []}
    answer = client.http.post(f"{client.control}/jobs/sweep")
    assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/token", 405, "POST"),
        ("PUT", "/clock", 405, "GET, HEAD, POST"),
        ("POST", "/jobs", 405, "GET, HEAD"),
        ("GET", "/nothing", 404, None),
        ("GET", "", 404, None),
    ],
)
def test_a_control_that_is_not_there_is_a_problem(
    client: Client, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = client.http.request(method, client.control + path)
    assert (problem(answer)["status"], answer.headers.get("allow")) == (status, allow)


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 10_000, "application/json", 400),
        (b'{"subject": NaN}', "application/json", 400),
        (b'"' + b"a" * 70_000 + b'"', "application/json", 413),
    ],
)
def test_a_control_reads_bodies_as_strictly_as_the_api(
    client: Client, content: bytes, content_type: str, status: int
) -> None:
    answer = client.http.post(
        f"{client.control}/token", content=content, headers={"Content-Type": content_type}
    )
    assert problem(answer)["status"] == status


def test_the_key_set_is_published(client: Client) -> None:
    (key,) = client.ask("/jwks.json").json()["keys"]
    assert (key["kty"], key["alg"]) == ("RSA", "RS256")
    assert "d" not in key

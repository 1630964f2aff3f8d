"""The `/local` controls give tokens, move the clock, list jobs, and refuse what they must."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

import httpx
import pytest

from infra.local.issuer import client_of
from infra.local.moved import Duration
from tests.stack.client import Client

JOBS: Final = {
    "expiry": "rate(15 minutes)",
    "held-notices": "rate(5 minutes)",
    "order-deadlines": "rate(5 minutes)",
    "reconciliation": "rate(1 day)",
    "unfinished-refunds": "rate(5 minutes)",
}
"""Every job of the program and when it runs."""
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


@pytest.mark.parametrize(
    ("subject", "email"),
    [
        ("a@b", "a_b@example.test"),
        ("auth0|5f-1", "auth0|5f-1@example.test"),
        ("~", "~@example.test"),
        ("林", "林@example.test"),
        ("@" * 128, "_" * 128 + "@example.test"),
    ],
)
def test_a_subject_may_be_any_printable_name(client: Client, subject: str, email: str) -> None:
    member = client.member(subject)
    me = member.get("/me").json()
    assert (me["id"], me["email"]) == (member.member_id, email)


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


@pytest.mark.parametrize("channel", ["Store.7_a~b", "a" * 64])
def test_a_channel_may_have_any_name_that_an_address_can_carry(
    client: Client, channel: str
) -> None:
    member_id = client.member(somebody()).member_id
    report = {
        "channel": channel,
        "purchase_id": "p-1",
        "member_id": member_id,
        "paid": {"amount": 100, "currency": "cny"},
    }
    assert client.till(channel).post("/purchases", report).status_code == 201


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
        ({"subject": "a\u00a0b", "roles": []}, "/subject"),
        ({"subject": "a\u007f", "roles": []}, "/subject"),
        ({"subject": 5, "roles": []}, "/subject"),
        ({"subject": "a" * 129, "roles": []}, "/subject"),
        ({"subject": "lin", "roles": "member"}, "/roles"),
        ({"subject": "lin", "roles": ["owner"]}, "/roles/0"),
        ({"subject": "lin", "roles": ["member", "partner:"]}, "/roles/1"),
        ({"subject": "lin", "roles": ["channel:Store 1"]}, "/roles/0"),
        ({"subject": "lin", "roles": ["channel:"]}, "/roles/0"),
        ({"subject": "lin", "roles": ["channel:" + "a" * 65]}, "/roles/0"),
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
    for backwards in ("-P1D", "P-1D", "-P1M", "P-1Y", "tomorrow", ""):
        answer = problem(client.ask("/clock", {"advance": backwards}))
        assert (answer["status"], answer["errors"][0]["pointer"]) == (422, "/advance")


def test_the_clock_refuses_to_leave_the_years_that_the_program_keeps(client: Client) -> None:
    before = client.ask("/clock").json()["now"]
    (error,) = problem(client.ask("/clock", {"advance": "P60Y"}))["errors"]
    assert error["pointer"] == "/advance"
    assert "2085 年年末" in error["detail"]
    assert client.ask("/clock").json()["now"][:10] == before[:10]


def test_the_clock_moves_by_months(client: Client) -> None:
    before = datetime.fromisoformat(client.ask("/clock").json()["now"])
    after = datetime.fromisoformat(client.ask("/clock", {"advance": "P1M"}).json()["now"])
    assert after.date() == Duration(1, timedelta(seconds=5)).after(before).date()


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


def test_jobs_are_listed_with_their_schedules_and_run_when_asked(client: Client) -> None:
    listed = {job["name"]: job["schedule"] for job in client.ask("/jobs").json()["items"]}
    assert listed == JOBS
    for name in listed:
        assert client.http.post(f"{client.control}/jobs/{name}").status_code == 200
    answer = client.http.post(f"{client.control}/jobs/sweep")
    assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/token", 405, "POST"),
        ("PUT", "/clock", 405, "GET, HEAD, POST"),
        ("POST", "/jobs", 405, "GET, HEAD"),
        ("GET", "/pay/ord_1", 405, "POST"),
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


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LocalHost:80", 200),
        ("[::1]:8000", 200),
        ("jifen.example", 403),
        ("127.0.0.1.jifen.example:8000", 403),
        ("localhost, jifen.example", 403),
        ("192.168.0.7:8000", 403),
    ],
)
def test_a_name_that_was_made_to_mean_this_machine_is_refused(
    client: Client, host: str, status: int
) -> None:
    headers = {"Host": host}
    assert client.http.get(f"{client.control}/clock", headers=headers).status_code == status
    answer = client.http.post(
        f"{client.control}/token", json={"subject": somebody(), "roles": []}, headers=headers
    )
    assert answer.status_code == status
    assert status == 200 or problem(answer)["code"] == "forbidden"


def test_the_keys_are_no_control(client: Client) -> None:
    assert problem(client.ask("/jwks.json"))["status"] == 404

"""Thirty requests in one packet: one order where they are one, and never more than was paid for."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.stack.client import Client
from tests.unit.wire import Told

THIRTY: Final = 30
IN_THE_MEANTIME: Final = {(409, "request_in_progress"), (503, "contended")}
"""What a request may be told while another one like it runs."""


@pytest.fixture
def mug(client: Client) -> str:
    """Return a reward that costs 10 points."""
    body = {
        "kind": "goods",
        "title": {"zh": "马克杯", "en": "Mug"},
        "options": [{"points": 10}],
        "stock": {"mode": "counted", "units": 1000},
    }
    answer = client.person("desk", "marketing").post("/admin/rewards", body, key="packets")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def a_member(client: Client, subject: str, *, points: int) -> Client:
    """Return a member with points."""
    member = client.member(subject)
    sale = {
        "channel": "store-1",
        "purchase_id": f"packet-{subject}",
        "member_id": member.member_id,
        "paid": {"amount": points * 100, "currency": "cny"},
    }
    assert client.till("store-1").post("/purchases", sale).status_code == 201
    return member


def in_one_packet(member: Client, bodies: Sequence[tuple[str, dict[str, Any]]]) -> list[Told]:
    """Send orders, each with its key, all at once on one connection; return the answers."""
    packet = b"".join(order(member, key, body) for key, body in bodies)
    parts = urlsplit(member.api)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(packet)
        return [answer for _, answer in zip(bodies, answers(connection), strict=False)]


def order(member: Client, key: str, body: dict[str, Any]) -> bytes:
    """Return the bytes of one request."""
    told = json.dumps(body).encode()
    head = (
        f"POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {member.token}\r\n"
        f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(told)}\r\n\r\n"
    )
    return head.encode() + told


def answers(connection: socket.socket) -> Iterator[Told]:
    """Yield the answers on a connection as they come."""
    with connection.makefile("rb") as stream:
        while line := stream.readline():
            headers = {}
            while field := stream.readline().strip():
                name, _, value = field.decode().partition(": ")
                headers[name.lower()] = value
            body = stream.read(int(headers["content-length"]))
            yield Told(int(line.split()[1]), headers, body)


def outcomes(told: list[Told]) -> Counter[tuple[int, str]]:
    """Count answers by status and code."""
    return Counter((one.status, json.loads(one.body).get("code", "")) for one in told)


def test_30_identical_orders_in_one_packet_are_one_order(client: Client, mug: str) -> None:
    lin = a_member(client, "packet-same", points=1000)
    told = in_one_packet(lin, [("same", {"reward_id": mug})] * THIRTY)
    assert len(told) == THIRTY
    good = [one for one in told if one.status == 201]
    assert set(outcomes(told)) <= {(201, ""), *IN_THE_MEANTIME}
    assert [one.headers.get("idempotency-replayed") for one in good].count(None) == 1
    assert len({json.loads(one.body)["id"] for one in good}) == 1
    assert len(lin.get("/orders").json()["items"]) == 1
    assert lin.get("/me/wallet").json()["available"] == 990


def test_30_orders_in_one_packet_with_points_for_one_are_one_order(
    client: Client, mug: str
) -> None:
    zhou = a_member(client, "packet-poor", points=10)
    told = in_one_packet(zhou, [(f"k-{number}", {"reward_id": mug}) for number in range(THIRTY)])
    assert outcomes(told) == {(201, ""): 1, (422, "insufficient_points"): THIRTY - 1}
    assert len(zhou.get("/orders").json()["items"]) == 1
    assert zhou.get("/me/wallet").json()["available"] == 0


def test_one_key_for_two_orders_in_one_packet_is_refused_once(client: Client, mug: str) -> None:
    wang = a_member(client, "packet-two", points=1000)
    bodies = [("one", {"reward_id": mug, "quantity": number % 2 + 1}) for number in range(THIRTY)]
    told = in_one_packet(wang, bodies)
    half = THIRTY // 2
    assert outcomes(told) == {(201, ""): half, (422, "idempotency_key_reused"): half}
    assert wang.get("/me/wallet").json()["available"] == 990

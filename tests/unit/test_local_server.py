"""The local server takes HTTP/1.1, waits for the slow, and refuses garbage as a problem."""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from infra.local.exchange import REQUEST_BYTES_MAX
from infra.local.server import is_hopeless
from tests.unit.wire import Address, say, workers_on

MEGABYTE: Final = 1024 * 1024
GET: Final = b"GET /v1/echo/a HTTP/1.1\r\nHost: a\r\n"
POST: Final = b"POST /v1/echo/a HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """Serve the echo house."""
    with workers_on(tmp_path_factory.mktemp("server"), 1) as (_, address):
        yield address


def test_a_request_is_answered(door: Address) -> None:
    (told,) = say(door, GET + b"\r\n")
    assert (told.status, json.loads(told.body)) == (200, {"name": "a"})
    assert "server" not in told.headers


def test_requests_on_one_connection_are_answered_in_order(door: Address) -> None:
    requests = b"".join(GET.replace(b"/a ", b"/%d " % number) + b"\r\n" for number in range(5))
    assert [json.loads(told.body)["name"] for told in say(door, requests)] == list("01234")


def test_head_gets_the_headers_of_get_and_the_connection_stays_usable(door: Address) -> None:
    head = GET.replace(b"GET", b"HEAD") + b"\r\n"
    with socket.create_connection(door, timeout=10) as connection:
        connection.sendall(head)
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"Content-Length: 12\r\n" in answer
        assert answer.endswith(b"\r\n\r\n")
        connection.sendall(GET + b"\r\n")
        assert connection.recv(65536).endswith(b'{"name":"a"}')


def test_an_answer_says_its_length_and_carries_the_apps_headers(door: Address) -> None:
    (told,) = say(door, GET + b"\r\n")
    assert told.headers["content-length"] == str(len(told.body))
    assert told.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 100,
        b"hello\r\n",
        b"hello there, is this the points mall?\n",
        b"A" * 40,
        b"GET /v1/health\r\n\r\n",
        b"GET /v1/health HTTP/0.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"get /v1/health HTTP/1.1\r\n\r\n",
        b"GET /v1/health HTTP/1.1\n\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"GET /v1/\xe8\x8c\xb6 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        GET + b"No colon here\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\n folded: first\r\n\r\n",
        GET + b"Bad name: a\r\n\r\n",
        GET + b"A: b\rc\r\n\r\n",
        POST + b"Content-Length: minus one\r\n\r\n",
        POST + b"Content-Length: 1, 2\r\n\r\na",
        POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nnot hexadecimal\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n",
    ],
)
def test_garbage_on_the_wire_is_a_problem(door: Address, garbage: bytes) -> None:
    told, *_ = say(door, garbage)
    assert (told.status, told.problem()["code"]) == (400, "malformed")


def test_garbage_is_refused_without_waiting_for_more_of_it(door: Address) -> None:
    with socket.create_connection(door, timeout=10) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00")
        assert connection.recv(65536).startswith(b"HTTP/1.0 400 ")


@pytest.mark.parametrize(
    "start", [b"", b"\r\n", b"G", b"GET", b"GET ", b"GET /a HT", b"GET /a HTTP/1.1\r"]
)
def test_what_may_still_become_a_request_is_waited_for(start: bytes) -> None:
    assert not is_hopeless(start)


def test_a_transfer_coding_that_nobody_knows_is_a_problem(door: Address) -> None:
    (told,) = say(door, POST + b"Transfer-Encoding: zip\r\n\r\n")
    assert (told.status, told.problem()["code"]) == (501, "malformed")


@pytest.mark.parametrize("size", [11_000, 70_000, 1_000_000])
def test_headers_that_are_too_large_are_a_problem(door: Address, size: int) -> None:
    connection = http.client.HTTPConnection(*door, timeout=10)
    connection.putrequest("GET", "/v1/echo/a")
    connection.putheader("X", "a" * size)
    try:
        connection.endheaders()
    except ConnectionError:
        assert size > 64 * 1024, "a little too large is told politely"
        return
    try:
        answer = connection.getresponse()
    except ConnectionError:
        assert size > 64 * 1024, "a little too large is told politely"
        return
    assert (answer.status, json.loads(answer.read())["code"]) == (431, "too_large")
    connection.close()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_is_too_large_is_read_and_then_refused(
    door: Address, *, is_chunked: bool
) -> None:
    connection = http.client.HTTPConnection(*door, timeout=30)
    part = b"a" * MEGABYTE
    body = (part for _ in range(11)) if is_chunked else part * 11
    connection.request("GET", "/v1/echo/a", body=body)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    assert (answer.status, told["code"], told["bytes_max"]) == (413, "too_large", REQUEST_BYTES_MAX)
    connection.close()


def test_a_body_without_end_is_cut_off(door: Address) -> None:
    started = time.monotonic()
    answers = say(door, POST + b"Content-Length: 100000000000\r\n\r\n")
    assert [told.problem()["code"] for told in answers] == ["too_large"]
    assert time.monotonic() - started < 5


def test_slow_clients_do_not_hold_up_the_others(door: Address) -> None:
    slow = [socket.create_connection(door, timeout=10) for _ in range(60)]
    for connection in slow:
        connection.sendall(POST + b"Content-Length: 10\r\n\r\n12345")
    started = time.monotonic()
    for _ in range(20):
        assert say(door, GET + b"\r\n")[0].status == 200
    assert time.monotonic() - started < 3
    for connection in slow:
        connection.sendall(b"67890")
        assert connection.recv(65536).startswith(b"HTTP/1.1 405 ")
        connection.close()


def test_a_client_that_goes_away_hurts_nobody(door: Address) -> None:
    for _ in range(20):
        with socket.create_connection(door, timeout=10) as connection:
            connection.sendall(GET.replace(b"/a ", b"/slow "))
    assert say(door, GET + b"\r\n")[0].status == 200


def test_many_clients_at_once_get_their_own_answers(door: Address) -> None:
    def said(number: int) -> str:
        connection = http.client.HTTPConnection(*door, timeout=20)
        connection.request("GET", f"/v1/echo/n{number}")
        told: str = json.loads(connection.getresponse().read())["name"]
        connection.close()
        return told

    with ThreadPoolExecutor(64) as threads:
        assert list(threads.map(said, range(300))) == [f"n{number}" for number in range(300)]


def shares(address: Address, clients: int) -> list[int]:
    """Open connections in a burst; return how many each worker that got one serves."""
    ask = GET.replace(b"/a ", b"/process ") + b"\r\n"
    burst = [socket.create_connection(address, timeout=10) for _ in range(clients)]
    for client in burst:
        client.sendall(ask)
    served = Counter(client.recv(65536).rpartition(b"\r\n")[2] for client in burst)
    for client in burst:
        client.close()
    return list(served.values())


def test_workers_share_the_connections_of_a_burst(tmp_path: Path) -> None:
    """Not always to the same degree: on a busy machine one of them may sleep through a burst."""
    with workers_on(tmp_path, 2) as (_, address):
        while len(shares(address, 8)) < 2:
            pass
        bursts = [shares(address, 64) for _ in range(9)]
    smaller = [64 - max(burst) for burst in bursts]
    assert statistics.median(smaller) >= 24

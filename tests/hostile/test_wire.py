"""Bytes on the wire that no client of good will sends, against the running stack.

Whatever they are, the answer is a problem or none, nobody else waits, and a worker needs no more
memory than for requests that are in order.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import pytest

from infra.local.exchange import READ_BYTES_MAX, REQUEST_BYTES_MAX
from infra.local.server import CHUNK_LINE_MAX, LINGER_BYTES_MAX
from tests.stack.client import Client
from tests.stack.process import StackProcess
from tests.unit.wire import Address, Told, say

MEGABYTE: Final = 1024 * 1024
GET: Final = b"GET /v1/health HTTP/1.1\r\nHost: a\r\n"
POST: Final = b"POST /v1/me HTTP/1.1\r\nHost: a\r\n"
END: Final = b" HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED: Final = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LINGER_MEGABYTES: Final = LINGER_BYTES_MAX // MEGABYTE
PROMPT_SECONDS: Final = 2.0
"""An answer takes milliseconds; the machine may be busy with something else."""
GROWTH_MEGABYTES_MAX: Final = 64
"""What 100 MB may leave in a worker's memory: bodies up to 10 MB are handed on whole."""


@pytest.fixture
def door(client: Client) -> Address:
    """Return where the stack listens."""
    parts = urlsplit(client.api)
    return str(parts.hostname), int(parts.port or 0)


@pytest.fixture(autouse=True)
def still_serves(client: Client) -> Iterator[None]:
    """Check after each test that the stack answers at once."""
    yield
    started = time.monotonic()
    assert client.get("/health").status_code == 200
    assert time.monotonic() - started < PROMPT_SECONDS


@contextmanager
def an_open(door: Address) -> Iterator[socket.socket]:
    """Open a connection."""
    with socket.create_connection(door, timeout=10) as connection:
        yield connection


def heard(connection: socket.socket, *, until: bytes = b"}") -> bytes:
    """Return what comes until the answer's end, or the connection's."""
    told = b""
    while not told.endswith(until) and (more := connection.recv(65536)):
        told += more
    return told


def is_refused(told: Told, status: int) -> bool:
    """Tell whether an answer is a problem with a status."""
    return told.status == status and bool(told.problem()["code"]) and b"<" not in told.body


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (GET + b"".join(b"H%d: a\r\n" % number for number in range(5_000)) + b"\r\n", 431),
        (GET + b"".join(b"Cookie: a\r\n" for _ in range(5_000)) + b"\r\n", 431),
        (GET + b"H: " + b"a" * MEGABYTE + b"\r\n\r\n", 431),
        (GET + b"H" * MEGABYTE + b": a\r\n\r\n", 431),
        (b"GET /v1/health?" + b"a" * MEGABYTE + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET /v1/health?" + b"a" * 11_000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET /v1/catalog?" + b"&".join(b"%d" % n for n in range(10_000)) + END, 431),
        (b"A" * MEGABYTE, 400),
        (b"\x00" * MEGABYTE, 400),
        (GET + b"X: a\x00b\r\n\r\n", 400),
        (b"GET /v1/he\x00alth HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), 400),
        (b"GET /v1/health#part HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /v1/orders/../health HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /v1/./health HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /v1/%2e%2e/local/clock HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /v1/rewards/{id} HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /v1/rewards/%00 HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /pictures/../../../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (b"GET /pictures/%2e%2e%2f%2e%2e%2fapp.py HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    ],
    ids=lambda given: repr(given[:40])[2:-1] if isinstance(given, bytes) else str(given),
)
def test_a_head_that_is_hostile_is_a_problem(
    door: Address, request_bytes: bytes, status: int
) -> None:
    told, *_ = say(door, request_bytes)
    assert is_refused(told, status)


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: -1\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 0x2\r\n\r\n{}",
        b"Content-Length: 2_0\r\n\r\n{}",
        b"Content-Length: \r\n\r\n{}",
        b"Content-Length: 2, 2\r\n\r\n{}",
        b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: 2\r\nContent-Length: 20\r\n\r\n{}",
        b"Content-Length: " + b"9" * 20 + b"x\r\n\r\n{}",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5;a=\x00\r\nhello\r\n0\r\n\r\n",
        b'Transfer-Encoding: chunked\r\n\r\n5;a="' + b"\\a" * 1_000 + b"\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * (CHUNK_LINE_MAX + 10_000),
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a" * (CHUNK_LINE_MAX + 10_000),
        b"Expect: 100-continue\r\nContent-Length: many\r\n\r\n",
    ],
    ids=lambda given: repr(given[:60])[2:-1],
)
def test_a_length_that_nobody_understands_is_400_and_the_end(door: Address, rest: bytes) -> None:
    """What follows is not read as a request: where it begins is not known."""
    told, *more = say(door, POST + rest + GET + b"\r\n")
    assert is_refused(told, 400)
    assert more == []


def test_http_1_0_knows_no_chunks(door: Address) -> None:
    old = CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Host: a", b"Connection: keep-alive")
    told, *more = say(door, old + b"0\r\n\r\n" + GET + b"\r\n")
    assert is_refused(told, 400)
    assert more == []


def test_http_1_0_is_answered_and_the_connection_closed(door: Address) -> None:
    (told,) = say(door, (b"GET /v1/health HTTP/1.0\r\n\r\n") * 2)
    assert (told.status, json.loads(told.body)) == (200, {"status": "ok"})


def test_a_body_that_is_shorter_than_said_is_never_acted_on(door: Address) -> None:
    assert say(door, POST + b"Content-Length: 20\r\n\r\n{}") == []


def test_what_follows_a_body_is_the_next_request(door: Address) -> None:
    """A length that is too short leaves bytes behind, and they are no request."""
    first, second = say(door, POST + b"Content-Length: 1\r\n\r\n{}\r\n" + GET + b"\r\n")
    assert (first.status, second.status) == (401, 400)


@pytest.mark.parametrize("head", [GET, POST + b"Content-Length: 0\r\n"])
def test_whoever_waits_to_be_told_to_go_on_without_a_body_is_answered(
    door: Address, head: bytes
) -> None:
    with an_open(door) as connection:
        connection.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert heard(connection).split(b" ", 2)[1] in {b"200", b"401"}


def test_whoever_waits_to_be_told_to_send_too_much_is_told_no(door: Address) -> None:
    with an_open(door) as connection:
        connection.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n")
        assert heard(connection).startswith(b"HTTP/1.1 413 ")


def test_a_line_between_chunks_without_an_end_holds_up_nobody(
    door: Address, client: Client
) -> None:
    """The receiver looks at an unfinished line anew with every packet."""
    for beginning in (b"", b"0\r\n", b"5;"):
        started = time.monotonic()
        told, *_ = say(door, CHUNKED + beginning + b"0" * (20 * MEGABYTE))
        assert is_refused(told, 400)
        assert client.get("/health").status_code == 200
        assert time.monotonic() - started < PROMPT_SECONDS


def test_slow_clients_hold_up_nobody(door: Address, client: Client) -> None:
    """Fifty that send a byte a second, of a head, of a body, and of a chunk."""
    beginnings = (b"G", POST + b"Content-Length: 1000\r\n\r\n", CHUNKED + b"3e8\r\n")
    slow = [socket.create_connection(door, timeout=10) for _ in range(50)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(beginnings[number % 3])
        for _ in range(3):
            slowest = max(seconds_for_health(client) for _ in range(10))
            assert slowest < PROMPT_SECONDS
            for number, connection in enumerate(slow):
                connection.sendall(b"E" if number % 3 == 0 else b" ")
            time.sleep(0.3)
    finally:
        for connection in slow:
            connection.close()


def seconds_for_health(client: Client) -> float:
    """Return how long an answer takes on a connection of its own."""
    started = time.monotonic()
    assert client.get("/health", Connection="close").status_code == 200
    return time.monotonic() - started


def test_100_megabytes_are_refused_and_leave_nothing_in_memory(
    door: Address, stack: StackProcess
) -> None:
    """Said beforehand or not, to a route that reads four, by several clients at once."""
    path = b"POST /v1/admin/rewards/rwd_00000000000/codes HTTP/1.1\r\nHost: a\r\n"
    part = b"=cmd|'/C calc'!A0,\x00" * (MEGABYTE // 20)
    told = path + b"Content-Length: %d\r\n\r\n" % (100 * len(part))
    untold = path + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n" % len(part) + part + b"\r\n"
    before = memory(stack)
    with ThreadPoolExecutor(4) as threads:
        sending = [
            threads.submit(say, door, head, *[body] * 100)
            for head, body in ((told, part), (untold, chunk)) * 2
        ]
        peak = highest(stack, sending)
    assert all(is_refused(one.result()[0], 413) for one in sending)
    assert peak - before < GROWTH_MEGABYTES_MAX


def test_bodies_that_no_function_is_handed_are_never_in_memory(
    door: Address, stack: StackProcess
) -> None:
    """Up to the gateway's limit a body is waited for, but only Lambda's six megabytes are read."""
    body = b"\x00" * REQUEST_BYTES_MAX
    head = GET + b"Content-Length: %d\r\n\r\n" % len(body)
    before = memory(stack)
    with ThreadPoolExecutor(16) as threads:
        sending = [threads.submit(say, door, head, body) for _ in range(16)]
        peak = highest(stack, sending)
    answers = [one.result()[0] for one in sending]
    assert all(is_refused(told, 413) for told in answers)
    assert {told.problem()["bytes_max"] for told in answers} == {READ_BYTES_MAX}
    assert peak - before < GROWTH_MEGABYTES_MAX


def highest(stack: StackProcess, sending: Sequence[Future[list[Told]]]) -> int:
    """Return the most memory that a worker has while something is sent, and afterwards."""
    peak = memory(stack)
    while not all(one.done() for one in sending):
        peak = max(peak, memory(stack))
    return max(peak, memory(stack))


def memory(stack: StackProcess) -> int:
    """Return the megabytes that the larger worker has in memory."""
    _, *workers = stack.children()
    names = ",".join(map(str, workers))
    listed = subprocess.run(
        ["ps", "-o", "rss=", "-p", names], stdout=subprocess.PIPE, text=True, check=True
    )
    return max(int(line) for line in listed.stdout.split()) // 1024


def test_a_client_that_never_stops_after_a_refusal_is_cut_off(door: Address) -> None:
    with an_open(door) as connection:
        connection.sendall(POST + b"Content-Length: 99999999999\r\n\r\n")
        assert taken(connection, megabytes=2 * LINGER_MEGABYTES) < 2 * LINGER_MEGABYTES


def taken(connection: socket.socket, *, megabytes: int) -> int:
    """Send for as long as somebody takes it; return how many megabytes went."""
    for sent in range(megabytes):
        try:
            connection.sendall(b"a" * MEGABYTE)
        except ConnectionError:
            return sent
    return megabytes


def test_a_body_of_one_byte_beyond_the_gateway_s_limit_is_too_large(door: Address) -> None:
    head = POST + b"Content-Type: application/json\r\n"
    body = b" " * (REQUEST_BYTES_MAX + 1)
    (told,) = say(door, head + b"Content-Length: %d\r\n\r\n" % len(body), body)
    assert is_refused(told, 413)
    assert told.problem()["bytes_max"] == REQUEST_BYTES_MAX


def test_a_refusal_of_the_server_speaks_the_language_of_the_caller(door: Address) -> None:
    for language in ("en", "zh-CN"):
        head = POST + b"Accept-Language: " + language.encode()
        (told,) = say(door, head + b"\r\nContent-Length: x\r\n\r\n")
        assert told.headers["content-language"] == language

"""HTTP on a socket: waitress, which reads slow clients without holding a thread for them.

waitress is kept by others and does what API Gateway's front does for Lambda: a request is handed
on only when all of it is here. Two things are added. Its own refusals become problem answers. And
bytes that can never become a request are refused at once, where waitress would wait for the end of
a header that does not come.

A client that is still sending often cannot see an answer before the connection is reset. So a body
between the gateway's limit and `DRAINED_BYTES_MAX` is read to its end before it is refused, and of
what is refused sooner than its end the rest is thrown away before the connection closes. The price:
up to `LINGER_BYTES_MAX` of traffic for nothing. What waits for an end has a limit of its own: the
receiver of chunks looks at an unfinished line anew with every packet, so that one of 20 MB would
hold up everybody for a minute.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import time
from typing import Final, cast

from typing_extensions import override
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest

from chalicelib.kernel.errors import Malformed, Refusal, TooLarge
from chalicelib.web.problems import Broken
from infra.local.exchange import REQUEST_BYTES_MAX, Wsgi
from infra.local.gateway import HEADER_BYTES_MAX
from infra.local.problems import HeadersTooLarge, problem

THREADS: Final = 16
"""A request waits for the database most of its time; more threads only wait for each other."""
CONNECTIONS_MAX: Final = 1000
"""Below the usual limit of 1,024 open files; a worker past it lets clients wait in the queue."""
HEADER_READ_MAX: Final = 64 * 1024
"""Headers are read up to this, so that the gateway's own, smaller limit is answered politely."""
DRAINED_BYTES_MAX: Final = 64 * 1024 * 1024
"""Bodies are read up to this before they are refused; past it the rest is not looked at."""
LINGER_BYTES_MAX: Final = 128 * 1024 * 1024
"""Thrown away after a refusal, so that a client with 100 MB at hand still reads it; past this the
connection is cut."""
DISCARDED_AT_ONCE: Final = 64 * 1024
CHUNK_LINE_MAX: Final = 4 * 1024
"""A line before a chunk, or the trailers after the last one; real ones have ten bytes, or none."""
IDLE_SECONDS: Final = 75
"""How long a connection may say nothing: longer than clients keep one in their pools."""
BURST_SECONDS: Final = 0.002
COURTESY_SECONDS: Final = 0.001
"""Clients that keep their connections come in a burst, and a worker that is awake would take them
all while the other sleeps; a millisecond is enough for the other to wake up."""
START_LINE: Final = re.compile(rb"[A-Z-]{1,32} [!-~]+ HTTP/1\.[01]\r")
"""The longest registered method has 17 letters (RFC 9110's registry)."""
START_OF_LINE: Final = re.compile(rb"[A-Z-]{1,32}(?: .*)?")
VERSIONS: Final = frozenset({"1.0", "1.1"})


class Parser(HTTPRequestParser):
    """Reads a request, and gives up at once on what cannot be one."""

    @override
    def received(self, data: bytes) -> int:
        """Take bytes in; return how many were used."""
        try:
            used = super().received(data)
        except ValueError as error:
            # A length of five thousand digits, an address that breaks off: no request either.
            self.error = BadRequest(str(error))
            self.completed = True
            return len(data)
        reason = self._fault() if self.error is None else ""
        if reason:
            self.error = BadRequest(reason)
            self.completed = True
        if self.completed:
            # Nothing more is expected; told to go on, waitress would forget that all is here.
            self.expect_continue = False
        return used

    @override
    def parse_header(self, header_plus: bytes) -> None:
        """Read the headers; two opinions of where the body ends are none (RFC 9112, 6.3)."""
        super().parse_header(header_plus)
        # What is left of it here belongs to HTTP/1.0, which knows no transfer coding.
        is_mistaken = "TRANSFER_ENCODING" in self.headers
        if is_mistaken or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("the length of the body is not clear")

    def _fault(self) -> str:
        """Return why these bytes cannot be a request, nothing as long as they can."""
        if self._is_hopeless():
            return "this is not HTTP/1.1"
        chunks = self.body_rcv
        if isinstance(chunks, ChunkedReceiver):
            waiting = max(len(chunks.control_line), len(chunks.trailer))
            return "a line between chunks is too long" if waiting > CHUNK_LINE_MAX else ""
        return ""

    def _is_hopeless(self) -> bool:
        if self.headers_finished:
            return not self.empty and self.version not in VERSIONS
        return is_hopeless(self.header_plus)


def is_hopeless(start: bytes) -> bool:
    """Tell whether no further byte can make a request of these.

    A whole first line has to be a start line; of a line that has not ended yet, the first word may
    still become a method.
    """
    line, ended, _ = start.lstrip(b"\r\n").partition(b"\n")
    shape = START_LINE if ended else START_OF_LINE
    return bool(line) and shape.fullmatch(line) is None


class WholeTask(WSGITask):
    """Writes an answer's headers and body at once: one packet, where waitress makes two."""

    @override
    def write(self, data: bytes) -> None:
        """Write a part of the answer; ours have one part."""
        if self.wrote_header or self.content_length != len(data) or not self.has_body:
            super().write(data)
            return
        self.channel.write_soon(self.build_response_header() + data)
        self.wrote_header = True
        self.content_bytes_written = len(data)


class ProblemTask(ErrorTask):
    """Answers what the server itself refuses with a problem, and closes the connection."""

    @override
    def execute(self) -> None:
        """Write the answer."""
        # The stubs take the request for an error; it is the parser that met one.
        request = cast(Parser, self.request)
        error = request.error
        assert error is not None
        language = request.headers.get("ACCEPT_LANGUAGE", "")
        refusal = _refusal(error.code, error.body)
        reply = problem(refusal, accept_language=language, status=error.code)
        self.status = f"{error.code} {error.reason}"
        self.response_headers = list(reply.headers)
        self.set_close_on_finish()
        cast(Channel, self.channel).lingers = True
        self.content_length = len(reply.body)
        self.write(reply.body)


def _refusal(status: int, reason: str) -> Refusal:
    """Return the refusal of the house that stands for one of waitress's errors."""
    if status == 413:
        return TooLarge(bytes_max=REQUEST_BYTES_MAX)
    if status == 431:
        return HeadersTooLarge(bytes_max=HEADER_BYTES_MAX)
    return Broken() if status == 500 else Malformed(reason=reason)


class Channel(HTTPChannel):
    """One connection.

    After a refusal of the server's own it is closed on our side first. What still comes is thrown
    away until the client closes too, has sent `LINGER_BYTES_MAX`, or took `IDLE_SECONDS`.
    """

    parser_class = Parser
    task_class = WholeTask
    error_task_class = ProblemTask
    lingers = False
    _is_half_closed = False
    _discarded = 0

    @override
    def readable(self) -> bool:
        """Tell whether bytes of the client are wanted."""
        return self._is_half_closed or super().readable()

    @override
    def handle_read(self) -> None:
        """Take bytes in, or throw them away."""
        if not self._is_half_closed:
            super().handle_read()
            return
        try:
            # At the end of the stream, this closes the connection by itself.
            self._discarded += len(self.recv(DISCARDED_AT_ONCE))
        except OSError:
            self.handle_close()
            return
        if self._discarded > LINGER_BYTES_MAX:
            self.handle_close()

    @override
    def handle_close(self) -> None:
        """Close the connection, or its half where the client may not have read the answer."""
        if self.lingers and self.connected and self.socket and not self._is_half_closed:
            self._is_half_closed = True
            self.will_close = self.close_when_flushed = False
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                return
        super().handle_close()


class Server(TcpWSGIServer):
    """Serves the connections of one socket."""

    channel_class = Channel
    _accepted_at = 0.0

    @override
    def handle_accept(self) -> None:
        """Accept a connection; in a burst, let another worker have the next one."""
        if time.monotonic() - self._accepted_at < BURST_SECONDS:
            time.sleep(COURTESY_SECONDS)
        super().handle_accept()

    @override
    def set_socket_options(self, conn: socket.socket) -> None:
        """Note when a connection was accepted; another worker may have been quicker."""
        self._accepted_at = time.monotonic()
        super().set_socket_options(conn)


def server_on(application: Wsgi, listening: socket.socket, *, threads: int = THREADS) -> Server:
    """Return a server for a socket that listens already; `run` serves until SystemExit.

    Several processes may serve one socket: whoever accepts first has the connection.
    """
    # It warns of full queues, and of sockets that close while it stops; neither needs anybody.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    adjustments = Adjustments(
        sockets=[listening],
        threads=threads,
        connection_limit=CONNECTIONS_MAX,
        channel_timeout=IDLE_SECONDS,
        max_request_header_size=HEADER_READ_MAX,
        max_request_body_size=DRAINED_BYTES_MAX,
        asyncore_use_poll=True,
        log_socket_errors=False,
        clear_untrusted_proxy_headers=False,
        ident="",
    )
    place = (listening.family, listening.type, listening.proto, listening.getsockname())
    return Server(application, _sock=listening, adj=adjustments, sockinfo=place, bind_socket=False)

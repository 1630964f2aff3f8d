"""The socket: one thread a connection, and connections that can be cut as a network cuts them.

The stack's own server never lets a connection fall, which is its point; here that has to be
possible. What a request asks for is not this module's business.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Final

from typing_extensions import override

from infra.local.exchange import Reply, Request
from infra.local.stripe.desk import Cut

BODY_BYTES_MAX: Final = 1024 * 1024
RESET_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing sends a reset."""

Answering = Callable[[Request], Reply]


class Door(ThreadingHTTPServer):
    """Serves a socket that listens already."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listening: socket.socket, answer: Answering) -> None:
        super().__init__(listening.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.answering = answer

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    server: Door

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._answer()

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing: requests are not news."""

    def _answer(self) -> None:
        told = self.headers.get("Content-Length") or "0"
        length = min(int(told), BODY_BYTES_MAX) if told.isdecimal() else 0
        # What is not read would be taken for the next request.
        self.close_connection = self.close_connection or told != str(length)
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            query=query,
            headers={name.title(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            body_bytes=length,
        )
        try:
            reply = self.server.answering(request)
        except Cut:
            self._reset()
            return
        except Exception:  # noqa: BLE001 - the outermost edge: the caller gets an answer
            traceback.print_exc()
            reply = Reply(500, body=b'{"error": {"type": "api_error"}}')
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        """Write headers and body as one packet."""
        self.send_response_only(reply.status)
        for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))):
            self.send_header(name, value)
        self.end_headers_with(reply.body)

    def end_headers_with(self, body: bytes) -> None:
        """End the headers; the body follows in the same write."""
        buffered: list[bytes] = self.__dict__.pop("_headers_buffer")
        self.wfile.write(b"".join([*buffered, b"\r\n", body]))

    def _reset(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
            self.connection.shutdown(socket.SHUT_RD)
        # The files over the socket hold it open; without them the close is a reset.
        self.wfile.close()
        self.rfile.close()
        self.connection.close()

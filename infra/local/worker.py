"""One worker: the app behind its gateway, the controls and the pictures, on the shared socket.

Started by the supervisor with two open files: the listening socket, and the reading end of a pipe
that nobody ever writes into. The pipe closes when the supervisor is gone, however that happened,
and then the worker ends too.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol

from chalicelib.gateways.messages.port import Messages
from chalicelib.gateways.queue.port import Queue
from chalicelib.kernel.clock import Clock, MovedClock
from chalicelib.kernel.errors import Refusal
from infra.local import control, pictures
from infra.local.control import Control
from infra.local.exchange import Environ, Reply, Request, StartResponse, Wsgi, request_of, sent
from infra.local.gateway import ChaliceApp, Gateway
from infra.local.issuer import issuer_at
from infra.local.jobs import Scheduler
from infra.local.lifeline import end_with
from infra.local.moved import Offset
from infra.local.outbox import Outbox
from infra.local.people import People
from infra.local.problems import problem
from infra.local.programs import OUTREACH, QUEUES
from infra.local.queues import LocalQueues
from infra.local.server import server_on
from infra.local.state import State
from infra.local.stripe.pay import Cashier

APP: Final = "app:app"

Answer = Callable[[Request], Reply]


class LocalApp(ChaliceApp, Scheduler, Protocol):
    """The program: a Chalice app whose clock, queue and carrier of messages can be replaced."""

    clock: Clock
    queue: Callable[[], Queue]
    messages: Callable[[], Messages]

    def prepare(self) -> None:
        """Build everything that threads would otherwise build at once."""


def application(app: LocalApp, state: State) -> Wsgi:
    """Return everything that one port serves, as a WSGI application."""
    offset = Offset(state.clock)
    app.clock = MovedClock(offset.read)
    if QUEUES in os.environ:
        queues = LocalQueues(Path(os.environ[QUEUES]))
        app.queue = lambda: queues
    app.prepare()
    issuer = issuer_at(state.key)
    gateway = Gateway(app)
    people = People(gateway, issuer)
    others: dict[str, Mapping[str, Answer]] = {
        "/pay/{order_id}": {"POST": Cashier(os.environ.get("JIFEN_STRIPE_BASE", "")).answer}
    }
    if OUTREACH in os.environ:
        outbox = Outbox(Path(os.environ[OUTREACH]), app.clock)
        app.messages = lambda: outbox
        others["/messages"] = {"GET": outbox.answer}
    controls = Control(people=people, issuer=issuer, offset=offset, app=app, others=others)
    return wsgi(gateway.answer, {control.PREFIX: controls.answer, pictures.PREFIX: pictures.answer})


def wsgi(otherwise: Answer, by_prefix: dict[str, Answer]) -> Wsgi:
    """Return a WSGI application that gives each request to whom its first segment belongs."""

    def answered(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method = str(environ["REQUEST_METHOD"])
        try:
            request = request_of(environ)
        except Refusal as refusal:
            language = str(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
            return sent(problem(refusal, accept_language=language), start_response, method=method)
        first = "/" + request.path.split("/", 2)[1]
        answer = by_prefix.get(first, otherwise)
        return sent(answer(request), start_response, method=method)

    return answered


def main() -> None:
    """Serve until SIGTERM, or until the supervisor is gone."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--socket", type=int, required=True)
    arguments.add_argument("--lifeline", type=int, required=True)
    arguments.add_argument("--state", type=Path, required=True)
    arguments.add_argument("--app", default=APP)
    given = arguments.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(given.lifeline)
    module, _, name = given.app.partition(":")
    app = getattr(importlib.import_module(module), name)
    server = server_on(application(app, State(given.state)), socket.socket(fileno=given.socket))
    # What is here by now stays: the collector need not look at it again with every round.
    gc.collect()
    gc.freeze()
    # Not before: a signal ends a worker that still starts, where an exception might be swallowed by
    # whatever it comes up in.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.run()


if __name__ == "__main__":
    main()

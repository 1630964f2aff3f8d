"""The app: finds the route, and lets nothing leave that is not an answer of ours.

Chalice keeps the table of routes, packages and deploys it, and runs the event functions; the one
thing done here instead is answering a request. Chalice's own handler keeps the current request on
the app, where threads mix it up, and answers an unknown method, a wrong content type or an
exception in a form of its own. The price: Chalice's middleware does not run for HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, cast

from chalice.app import Chalice
from typing_extensions import override

from chalicelib.gateways.messages import aws
from chalicelib.gateways.messages.port import Messages
from chalicelib.gateways.payments import account
from chalicelib.gateways.payments.port import Payments
from chalicelib.gateways.queue import sqs
from chalicelib.gateways.queue.port import Queue
from chalicelib.kernel.clock import Clock, SystemClock
from chalicelib.kernel.errors import MethodNotAllowed, NotFound, Refusal
from chalicelib.kernel.ids import Dice
from chalicelib.storage.work import BUDGET_SECONDS, SYSTEM_DICE, Work
from chalicelib.web.calls import Outside
from chalicelib.web.events import Reply, Request, read_event
from chalicelib.web.logs import tell_failure, tell_request
from chalicelib.web.problems import Broken, problem_reply
from chalicelib.web.routes import Endpoint

UNROUTED = "none"
"""What the log says of a request that no route takes: its path may hold anything."""


class House(Chalice):
    """The Chalice app of Jifen.

    `clock`, `dice`, how a use case waits (`pause`, `elapsed`), who takes money, who keeps messages
    of machines and who carries those to members may be replaced, by tests and on a laptop.
    """

    def __init__(
        self, app_name: str = "jifen", *, clock: Clock | None = None, dice: Dice = SYSTEM_DICE
    ) -> None:
        """Begin without routes, without touching the environment or the logging."""
        super().__init__(app_name, configure_logs=False, env={})
        self.clock = clock or SystemClock()
        self.dice = dice
        self.pause: Callable[[float], None] = time.sleep
        self.elapsed: Callable[[], float] = time.monotonic
        self.payments: Callable[[], Payments] = cache(account.payments)
        self.queue: Callable[[], Queue] = cache(sqs.queue)
        self.messages: Callable[[], Messages] = cache(aws.messages)

    @override
    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        """Answer one event of API Gateway."""
        begun = time.perf_counter()
        request = read_event(event)
        endpoint = self._endpoint(request)
        route = endpoint.route if endpoint else UNROUTED
        reply = self._reply(request, endpoint, route=route)
        tell_request(request, reply, route=route, seconds=time.perf_counter() - begun)
        return reply.to_event()

    def endpoints(self) -> list[Endpoint]:
        """Return every route, in the order of paths and methods."""
        return [
            cast(Endpoint, entry.view_function)
            for _, methods in sorted(self.routes.items())
            for _, entry in sorted(methods.items())
        ]

    def prepare(self) -> None:
        """Build every model now; a server does so before its threads begin."""
        for endpoint in self.endpoints():
            endpoint.prepare()

    def _endpoint(self, request: Request) -> Endpoint | None:
        methods = self.routes.get(request.resource, {})
        entry = methods.get("GET" if request.method == "HEAD" else request.method)
        return cast(Endpoint, entry.view_function) if entry else None

    def _reply(self, request: Request, endpoint: Endpoint | None, *, route: str) -> Reply:
        try:
            try:
                reply = self._answer(request, endpoint)
            except Refusal as refusal:
                reply = problem_reply(refusal, request)
        except Exception as error:  # noqa: BLE001 - the edge: nothing may leave as it is
            tell_failure(request, error, route=route)
            reply = problem_reply(Broken(), request)
        return replace(reply, body="") if request.method == "HEAD" else reply

    def _answer(self, request: Request, endpoint: Endpoint | None) -> Reply:
        if endpoint is not None:
            work = Work(
                self.clock.now(),
                self.dice,
                pause=self.pause,
                elapsed=self.elapsed,
                deadline=self.elapsed() + BUDGET_SECONDS,
            )
            outside = Outside(self.payments, self.queue)
            return endpoint.reply(request, work, outside=outside)
        if request.resource not in self.routes:
            raise NotFound
        methods = set(self.routes[request.resource])
        allowed = methods | {"HEAD"} if "GET" in methods else methods
        raise MethodNotAllowed(allow=", ".join(sorted(allowed)))

"""One use case under every fault of every call to Stripe: the driver of the second crash matrix.

A *cell* is one client with an order of its own. Calls are counted at the library's own transport,
from the client's request on, through every repetition of it and the jobs that follow. A plan spoils
one of them, or two; then the client asks again until it is answered, the jobs run until nothing
fails, and the client asks once more. However that went, order, wallet and what Stripe has of both
must be what an undisturbed cell ends with.

What is compared is what a member, a bank or finance would see; the rows may differ, since a failure
that Stripe keeps under a key costs an attempt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

import stripe
from typing_extensions import override

from chalicelib.gateways.payments.model import Span
from chalicelib.kernel.errors import Unavailable
from chalicelib.web.jobs import SomeFailed
from infra.local import jobs
from tests.cash import lapse
from tests.crash_requests import Clients
from tests.crashes import SERVICE_UNAVAILABLE, Send
from tests.events import Api, Json, Reply
from tests.faults import Crashed
from tests.mall import made
from tests.orders import wallet
from tests.stripes import SECONDS, LocalStripe
from tests.traces import forget

CLOSED: Final = "http://127.0.0.1:1"
"""Nobody listens there: a connection is refused before a byte has left."""
JOBS: Final = ("unfinished-refunds", "order-deadlines")
"""What takes up whatever a client's request has left."""
FAULTS_MAX: Final = 2
TRIES_MAX: Final = 2 * FAULTS_MAX + 2
"""A fault can cost one more try, and one that Stripe keeps under the key a second one."""
APART: Final = {"minutes": 3.0}
"""Between two cells: more than the doubt with which a payment is looked for."""
MONTHS: Final = timedelta(days=60)


class Fault(Enum):
    """What can happen to one call; a name that the local Stripe knows is its to carry out."""

    REFUSED = "nobody answers"
    LIMITED = "limited"
    RESET_BEFORE = "reset_before"
    ERROR = "error"
    CONFLICT = "another call with this key is under way"
    ERROR_KEPT = "error_kept"
    ERROR_AFTER = "error_after"
    LOST = "reset_after"
    TIMED_OUT = "it is done, and the answer takes too long"
    CRASHED = "it is done, and the process dies"


LEVERS: Final = frozenset(
    (
        *(Fault.LIMITED, Fault.RESET_BEFORE, Fault.ERROR),
        *(Fault.ERROR_KEPT, Fault.ERROR_AFTER, Fault.LOST),
    )
)
ASKING: Final = (Fault.REFUSED, Fault.LIMITED, Fault.ERROR, Fault.TIMED_OUT, Fault.CRASHED)
"""What befalls a call that only asks: it has no key, and how it failed is no matter."""
STARTS: Final = (Fault.LOST, Fault.ERROR_KEPT)
"""Faults of a call that makes something after which recoveries start from different places: it is
made in secret, or not made for a day. After the others the same call comes again."""
SECONDS_SPOILT: Final = (Fault.LIMITED, Fault.ERROR_KEPT)
Plan = Mapping[int, Fault]


class Spoilt(stripe.RequestsClient):
    """The library's transport to a local Stripe, whose calls go wrong by plan."""

    def __init__(self, local: LocalStripe) -> None:
        """Let everything through."""
        super().__init__(timeout=SECONDS)
        self._local = local
        self._plan: Plan = {}
        self.made: list[str] = []

    @contextmanager
    def spoiling(self, plan: Plan) -> Iterator[list[str]]:
        """Spoil calls by their number; return those that were made."""
        self._plan, self.made = plan, []
        yield self.made
        self._plan, self.made = {}, []

    # The library's own two signatures differ.
    @override
    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send a request, or what is planned instead."""
        fault = self._plan.get(len(self.made))
        self.made.append(call_of(method, url))
        if fault is Fault.REFUSED:
            url = url.replace(self._local.base, CLOSED)
        if fault is Fault.CONFLICT:
            told = {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use"}}
            return json.dumps(told).encode(), 409, {"Stripe-Should-Retry": "true"}
        if fault in LEVERS:
            self._local.spoil(fault.value)
        answer = super().request(method, url, headers, post_data)
        if fault is Fault.TIMED_OUT:
            self._handle_request_error(TimeoutError("read timed out"))
        if fault is Fault.CRASHED:
            raise Crashed
        return answer


def call_of(method: str, url: str) -> str:
    """Return a call without its parameters and without whose it is."""
    path = url.partition("/v1/")[2].partition("?")[0].split("/")
    return " ".join(
        [method.upper(), "/".join([path[0], *(["{id}"] if path[1:] else []), *path[2:]])]
    )


@dataclass(frozen=True, slots=True)
class Subject:
    """A client's request, and the order that it is about, once that is there."""

    api: Api
    send: Send
    order_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a cell ended: the last answer, what everybody can see, and the calls.

    `calls_first` of them were made until nothing was left to do, the others when asked once more.
    """

    again: int
    seen: Json
    calls_first: int
    made: tuple[str, ...]


@dataclass
class Matrix:
    """Runs the cells of one use case; `spoilt` are the calls that were."""

    clients: Clients
    http: Spoilt
    prepare: Callable[[Clients], Subject]
    cells: int = 0
    spoilt: set[str] = field(default_factory=set)

    def run(self) -> Ended:
        """Run every cell: each call under each fault, and what only recoveries call under some."""
        calm = self.cell({})
        assert calm.made, "a use case without a call to Stripe needs no matrix"
        for at, name in enumerate(calm.made[: calm.calls_first]):
            for fault in Fault if name.startswith("POST") else ASKING:
                once = self.judged({at: fault}, calm)
                assert once.made[at] == name
                if fault in STARTS and name.startswith("POST"):
                    self._again({at: fault}, once, calm)
        for at in range(calm.calls_first, len(calm.made)):
            self.judged({at: Fault.TIMED_OUT}, calm)
        return calm

    def _again(self, plan: Plan, once: Ended, calm: Ended) -> None:
        """Spoil what a recovery calls to look for what was made, and to make it again."""
        for then in range(max(plan) + 1, once.calls_first):
            if once.made[then] not in calm.made or once.made[then].startswith("POST"):
                for second in SECONDS_SPOILT:
                    self.judged({**plan, then: second}, calm)

    def judged(self, plan: Plan, calm: Ended) -> Ended:
        """Run a cell and compare how it ended with an undisturbed one."""
        ended = self.cell(plan)
        told = {at: plan[at].name for at in sorted(plan)}
        assert max(plan) < len(ended.made), (told, "a fault did not happen")
        assert ended.again == calm.again, (told, ended.again)
        assert ended.seen == calm.seen, (told, ended.seen, calm.seen)
        self.spoilt |= {ended.made[at] for at in plan}
        return ended

    def cell(self, plan: Plan) -> Ended:
        """Let one client send its request, under a plan, until nothing is left to do."""
        self.cells += 1
        # What a cell makes at Stripe is found by its instants, here and by the program.
        lapse(self.clients.mall, self.clients.stripe, **APART)
        begun = self.clients.mall.clock.now()
        subject = self.prepare(self.clients)
        forget()
        with self.http.spoiling(plan) as calls:
            answered(subject.send)
            for name in JOBS:
                self._run(name)
            calls_first = len(calls)
            again = answered(subject.send).status
        seen = self._seen(subject, since=begun)
        # Nothing of it is left for the jobs of other cells.
        subject.api.post(f"/orders/{subject.order_id()}/cancel", key="over")
        return Ended(again, seen, calls_first, tuple(calls))

    def _run(self, name: str) -> None:
        """Run a job until it fails no more, as its schedule does."""
        mall = self.clients.mall

        def send() -> Reply:
            try:
                jobs.run(mall.app, name, now=mall.clock.now())
            except (SomeFailed, Unavailable):
                return Reply(SERVICE_UNAVAILABLE, {"retry-after": "1"}, "{}")
            return Reply(200, {}, "{}")

        answered(send)

    def _seen(self, subject: Subject, *, since: datetime) -> Json:
        """Return what a member and finance see, and what Stripe has of it."""
        order = made(subject.api.get(f"/orders/{subject.order_id()}"), 200)
        mall, payments = self.clients.mall, self.clients.mall.app.payments()
        span = Span(since, mall.clock.now() + timedelta(seconds=1))
        found = payments.intents_of(order["id"], span=span)
        refunds = [refund for intent in found for refund in payments.refunds_of(intent.id)]
        purse = wallet(subject.api)
        return {
            "order": {name: order[name] for name in ("status", "returned", "dispute")},
            "wallet": {name: purse[name] for name in ("available", "held", "debt")},
            "payments": sorted((one.status.value, one.received.amount) for one in found),
            "refunds": sorted((one.status.value, one.cash.amount) for one in refunds),
        }


def answered(send: Send) -> Reply:
    """Return what somebody is told in the end who comes back whenever told to."""
    for _ in range(TRIES_MAX):
        try:
            reply = send()
        except Crashed:
            forget()
            continue
        if reply.status != SERVICE_UNAVAILABLE:
            return reply
        assert int(reply.headers["retry-after"]) >= 1
    raise AssertionError("a client that comes back must be answered")


def nobody_paid_twice(clients: Clients) -> None:
    """Hold all that a local Stripe has: one payment an order, and no more back than was paid."""
    payments, now = clients.mall.app.payments(), clients.mall.clock.now()
    span = Span(now - MONTHS, now + timedelta(days=1))
    back: dict[str | None, int] = {}
    for refund in payments.refunds(span):
        is_gone = refund.status.value not in {"failed", "canceled"}
        back[refund.intent_id] = back.get(refund.intent_id, 0) + refund.cash.amount * is_gone
    paid = [one for one in payments.intents(span) if one.received.amount]
    assert len({one.mark and one.mark.order_id for one in paid}) == len(paid), "paid twice"
    for intent in paid:
        assert back.pop(intent.id, 0) <= intent.received.amount, intent.id
    assert not back, "money went back that nobody paid"

"""The parts that are played in the saga, each a request or something that happens outside.

Everybody begins by reading the clock, which is a step: whoever began before the deadline may still
be on the way long after it. A part that waits for something (a payment to be there, an event to be
told) is not open before, and is left out of a run in which that never comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chalicelib.gateways.payments.errors import Down, Unclear
from chalicelib.gateways.payments.model import Intent, IntentStatus
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.errors import Refusal
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.webhooks import service as webhooks
from chalicelib.redeem.webhooks.store import Leased
from chalicelib.storage.work import Work
from infra.local.stripe.postman import signature
from tests.events import Api, Reply
from tests.interleavings.actors import Send, Stage
from tests.mall import Mall
from tests.saga.ground import Outside, Seen, asked, payable
from tests.saga.payments import MemoryPayments
from tests.saga.stripe import ENVIRONMENT, Fault
from tests.stripes import SECRET

PAST_DEADLINE: Final = 16
"""Minutes: a minute more than an order waits for its money."""
A_DAY: Final = 25 * 60
"""Minutes: longer than Stripe keeps the answer under a key."""
DONE: Final = Reply(200, {}, "{}")
COMES_BACK: Final = Reply(202, {}, "{}")
"""What a queue or a job is told that could not do all of it: it comes again."""


@dataclass
class Watch:
    """The program's clock. A request reads it once, as its first step."""

    stage: Stage
    is_kept: bool = False
    seen: Seen | None = None

    def now(self) -> datetime:
        """Return the time at which the request began."""
        return self.begin().now

    def begin(self, order_id: str = "", *, opens: Callable[[Outside], bool] | None = None) -> Seen:
        """Begin, where that was not done yet, and return what is seen then of an order."""
        if self.seen is not None:
            return self.seen
        seen: Seen = asked(self.stage, "begins", order_id, opens=opens)
        self.seen = seen if self.is_kept else None
        return seen


@dataclass(frozen=True, slots=True)
class MemoryQueue:
    """The queue: a message waits until it is told to be done, and may be handed out meanwhile."""

    stage: Stage

    def send(self, name: str, body: str) -> None:
        """Put a message into the only queue."""
        del name
        asked(self.stage, "queues", body)


@dataclass
class Parts:
    """Who can act, over one stage."""

    stage: Stage
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        """Give the stage its clock."""
        self.watch = Watch(self.stage)

    @property
    def mall(self) -> Mall:
        """Return the mall on the stage."""
        return self.stage.mall

    @property
    def payments(self) -> Payments:
        """Return who takes money: every call is a step."""
        return MemoryPayments(lambda deed, of: asked(self.stage, deed, *of))

    @property
    def work(self) -> Work:
        """Return what somebody is handed who begins now."""
        stage = self.stage
        return Work(self.watch.now(), stage, pause=stage.pause, elapsed=stage.elapsed)

    def place(self, api: Api, reward: str, *, key: str) -> Send:
        """A member places an order; sent twice, the same request comes again."""
        return self._fresh(lambda: api.post("/orders", {"reward_id": reward}, key=key))

    def look(self, api: Api, order_id: str) -> Send:
        """A member looks what became of an order."""
        return self._fresh(lambda: api.get(f"/orders/{order_id}"))

    def cancel(self, api: Api, order_id: str, *, key: str = "cancel") -> Send:
        """A member cancels an order."""
        return self._fresh(lambda: api.post(f"/orders/{order_id}/cancel", key=key))

    def pays(self, order_id: str) -> Send:
        """A customer pays whatever payment of an order can be paid."""
        return self._outside("pays", order_id, opens=_is_payable(order_id))

    def declined(self, order_id: str) -> Send:
        """A customer tries to pay, in vain."""
        return self._outside("is declined", order_id, opens=_is_payable(order_id))

    def passes(self, minutes: int = PAST_DEADLINE) -> Send:
        """Time passes."""
        return self._outside("time passes", minutes)

    def spoils(self, fault: Fault) -> Send:
        """The next call of Stripe's fails that can."""
        return self._outside("spoils", fault)

    def tells(self, order_id: str, status: IntentStatus = IntentStatus.SUCCEEDED) -> Send:
        """Stripe tells that a payment of an order came to a status, once that is so."""

        def send() -> Reply:
            seen = self.watch.begin(order_id, opens=_has_come(order_id, status))
            intent = next(one for one in seen.intents if one.status is status)
            payload = json.dumps(an_event(intent, seen.now))
            now = int(seen.now.timestamp())
            header = {"Stripe-Signature": signature(payload, [SECRET], now=now)}
            return Api(self.mall.app).post("/webhooks/stripe", payload, headers=header)

        return self._fresh(send)

    def follows(self, order_id: str, status: IntentStatus = IntentStatus.SUCCEEDED) -> Send:
        """The worker of the queue works off what was told of an order's payment."""

        def send() -> Reply:
            seen = self.watch.begin(order_id, opens=_is_queued(order_id, status))
            name = next(event_id(one) for one in seen.intents if one.status is status)
            try:
                webhooks.work_off(self.work, self.payments, event_id=name)
            except (Refusal, Leased, Down, Unclear):
                return COMES_BACK
            asked(self.stage, "finishes", name)
            return DONE

        return self._fresh(send)

    def ends_overdue(self) -> Send:
        """The job that ends every order which waited too long."""

        def send() -> Reply:
            work = self.work
            return _all(
                orders.overdue(work),
                lambda name: progress.current(work, self.payments, order=orders.find(work, name)),
            )

        return self._fresh(send)

    def finishes_refunds(self) -> Send:
        """The job that asks for the money of every refund until it is back."""

        def send() -> Reply:
            work = self.work
            return _all(
                refunds.pending(work),
                lambda name: refunds.resume(work, self.payments, refund_id=name),
            )

        return self._fresh(send)

    def _outside(
        self, deed: str, *of: object, opens: Callable[[Outside], bool] | None = None
    ) -> Send:
        def send() -> Reply:
            asked(self.stage, deed, *of, opens=opens)
            return DONE

        return send

    def _fresh(self, send: Send) -> Send:
        """Return a request that reads the clock anew."""

        def begun() -> Reply:
            self.watch.seen, self.watch.is_kept = None, True
            try:
                return send()
            finally:
                self.watch.seen, self.watch.is_kept = None, False

        return begun


def an_event(intent: Intent, now: datetime) -> dict[str, object]:
    """Return what Stripe tells of a payment, under an id that follows from what it tells."""
    assert intent.mark is not None
    mark = {"environment": ENVIRONMENT, "order": intent.mark.order_id, "attempt": "1"}
    return {
        "id": event_id(intent),
        "object": "event",
        "type": f"payment_intent.{intent.status}",
        "livemode": intent.is_live,
        "created": int(now.timestamp()),
        "data": {"object": {"id": intent.id, "object": "payment_intent", "metadata": mark}},
    }


def event_id(intent: Intent) -> str:
    """Return the id of the event that tells of a payment's status."""
    return f"evt_{intent.id}_{intent.status}"


def _is_payable(order_id: str) -> Callable[[Outside], bool]:
    return lambda outside: payable(outside.account, order_id) is not None


def _has_come(order_id: str, status: IntentStatus) -> Callable[[Outside], bool]:
    return lambda outside: any(one.status is status for one in outside.account.of_order(order_id))


def _is_queued(order_id: str, status: IntentStatus) -> Callable[[Outside], bool]:
    return lambda outside: any(
        event_id(one) in outside.messages
        for one in outside.account.of_order(order_id)
        if one.status is status
    )


def _all(names: Iterable[str], act: Callable[[str], object]) -> Reply:
    """Do something for each, as jobs do; one that is refused holds up nobody else."""
    answer = DONE
    for name in names:
        try:
            act(name)
        except Refusal:
            answer = COMES_BACK
    return answer

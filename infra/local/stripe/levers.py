"""What only a test or a person at a laptop can do to this Stripe: `/local`, beside its API.

Customers pay and authenticate, banks answer, refunds fail, disputes come and are decided, the
webhook moves or is held back, and calls are spoiled. All of it as JSON, checked as strictly as the
program's own bodies, and refused to foreign pages as the stack's own controls are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, Field

from chalicelib.kernel.errors import Forbidden, NotFound, Refusal
from chalicelib.web.bodies import Body, read_body
from chalicelib.web.headers import require_json
from infra.local.control import OUR_HOST
from infra.local.exchange import Reply, Request, json_reply
from infra.local.problems import problem
from infra.local.routing import Match, RouteMap
from infra.local.stripe import cards, charging, disputes, intents, refunds
from infra.local.stripe.events import WEBHOOK, send
from infra.local.stripe.faults import HANG_SECONDS, Fault, FaultKind, Faults
from infra.local.stripe.postman import Postman
from infra.local.stripe.refused import Document, Refused
from infra.local.stripe.world import World

CARDS: Final = {
    "ok": cards.VISA,
    "declined": cards.NOT_ENOUGH,
    "requires_action": cards.THREE_D_SECURE,
    "disputed": cards.DISPUTED,
    "processing": cards.SLOW_BANK,
}
PREFIX: Final = "/local/"
RETURN_URL: Final = "http://127.0.0.1/paid"
ARRIVED_SECONDS: Final = 5.0
"""How long a payment waits for its webhooks; then it is told as it is, and they are still tried."""
POLL_SECONDS: Final = 0.005

M = TypeVar("M", bound=BaseModel)


class Payment(Body):
    """What an order is paid with."""

    card: Literal["ok", "declined", "requires_action", "disputed", "processing"]


class Verdict(Body):
    """How something that waits ends."""

    is_done: bool


class DisputeDraft(Body):
    """A dispute that comes by itself, at any time."""

    payment_intent: str
    reason: Literal["fraudulent", "product_not_received"] = "fraudulent"
    is_inquiry: bool = False


class Webhook(Body):
    """Where events go; what is left out stays as it is."""

    url: str | None = None
    secrets: list[str] | None = None
    is_paused: bool | None = None


class FaultDraft(Body):
    """A fault for the next calls that it fits."""

    kind: Literal[
        "hang",
        "slow",
        "reset_before",
        "reset_after",
        "error",
        "error_kept",
        "error_after",
        "limited",
    ]
    times: Annotated[int, Field(ge=1, le=100)] = 1
    method: Literal["", "GET", "POST"] = ""
    path: str = ""
    milliseconds: Annotated[int, Field(ge=0, le=60_000)] = int(HANG_SECONDS * 1000)


class Again(Body):
    """How often an event is sent once more."""

    times: Annotated[int, Field(ge=1, le=100)] = 1


class Levers:
    """Answers what is under `/local` of this Stripe."""

    def __init__(self, world: World, *, postman: Postman, faults: Faults) -> None:
        self._world = world
        self._postman = postman
        self._faults = faults
        self._views: dict[tuple[str, str], Callable[[Request, str], Mapping[str, Any]]] = {
            ("POST", "/local/pay/{id}"): self._pay,
            ("POST", "/local/payment_intents/{id}"): self._finish,
            ("POST", "/local/refunds/{id}"): self._settle_refund,
            ("POST", "/local/disputes"): self._dispute,
            ("POST", "/local/disputes/{id}"): self._decide,
            ("POST", "/local/events/{id}"): self._send_again,
            ("GET", "/local/webhook"): self._webhook,
            ("POST", "/local/webhook"): self._set_webhook,
            ("GET", "/local/deliveries"): self._deliveries,
            ("GET", "/local/faults"): self._faults_left,
            ("POST", "/local/faults"): self._add_fault,
            ("DELETE", "/local/faults"): self._clear_faults,
        }
        self._routes = RouteMap(sorted({path for _, path in self._views}))

    def answer(self, request: Request) -> Reply:
        """Return the answer to a request."""
        match = self._routes.find(request.path) or Match("", {})
        view = self._views.get((request.method, match.template))
        try:
            if view is None:
                raise NotFound
            if not OUR_HOST.fullmatch(request.header("Host")):
                raise Forbidden
            return json_reply(view(request, match.parameters.get("id", "")))
        except Refusal as refusal:
            return problem(refusal)
        except Refused as no:
            return json_reply(no.complaint.body("req_local"), no.complaint.status)
        finally:
            self._postman.wake()

    def _pay(self, request: Request, order: str) -> Document:
        draft = _read(Payment, request)
        world = self._world
        found = world.store.about(order, "payment_intent")
        if not found:
            raise NotFound
        payable = (one for one in found if one["status"] in intents.CONFIRMABLE)
        intent = next(payable, found[0])
        if intent["status"] in intents.CONFIRMABLE:
            with world.store.turn():
                intent = _paid_with(world, intent, token=CARDS[draft.card])
        self._await_arrival(intent["id"])
        return {"status": intent["status"], "payment_intent": intent["id"]}

    def _finish(self, request: Request, intent_id: str) -> Document:
        verdict = _read(Verdict, request)
        with self._world.store.turn():
            intent = self._world.get("payment_intent", intent_id)
            deeds = {"requires_action": charging.authenticate, "processing": charging.finish}
            deed = deeds.get(intent["status"])
            if deed is None:
                raise NotFound
            return deed(self._world, intent, is_done=verdict.is_done)

    def _settle_refund(self, request: Request, refund_id: str) -> Document:
        verdict = _read(Verdict, request)
        with self._world.store.turn():
            return refunds.settle(self._world, refund_id, is_done=verdict.is_done)

    def _dispute(self, request: Request, _: str) -> Document:
        draft = _read(DisputeDraft, request)
        world = self._world
        with world.store.turn():
            intent = world.get("payment_intent", draft.payment_intent)
            charge = world.get("charge", str(intent["latest_charge"]))
            return disputes.open_dispute(
                world, charge, reason=draft.reason, is_inquiry=draft.is_inquiry
            )

    def _decide(self, request: Request, dispute_id: str) -> Document:
        verdict = _read(Verdict, request)
        world = self._world
        with world.store.turn():
            dispute = world.get("dispute", dispute_id)
            return disputes.decide(world, dispute, is_won=verdict.is_done)

    def _send_again(self, request: Request, event_id: str) -> Document:
        times = _read(Again, request).times
        with self._world.store.turn():
            event = self._world.get("event", event_id, param="id")
            send(self._world, event_id, times=times)
        return event

    def _webhook(self, *_: object) -> Document:
        return self._world.store.setting(WEBHOOK)

    def _set_webhook(self, request: Request, _: str) -> Document:
        draft = _read(Webhook, request)
        set_webhook(self._world, draft.model_dump(exclude_none=True))
        return self._webhook()

    def _deliveries(self, *_: object) -> Document:
        rows = self._world.store.run(
            "SELECT d.id, d.event, o.type, d.tries, d.state, d.status FROM deliveries d"
            " JOIN objects o ON o.id = d.event ORDER BY d.id DESC LIMIT 1000"
        )
        names = ("id", "event", "type", "tries", "state", "status")
        return {"items": [dict(zip(names, row, strict=True)) for row in rows]}

    def _faults_left(self, *_: object) -> Document:
        return {
            "items": [{"kind": fault.kind, "path": fault.path} for fault in self._faults.left()]
        }

    def _add_fault(self, request: Request, _: str) -> Document:
        draft = _read(FaultDraft, request)
        kind, seconds = FaultKind(draft.kind), draft.milliseconds / 1000
        self._faults.add(Fault(kind, draft.method, draft.path, seconds), times=draft.times)
        return self._faults_left()

    def _clear_faults(self, *_: object) -> Document:
        self._faults.clear()
        return self._faults_left()

    def _await_arrival(self, intent_id: str) -> None:
        """Wait until the webhook has what it can have of a payment."""
        if self._webhook().get("is_paused"):
            return
        self._postman.wake()
        deadline = time.monotonic() + ARRIVED_SECONDS
        while self._on_its_way(intent_id) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def _on_its_way(self, intent_id: str) -> bool:
        rows = self._world.store.run(
            "SELECT COUNT(*) FROM deliveries d JOIN objects o ON o.id = d.event"
            " WHERE d.state = 'waiting' AND (json_extract(o.body, '$.data.object.id') = ?1"
            " OR json_extract(o.body, '$.data.object.payment_intent') = ?1)",
            intent_id,
        )
        return bool(rows[0][0])


def set_webhook(world: World, changes: Mapping[str, Any]) -> None:
    """Change where events go."""
    with world.store.turn():
        world.store.set(WEBHOOK, {**world.store.setting(WEBHOOK), **changes})


def _paid_with(world: World, intent: Document, *, token: str) -> Document:
    """Pay as a customer would, and return the payment as it is then, declined or not."""
    try:
        return charging.attempt(world, intent, token=token, return_url=RETURN_URL)
    except Refused:
        return world.get("payment_intent", intent["id"])


def _read(model: type[M], request: Request) -> M:
    require_json(request.header("Content-Type"))
    model.model_rebuild()
    return read_body(model, request.body, language="en")

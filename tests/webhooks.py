"""Stripe's side of a webhook in a test: events as the local Stripe has them, signed and sent.

reply = tell(mall, an_event)
tell_all(mall, stripe)             # everything that happened there, oldest first
"""

from __future__ import annotations

import json
from typing import Final

from chalicelib.gateways.payments.stripe_payments import API_VERSION
from chalicelib.ledger.journal.model import Reason
from chalicelib.storage.work import Work
from infra.local.queues import LocalQueues
from infra.local.stripe.postman import signature
from tests.books import read_books
from tests.events import Api, Json, Reply
from tests.mall import OPENING, Mall
from tests.orders import placed
from tests.queues import drain
from tests.rows import everything, row
from tests.stripes import ENVIRONMENT, KEY, SECRET, LocalStripe

PATH: Final = "/webhooks/stripe"
CASH: Final = {"amount": 2990, "currency": "cny"}
NOWHERE: Final = "ord_0000000000000000none"
"""An id that no order has."""


def events(local: LocalStripe) -> list[Json]:
    """Return everything that happened at a local Stripe, oldest first."""
    headers = {"Authorization": f"Bearer {KEY}", "Stripe-Version": API_VERSION}
    found: list[Json] = []
    more: Json = {"limit": 100}
    while True:
        answer = local.http.get(f"{local.base}/v1/events", params=more, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["data"]
        if not page["has_more"]:
            return found[::-1]
        more["starting_after"] = found[-1]["id"]


def tell(mall: Mall, event: Json, *, secrets: tuple[str, ...] = (SECRET,)) -> Reply:
    """Send one event, signed at the mall's instant."""
    payload = json.dumps(event, indent=2)
    header = signature(payload, list(secrets), now=int(mall.clock.now().timestamp()))
    return Api(mall.app).post(PATH, payload, headers={"Stripe-Signature": header})


def tell_all(mall: Mall, local: LocalStripe) -> None:
    """Send everything that happened at a local Stripe, and have it worked off."""
    for event in events(local):
        assert tell(mall, event).status == 200
    drain(mall)


def a_payment_event(order_id: str, intent_id: str = "pi_1", **more: object) -> Json:
    """Return what Stripe tells of an order's payment; `environment` is whose it says it is."""
    mark = {"environment": more.pop("environment", ENVIRONMENT), "order": order_id, "attempt": "1"}
    told = {"id": intent_id, "object": "payment_intent", "metadata": mark}
    return {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "created": 1_795_233_600,
        "data": {"object": told},
        **more,
    }


def queue_of(mall: Mall) -> LocalQueues:
    """Return the queue that a mall's events go into."""
    queues = mall.app.queue()
    assert isinstance(queues, LocalQueues)
    return queues


def bought(mall: Mall, stripe: LocalStripe, card: str = "ok", key: str = "k") -> tuple[Api, Json]:
    """Return a member, and an order that was paid without anybody looking."""
    options = [{"points": 100, "cash": CASH}]
    api = mall.member(points=500)
    order = placed(api, mall.reward(options=options), key=key)
    stripe.pay_order(order["id"], card)
    return api, order


def status_of(order: Json) -> str:
    """Return how an order stands in the table, without a look that would move it on."""
    (found,) = [one for one in everything() if one["s"]["S"] == f"O#{order['id']}"]
    return str(found["st"]["S"])


def state_of(event: Json) -> str:
    """Return how far an event is."""
    return str(row(f"event#{event['id']}", "E")["st"]["S"])


def paid_event(stripe: LocalStripe) -> Json:
    """Return the event that says that the last payment succeeded."""
    return [one for one in events(stripe) if one["type"] == "payment_intent.succeeded"][-1]


def paid_entries(order: Json) -> int:
    """Return how often a wallet's journal says that an order was paid."""
    books = read_books(Work(OPENING))
    return len(books.referred(Reason.PAID, "order").get(order["id"], []))

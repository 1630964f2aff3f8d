"""What the clients of the crash matrix send about orders with a cash part, and what Stripe sends.

The local Stripe is never spoiled here: only calls to the table are. Each client has a member and
an order of its own; what a crash leaves undone is taken up by the same request sent again, or by
the job that follows it.
"""

from __future__ import annotations

import json
from typing import Final

from chalicelib.kernel.errors import Unavailable
from chalicelib.web.jobs import SomeFailed
from infra.local import jobs
from infra.local.stripe.postman import signature
from tests.crash_orders import DONE, TRY_AGAIN, owner
from tests.crash_requests import Clients
from tests.crashes import Send
from tests.events import Api, Json, Reply
from tests.mall import made
from tests.orders import placed
from tests.stripes import ENVIRONMENT, SECRET

UNFINISHED: Final = "unfinished-refunds"


def place_with_cash(clients: Clients) -> Send:
    api, key, body = owner(clients), clients.key(), {"reward_id": clients.dear}
    return lambda: api.post("/orders", body, key=key)


def cancel_unpaid(clients: Clients) -> Send:
    api, key = owner(clients), clients.key()
    order = placed(api, clients.dear, key=clients.key())
    return lambda: api.post(f"/orders/{order['id']}/cancel", key=key)


def cancel_paid(clients: Clients) -> Send:
    """Cancelled, and the job: it gives back what a crash left owing."""
    api, key = owner(clients), clients.key()
    path = f"/orders/{paid(clients, api)['id']}/cancel"

    def send() -> Reply:
        reply = api.post(path, key=key)
        return reply if reply.status != DONE.status else _finished(clients, reply)

    return send


def refund_cash(clients: Clients) -> Send:
    path, key = f"/orders/{paid(clients, owner(clients))['id']}/refunds", clients.key()
    return lambda: clients.mall.support.post(path, {"amount": 1000}, key=key)


def look_when_paid(clients: Clients) -> Send:
    """A look that writes: the order was paid, and nobody has told yet."""
    order = placed(owner(clients), clients.dear, key=clients.key())
    clients.stripe.pay_order(order["id"])
    return lambda: clients.mall.support.get(f"/admin/orders/{order['id']}")


def hear_that_it_was_paid(clients: Clients) -> Send:
    order = placed(owner(clients), clients.dear, key=clients.key())
    clients.stripe.pay_order(order["id"])
    now = int(clients.mall.clock.now().timestamp())
    payload = json.dumps(an_event(order["id"], now))
    header = {"Stripe-Signature": signature(payload, [SECRET], now=now)}
    stripe = Api(clients.mall.app)
    return lambda: stripe.post("/webhooks/stripe", payload, headers=header)


def finish_refunds(clients: Clients) -> Send:
    """The job, of a refund that Stripe was asked for in vain."""
    api = owner(clients)
    order = paid(clients, api)
    clients.stripe.spoil("reset_before", times=1)
    made(api.post(f"/orders/{order['id']}/cancel", key=clients.key()), 200)
    return lambda: _finished(clients, DONE)


def paid(clients: Clients, api: Api) -> Json:
    """Return an order that was paid and has settled."""
    order = placed(api, clients.dear, key=clients.key())
    assert clients.stripe.pay_order(order["id"]) == "succeeded"
    assert made(api.get(f"/orders/{order['id']}"), 200)["status"] == "settled"
    return order


def an_event(order_id: str, now: int) -> Json:
    """Return what Stripe tells of an order's payment; nobody believes more of it than the mark."""
    mark = {"environment": ENVIRONMENT, "order": order_id, "attempt": "1"}
    told = {"id": "pi_1", "object": "payment_intent", "metadata": mark}
    return {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "created": now,
        "data": {"object": told},
    }


def _finished(clients: Clients, reply: Reply) -> Reply:
    try:
        jobs.run(clients.mall.app, UNFINISHED, now=clients.mall.clock.now())
    except (SomeFailed, Unavailable):
        return TRY_AGAIN
    return reply

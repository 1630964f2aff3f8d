"""What the clients of the crash matrix send about orders with a cash part, and what Stripe sends.

The local Stripe is never spoiled here: only calls to the table are. Each client has a member and
an order of its own; what a crash leaves undone is taken up by the same request sent again, or by
the job that follows it.
"""

from __future__ import annotations

import itertools
from typing import Final

from chalicelib.gateways.queue.sqs import STRIPE_EVENTS
from chalicelib.kernel.errors import Unavailable
from chalicelib.redeem.webhooks.rules import LEASE
from chalicelib.web.jobs import SomeFailed
from infra.local import jobs
from infra.local.background import an_event, queues_of
from infra.local.gateway import LambdaContext
from infra.local.queues import Message
from tests.crash_orders import DONE, TRY_AGAIN, owner
from tests.crash_requests import Clients
from tests.crashes import Send
from tests.events import Api, Json, Reply
from tests.mall import made
from tests.orders import placed
from tests.webhooks import a_payment_event, tell

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
    event = paid_event(clients)
    return lambda: tell(clients.mall, event)


def follow_an_event(clients: Clients) -> Send:
    return worked_off(clients, paid_event(clients))


def worked_off(clients: Clients, event: Json) -> Send:
    """The queue's function, handed the same message until it does not fail any more."""
    tries = itertools.count()
    assert tell(clients.mall, event).status == 200
    app = clients.mall.app
    (source,) = queues_of(app)
    message = Message(event["id"], event["id"], 1)

    def send() -> Reply:
        if next(tries):
            # The queue brings it back when whoever claimed it cannot be alive any more.
            clients.mall.clock.advance(seconds=LEASE.total_seconds())
        handed = an_event(STRIPE_EVENTS, [message])
        answer = app.handler_map[source.name](handed, LambdaContext("crash"))
        return TRY_AGAIN if answer["batchItemFailures"] else DONE

    return send


def paid_event(clients: Clients) -> Json:
    """Return what Stripe tells of an order that was paid, and that nobody has looked at."""
    order = placed(owner(clients), clients.dear, key=clients.key())
    clients.stripe.pay_order(order["id"])
    intent = str(order["payment"]["client_secret"]).partition("_secret_")[0]
    return a_payment_event(order["id"], intent, id=f"evt_{next(clients.numbers)}")


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


def _finished(clients: Clients, reply: Reply) -> Reply:
    try:
        jobs.run(clients.mall.app, UNFINISHED, now=clients.mall.clock.now())
    except (SomeFailed, Unavailable):
        return TRY_AGAIN
    return reply

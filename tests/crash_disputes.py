"""What Stripe tells the clients of the crash matrix of disputes, handed out by the queue.

Each client's order is sent, so that its member loses more points than there are, or is still to be
sent, so that it comes back.
"""

from __future__ import annotations

from chalicelib.redeem.disputes import service as disputes
from chalicelib.storage.work import Work
from tests.crash_cash import worked_off
from tests.crash_orders import owner
from tests.crash_requests import Clients
from tests.crashes import Send
from tests.events import Json
from tests.mall import made
from tests.orders import ADDRESS, placed, send
from tests.webhooks import a_payment_event


def open_used(clients: Clients) -> Send:
    return worked_off(clients, dispute_of(clients, is_sent=True))


def win_used(clients: Clients) -> Send:
    event = dispute_of(clients, is_sent=True)
    dispute, work = event["data"]["object"]["id"], Work(clients.mall.clock.now())
    assert not disputes.follow(work, clients.mall.app.payments(), dispute_id=dispute)
    clients.stripe.lever(f"disputes/{dispute}", {"is_done": True})
    return worked_off(clients, event)


def lose_unheard(clients: Clients) -> Send:
    """Two steps at once: nobody has heard that it was open."""
    event = dispute_of(clients, is_sent=False)
    clients.stripe.lever(f"disputes/{event['data']['object']['id']}", {"is_done": False})
    return worked_off(clients, event)


def dispute_of(clients: Clients, *, is_sent: bool) -> Json:
    """Return what Stripe tells of the dispute of an order that was paid and has settled."""
    api = owner(clients)
    order = placed(api, clients.dear, key=clients.key(), address=ADDRESS)
    intent = str(order["payment"]["client_secret"]).partition("_secret_")[0]
    assert clients.stripe.pay_order(order["id"]) == "succeeded"
    made(api.get(f"/orders/{order['id']}"), 200)
    if is_sent:
        made(send(clients.mall, order), 200)
    clients.stripe.lever("disputes", {"payment_intent": intent})
    (dispute,) = clients.stripe.payments().disputes_of(intent)
    told = {"id": dispute.id, "object": "dispute", "payment_intent": intent}
    name = f"evt_{next(clients.numbers)}"
    return a_payment_event(
        order["id"], id=name, type="charge.dispute.created", data={"object": told}
    )

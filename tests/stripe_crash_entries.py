"""What the clients of the second crash matrix send: every use case that asks Stripe something.

Each prepares one fresh client's request; `tests.crash_cash` has the same for the first matrix, in
which Stripe never fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from chalicelib.kernel.errors import Unavailable
from chalicelib.web.jobs import SomeFailed
from infra.local import jobs
from tests.cash import PENDING_REFUND, RETURN_URL, lapse
from tests.crash_cash import UNFINISHED, paid, worked_off
from tests.crash_orders import DONE, TRY_AGAIN, owner
from tests.crash_requests import Clients
from tests.crashes import Send
from tests.events import Api, Json, Reply
from tests.mall import made
from tests.odd_stripes import CancelsInVain
from tests.orders import ADDRESS, placed, send
from tests.reconciled import at_the_dashboard, intent_of
from tests.stripe_crashes import Subject
from tests.stripes import ENVIRONMENT
from tests.webhooks import a_payment_event

DEADLINES: Final = "order-deadlines"
GATEWAY: Final[Mapping[str, str]] = {
    "create_intent": "POST payment_intents",
    "get_intent": "GET payment_intents/{id}",
    "cancel_intent": "POST payment_intents/{id}/cancel",
    "intents_of": "GET payment_intents",
    "create_refund": "POST refunds",
    "get_refund": "GET refunds/{id}",
    "refunds_of": "GET refunds",
    "get_dispute": "GET disputes/{id}",
}
"""Which call each method of the seam makes."""


def place(clients: Clients) -> Subject:
    api, key, body = owner(clients), clients.key(), {"reward_id": clients.dear}
    seen: list[str] = []

    def send() -> Reply:
        reply = api.post("/orders", body, key=key)
        seen.extend([reply["id"]] if reply.status == 201 else [])
        return reply

    return Subject(api, send, lambda: seen[0])


def look_when_paid(clients: Clients) -> Subject:
    api, order = _ordered(clients)
    clients.stripe.pay_order(order["id"])
    return _about(api, order, lambda: api.get(f"/orders/{order['id']}"))


def end_at_the_deadline(clients: Clients) -> Subject:
    api, order = _ordered(clients)
    lapse(clients.mall, clients.stripe)
    return _about(api, order, lambda: _job(clients, DEADLINES))


def end_what_was_made_in_secret(clients: Clients) -> Subject:
    """Its payment was made, and nobody was told its id."""
    return _in_secret(clients, minutes=15)


def end_what_was_made_long_ago(clients: Clients) -> Subject:
    """The same, and the key that would tell it is forgotten."""
    return _in_secret(clients, hours=25)


def cancel_unpaid(clients: Clients) -> Subject:
    api, order = _ordered(clients)
    return _cancelling(clients, api, order)


def cancel_just_paid(clients: Clients) -> Subject:
    """Cancelled before anybody has seen that it is paid."""
    api, order = _ordered(clients)
    clients.stripe.pay_order(order["id"])
    return _cancelling(clients, api, order)


def cancel_paid(clients: Clients) -> Subject:
    api = owner(clients)
    return _cancelling(clients, api, paid(clients, api))


def refund_cash(clients: Clients, *, by_hand: int = 0) -> Subject:
    """A part, or all of what somebody gave back a part of at the dashboard."""
    api = owner(clients)
    order, key = paid(clients, api), clients.key()
    if by_hand:
        at_the_dashboard(clients.stripe, intent_of(clients.mall, order), by_hand)
    path, body = f"/orders/{order['id']}/refunds", {} if by_hand else {"amount": 1000}
    return _about(api, order, lambda: clients.mall.support.post(path, body, key=key))


def finish_refunds(clients: Clients) -> Subject:
    """The job, of a refund that Stripe never heard of."""
    api, order = _owing(clients, "reset_before")
    return _about(api, order, lambda: _job(clients, UNFINISHED))


def finish_old_refunds(clients: Clients) -> Subject:
    """The job, of a refund that may have been made so long ago that its key is forgotten."""
    api, order = _owing(clients, "reset_after")
    lapse(clients.mall, clients.stripe, hours=24)
    return _about(api, order, lambda: _job(clients, UNFINISHED))


def finish_slow_refunds(clients: Clients) -> Subject:
    """The job, of a refund for which a bank took its time."""
    api, order, refund = _slowly(clients)
    clients.stripe.lever(f"refunds/{refund}", {"is_done": True})
    return _about(api, order, lambda: _job(clients, UNFINISHED))


def hear_of_a_payment(clients: Clients) -> Subject:
    api, order = _ordered(clients)
    clients.stripe.pay_order(order["id"])
    return _about(api, order, _heard(clients, order, _payment_told(order)))


def hear_of_late_money(clients: Clients) -> Subject:
    """It comes when the order has expired, which comes back by it."""
    api, order = _ordered(clients)
    lapse(clients.mall, clients.stripe)
    return _paid_dead(clients, api, order, lambda: api.get(f"/orders/{order['id']}"))


def hear_of_money_for_a_cancelled_order(clients: Clients) -> Subject:
    """It comes when its member wants the order no more, and goes back."""
    api, order = _ordered(clients)
    path, key = f"/orders/{order['id']}/cancel", clients.key()
    return _paid_dead(clients, api, order, lambda: api.post(path, key=key))


def hear_of_a_failed_refund(clients: Clients) -> Subject:
    api, order, refund = _slowly(clients)
    clients.stripe.lever(f"refunds/{refund}", {"is_done": False})
    return _about(api, order, _heard(clients, order, _refund_told(order, refund)))


def hear_of_a_strange_refund(clients: Clients) -> Subject:
    """Somebody made it at Stripe's dashboard."""
    api = owner(clients)
    order = paid(clients, api)
    refund = clients.stripe.client().v1.refunds.create(
        {"payment_intent": _payment_of(order), "amount": 500}
    )
    return _about(api, order, _heard(clients, order, _refund_told(order, refund.id)))


def hear_of_a_dispute(clients: Clients) -> Subject:
    """What was sent cannot be kept back, so points are taken."""
    api, order, dispute = _disputed(clients, is_sent=True)
    return _about(api, order, _heard(clients, order, _dispute_told(order, dispute)))


def hear_of_a_lost_dispute(clients: Clients) -> Subject:
    """Nobody heard that it was open, nor that the order was paid."""
    api, order, dispute = _disputed(clients, is_sent=False)
    clients.stripe.lever(f"disputes/{dispute}", {"is_done": False})
    return _about(api, order, _heard(clients, order, _dispute_told(order, dispute)))


ENTRIES: Final[Mapping[str, Callable[[Clients], Subject]]] = {
    "place": place,
    "look when it was paid": look_when_paid,
    "the deadline": end_at_the_deadline,
    "the deadline of a payment made in secret": end_what_was_made_in_secret,
    "the deadline of a payment made long ago": end_what_was_made_long_ago,
    "cancel what was not paid": cancel_unpaid,
    "cancel what was just paid": cancel_just_paid,
    "cancel what was paid": cancel_paid,
    "refund cash": refund_cash,
    "refund what is left": partial(refund_cash, by_hand=400),
    "unfinished refunds": finish_refunds,
    "unfinished refunds of yesterday": finish_old_refunds,
    "unfinished refunds at a slow bank": finish_slow_refunds,
    "hear of a payment": hear_of_a_payment,
    "hear of late money": hear_of_late_money,
    "hear of money for a cancelled order": hear_of_money_for_a_cancelled_order,
    "hear of a failed refund": hear_of_a_failed_refund,
    "hear of a strange refund": hear_of_a_strange_refund,
    "hear of a dispute": hear_of_a_dispute,
    "hear of a lost dispute": hear_of_a_lost_dispute,
}
"""Every use case that calls Stripe, without reconciliation, whose crashes its own tests have."""


def _ordered(clients: Clients) -> tuple[Api, Json]:
    api = owner(clients)
    return api, placed(api, clients.dear, key=clients.key(), address=ADDRESS)


def _about(api: Api, order: Json, send: Send) -> Subject:
    return Subject(api, send, lambda: str(order["id"]))


def _cancelling(clients: Clients, api: Api, order: Json) -> Subject:
    path, key = f"/orders/{order['id']}/cancel", clients.key()
    return _about(api, order, lambda: api.post(path, key=key))


def _in_secret(clients: Clients, **by: float) -> Subject:
    """Return the deadline job, of an order that was answered with 503 when it was placed."""
    api, key = owner(clients), clients.key()
    clients.stripe.spoil("reset_after")
    assert api.post("/orders", {"reward_id": clients.dear}, key=key).status == 503
    (order,) = made(api.get("/orders"), 200)["items"]
    lapse(clients.mall, clients.stripe, **by)
    return _about(api, order, lambda: _job(clients, DEADLINES))


def _owing(clients: Clients, fault: str) -> tuple[Api, Json]:
    """Return an order that was cancelled, and whose cash Stripe was asked for once."""
    api = owner(clients)
    order = paid(clients, api)
    clients.stripe.spoil(fault)
    made(api.post(f"/orders/{order['id']}/cancel", key=clients.key()), 200)
    return api, order


def _slowly(clients: Clients) -> tuple[Api, Json, str]:
    """Return an order that was cancelled, and its refund, which is on its way."""
    api, order = _ordered(clients)
    library = clients.stripe.client()
    library.v1.payment_intents.confirm(
        _payment_of(order), {"payment_method": PENDING_REFUND, "return_url": RETURN_URL}
    )
    made(api.get(f"/orders/{order['id']}"), 200)
    made(api.post(f"/orders/{order['id']}/cancel", key=clients.key()), 200)
    (refund,) = clients.stripe.payments().refunds_of(_payment_of(order))
    return api, order, refund.id


def _paid_dead(clients: Clients, api: Api, order: Json, die: Send) -> Subject:
    """Let an order end, its payment be paid all the same, and Stripe tell."""
    app = clients.mall.app
    honest = app.payments
    app.payments = CancelsInVain(honest()).port
    made(die(), 200)
    app.payments = honest
    assert clients.stripe.pay_order(order["id"]) == "succeeded"
    return _about(api, order, _heard(clients, order, _payment_told(order)))


def _disputed(clients: Clients, *, is_sent: bool) -> tuple[Api, Json, str]:
    api, order = _ordered(clients)
    assert clients.stripe.pay_order(order["id"]) == "succeeded"
    if is_sent:
        made(api.get(f"/orders/{order['id']}"), 200)
        made(send(clients.mall, order), 200)
    clients.stripe.lever("disputes", {"payment_intent": _payment_of(order)})
    (dispute,) = clients.stripe.payments().disputes_of(_payment_of(order))
    return api, order, dispute.id


def _payment_of(order: Json) -> str:
    return str(order["payment"]["client_secret"]).partition("_secret_")[0]


def _payment_told(order: Json) -> Json:
    mark = {"environment": ENVIRONMENT, "order": order["id"], "attempt": "1"}
    return {"id": _payment_of(order), "object": "payment_intent", "metadata": mark}


def _refund_told(order: Json, refund: str) -> Json:
    return {"id": refund, "object": "refund", "payment_intent": _payment_of(order)}


def _dispute_told(order: Json, dispute: str) -> Json:
    return {"id": dispute, "object": "dispute", "payment_intent": _payment_of(order)}


def _heard(clients: Clients, order: Json, told: Json) -> Send:
    """Return the queue's function with what Stripe tells of an object."""
    kinds = {"payment_intent": "payment_intent.succeeded", "refund": "refund.updated"}
    kind = kinds.get(told["object"], "charge.dispute.updated")
    name = f"evt_{next(clients.numbers)}"
    event = a_payment_event(order["id"], id=name, type=kind, data={"object": told})
    return worked_off(clients, event)


def _job(clients: Clients, name: str) -> Reply:
    try:
        jobs.run(clients.mall.app, name, now=clients.mall.clock.now())
    except (SomeFailed, Unavailable):
        return TRY_AGAIN
    return DONE

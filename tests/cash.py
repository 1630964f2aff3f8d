"""Orders with a cash part for tests: a mall whose money goes to a local Stripe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from chalicelib.gateways.payments.model import Intent, Refund, Span
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.progress import service as progress
from chalicelib.redeem.progress.model import Current
from chalicelib.storage.transaction import Aside
from chalicelib.storage.work import Work
from tests.events import Api, Json
from tests.mall import Mall, made
from tests.odd_stripes import CancelsInVain
from tests.orders import placed
from tests.stripes import LocalStripe

CASH: Final = {"amount": 2990, "currency": "cny"}
PENDING_REFUND: Final = "pm_card_pendingRefund"
RETURN_URL: Final = "https://mall.example.test/paid"


def dear(mall: Mall, units: int = 3, **more: Any) -> str:
    """Return a reward of 100 points and ¥29.90."""
    options = more.pop("options", [{"points": 100, "cash": CASH}])
    return mall.reward(options=options, stock={"mode": "counted", "units": units}, **more)


def look(api: Api, order: Json) -> Json:
    """Return an order as it is by now."""
    return made(api.get(f"/orders/{order['id']}"), 200)


def bought(api: Api, stripe: LocalStripe, reward: str, *, key: str = "k", **more: Any) -> Json:
    """Return an order that was paid and has settled."""
    order = placed(api, reward, key=key, **more)
    assert stripe.pay_order(order["id"]) == "succeeded"
    assert look(api, order)["status"] == "settled"
    return order


def lapse(mall: Mall, stripe: LocalStripe, **by: float) -> None:
    """Let time pass, here and at Stripe: a quarter of an hour unless told otherwise."""
    mall.clock.advance(**(by or {"minutes": 15}))
    stripe.clock.instant = mall.clock.instant


def paid_too_late(mall: Mall, stripe: LocalStripe, api: Api, order: Json) -> None:
    """Let an order expire, and its money come all the same."""
    honest = mall.app.payments
    mall.app.payments = CancelsInVain(honest()).port
    lapse(mall, stripe)
    assert look(api, order)["status"] == "expired"
    mall.app.payments = honest
    assert stripe.pay_order(order["id"]) == "succeeded"


def came_late(mall: Mall, order: Json, *, aside: Aside | None = None) -> Current:
    """Do what follows from an order's money that came late."""
    work, payments = Work(mall.clock.now()), mall.app.payments()
    found, intent = orders.find(work, order["id"]), intents(mall, order)[0]
    return progress.late(work, payments, order=found, intent=intent, aside=aside)


def intents(mall: Mall, order: Json) -> list[Intent]:
    """Return the payments that Stripe has of an order, the newest first."""
    now = mall.clock.now()
    span = Span(now - timedelta(days=30), now + timedelta(days=1))
    return mall.app.payments().intents_of(order["id"], span=span)


def given_back(mall: Mall, order: Json) -> list[Refund]:
    """Return what went back of an order's payments, the newest first."""
    payments = mall.app.payments()
    return [one for intent in intents(mall, order) for one in payments.refunds_of(intent.id)]


def amounts(refunds: list[Refund]) -> list[int]:
    """Return how much each refund gives back."""
    return [refund.cash.amount for refund in refunds]

"""Ways in which the two sides come to differ that following Stripe's object mends.

Each makes an order of a new member, and lets happen at Stripe, or fail there, what nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chalicelib.redeem.reconciliation.model import Kind
from tests.mall import Mall, made
from tests.orders import cancel, placed, refund
from tests.reconciled import another_payment, dear, intent_of, later, settled
from tests.stripes import LocalStripe

Plant = Callable[[Mall, LocalStripe], str]
"""Makes the two sides differ; returns what the difference is about."""


def paid_and_waiting(mall: Mall, stripe: LocalStripe) -> str:
    order = placed(mall.member(points=500), dear(mall))
    stripe.pay_order(order["id"])
    return intent_of(mall, order).id


def overdue(mall: Mall, stripe: LocalStripe) -> str:
    order = placed(mall.member(points=500), dear(mall))
    later(mall, stripe, minutes=16)
    return str(order["id"])


def paid_and_dead(mall: Mall, stripe: LocalStripe) -> str:
    lin = mall.member(points=500)
    order = placed(lin, dear(mall))
    made(cancel(lin, order), 200)
    return another_payment(mall, stripe, order["id"]).id


def paid_twice(mall: Mall, stripe: LocalStripe) -> str:
    order = settled(mall, stripe, mall.member(points=500))
    return another_payment(mall, stripe, order["id"]).id


def refund_not_asked_for(mall: Mall, stripe: LocalStripe) -> str:
    order = settled(mall, stripe, mall.member(points=500))
    stripe.spoil("reset_before", path="/v1/refunds", times=1)
    return str(made(refund(mall, order, key=order["id"], amount=1000), 201)["id"])


def refund_done(mall: Mall, stripe: LocalStripe) -> str:
    order = settled(mall, stripe, mall.member(points=500), card="pm_card_pendingRefund")
    owed = made(refund(mall, order, key=order["id"], amount=1000), 201)["id"]
    (there,) = mall.app.payments().refunds_of(intent_of(mall, order).id)
    stripe.lever(f"refunds/{there.id}", {"is_done": True})
    return str(owed)


def disputed(mall: Mall, stripe: LocalStripe) -> str:
    order = settled(mall, stripe, mall.member(points=500))
    stripe.lever("disputes", {"payment_intent": intent_of(mall, order).id})
    (dispute,) = mall.app.payments().disputes_of(intent_of(mall, order).id)
    return dispute.id


def dispute_lost_unheard(mall: Mall, stripe: LocalStripe) -> str:
    about = disputed(mall, stripe)
    stripe.lever(f"disputes/{about}", {"is_done": False})
    return about


FOLLOWED: Final[list[tuple[Kind, Plant]]] = [
    (Kind.PAID_WAITING, paid_and_waiting),
    (Kind.OVERDUE, overdue),
    (Kind.PAID_DEAD, paid_and_dead),
    (Kind.PAID_TWICE, paid_twice),
    (Kind.REFUND_WAITS, refund_not_asked_for),
    (Kind.REFUND_STATE, refund_done),
    (Kind.DISPUTE, disputed),
    (Kind.DISPUTE, dispute_lost_unheard),
]

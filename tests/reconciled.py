"""Short ways to hold a test's mall against its local Stripe, and to make the two differ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

from chalicelib.gateways.payments.model import Intent, PaymentDraft, Span
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.reconciliation import service
from chalicelib.redeem.reconciliation.model import Found, Kind, Part, Sums
from chalicelib.redeem.reconciliation.rules import added
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import Work
from tests.events import Api, Json
from tests.mall import Mall, made
from tests.orders import placed
from tests.stripes import RETURN_URL, LocalStripe

AMOUNT = 2990


class Counting:
    """Passes calls on to a gateway and counts them; it ends before its `dies_at`-th call."""

    def __init__(self, beneath: Payments, *, dies_at: int = 0) -> None:
        """Begin at none."""
        self._beneath = beneath
        self._dies_at = dies_at
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """Return what passes a call on."""
        self.calls.append(name)
        if len(self.calls) == self._dies_at:
            raise Stopped
        return getattr(self._beneath, name)


class Stopped(BaseException):
    """The process ends here."""


def later(mall: Mall, stripe: LocalStripe, **by: float) -> None:
    """Move both clocks on."""
    mall.clock.advance(**by)
    stripe.clock.instant = mall.clock.instant


def differing(mall: Mall, *, days: int = 3, is_mending: bool = True) -> list[Found]:
    """Return what differs, mended where it can be."""
    return [one for part in parts(mall, days=days, is_mending=is_mending) for one in part.found]


def sums(mall: Mall, *, days: int = 3) -> Sums:
    """Return what both sides add up to, without mending anything."""
    total = Sums()
    for part in parts(mall, days=days, is_mending=False):
        total = added(total, part.sums)
    return total


def counting(mall: Mall, *, dies_at: int = 0) -> tuple[Payments, Counting]:
    """Return the mall's gateway behind a counter, and the counter."""
    counter = Counting(mall.app.payments(), dies_at=dies_at)
    return cast(Payments, counter), counter


def parts(
    mall: Mall, *, days: int, is_mending: bool, payments: Payments | None = None
) -> Iterator[Part]:
    """Return what comes of holding some days against Stripe."""
    work = Work(mall.clock.now())
    since = work.now - timedelta(days=days)
    asked = payments or mall.app.payments()
    return service.reconcile(work, asked, since=since, is_mending=is_mending)


def mended(mall: Mall, about: str) -> list[Found]:
    """Return what differed about one thing after a person said to mend it."""
    work = Work(mall.clock.now())
    return service.mend(work, mall.app.payments(), about=about, by="mei")


def kinds(found: list[Found]) -> list[tuple[Kind, bool]]:
    """Return what differed, and whether it is gone."""
    return [(one.difference.kind, one.is_mended) for one in found]


def dear(mall: Mall) -> str:
    """Return a reward of 100 points and ¥29.90, of which there are plenty."""
    options = [{"points": 100, "cash": {"amount": AMOUNT, "currency": "cny"}}]
    return mall.reward(options=options, stock={"mode": "counted", "units": 1000})


def settled(mall: Mall, stripe: LocalStripe, api: Api, *, card: str = "", key: str = "k") -> Json:
    """Return an order that was paid, and that its member looked at; `card` is Stripe's own word."""
    order = placed(api, dear(mall), key=key)
    if card:
        confirm(stripe, intent_of(mall, order), card)
    else:
        stripe.pay_order(order["id"])
    return made(api.get(f"/orders/{order['id']}"), 200)


def intent_of(mall: Mall, order: Json) -> Intent:
    """Return the payment of an order, as it is at Stripe."""
    if order["payment"]:
        intent_id, _, _ = order["payment"]["client_secret"].partition("_secret")
        return mall.app.payments().get_intent(intent_id)
    now = mall.clock.now()
    span = Span(now - timedelta(days=60), now + timedelta(days=1))
    return mall.app.payments().intents_of(order["id"], span=span)[-1]


def another_payment(mall: Mall, stripe: LocalStripe, order_id: str) -> Intent:
    """Return a payment that was made and paid beside whatever an order has."""
    payments = mall.app.payments()
    intent = payments.create_intent(PaymentDraft(order_id, 9, Money(AMOUNT, "cny")))
    confirm(stripe, intent, "pm_card_visa")
    return payments.get_intent(intent.id)


def confirm(stripe: LocalStripe, intent: Intent, card: str) -> None:
    """Pay with one of Stripe's test cards."""
    stripe.client().v1.payment_intents.confirm(
        intent.id, {"payment_method": card, "return_url": RETURN_URL}
    )


def at_the_dashboard(stripe: LocalStripe, intent: Intent, amount: int) -> str:
    """Give a part of a payment back as somebody does by hand at Stripe; return the refund's id."""
    made_there = stripe.client().v1.refunds.create({"payment_intent": intent.id, "amount": amount})
    return made_there.id


def settle_unpaid(mall: Mall, order: Json) -> None:
    """Settle an order that nobody paid, as only a bug could."""
    work = Work(mall.clock.now())
    before = orders.find(work, order["id"])
    case = orders.case_of(work, wallets.open_wallet(work, before.member_id), order=before)
    persist(work, lambda tx: orders.settle(tx, case, before=before, reason=Reason.PAID))

"""The ground of the machine that pays: a mall with a Stripe of its own, beside the model of both.

What rules have in common, and how everything is compared: wallets after every step, and after some
of them every order, stock, each refund here and there, and what was taken at Stripe.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from chalicelib.storage.work import Work
from infra.local import jobs
from tests.books import read_books
from tests.cash import PENDING_REFUND, RETURN_URL
from tests.events import Json, Reply
from tests.invariants import check_all
from tests.mall import Mall
from tests.orders import ADDRESS, units, wallet
from tests.properties.cash_model import CASH, POINTS, UNITS, Member, Order, Till
from tests.properties.deeds import as_member
from tests.properties.facts import Expected
from tests.properties.world import Plans, disagreement, endured
from tests.stripes import KEY, taking_money

SUBJECTS: Final = ("lin", "wang")
STEPS_BETWEEN_AUDITS: Final = 8
OTHERS: Final = 7
"""Picks from here on are of any order."""

STANDS: Final = {
    "open": "requires_payment_method",
    "action": "requires_action",
    "paid": "succeeded",
    "canceled": "canceled",
}
"""What the model says of a payment, in Stripe's words."""


class CashGround(RuleBasedStateMachine):
    """A mall that takes money, and what is known of it."""

    def __init__(self, opened: Callable[[], Mall]) -> None:
        """Open a mall of its own, and an account at a Stripe of its own."""
        super().__init__()
        self.closing = ExitStack()
        self.mall = opened()
        home = self.closing.enter_context(tempfile.TemporaryDirectory())
        self.stripe = self.closing.enter_context(taking_money(self.mall, Path(home)))
        self.steps = self.keys = 0

    @initialize(points=st.sampled_from([40, 200]))
    def begin(self, points: int) -> None:
        """Let two members earn a little, and put few units on the shelf."""
        self.mall.open()
        for subject in SUBJECTS:
            self.mall.member(subject, points=points)
        price = {"points": POINTS, "cash": {"amount": CASH, "currency": "cny"}}
        self.reward = self.mall.reward(options=[price], stock={"mode": "counted", "units": UNITS})
        self.model = Till(self.mall.clock.now(), {who: Member(points) for who in SUBJECTS})

    @invariant()
    def wallets_and_stock_agree(self) -> None:
        """Compare after every step what looking does not change, and all of it after some."""
        for subject, member in self.model.members.items():
            purse = wallet(as_member(self.mall, subject))
            told = (purse["available"], purse["held"], purse["debt"])
            assert told == (member.available, self.model.held(subject), member.debt), subject
        self.steps += 1
        if self.steps % STEPS_BETWEEN_AUDITS == 0:
            self.everything_agrees()

    def teardown(self) -> None:
        """Compare all of it at the end."""
        try:
            if hasattr(self, "model"):
                self.everything_agrees()
        finally:
            self.closing.close()

    def everything_agrees(self) -> None:
        """Look at every order, and hold both sides' cash against each other."""
        jobs.run(self.mall.app, "unfinished-refunds", now=self.mall.clock.now())
        stock = units(self.mall, self.reward)
        assert (stock["made"], stock["free"]) == (UNITS, self.model.free)
        for order in self.model.orders:
            self._look(order, [])
            refunds = self.mall.app.payments().refunds_of(order.intent)
            there = sorted((one.status.value, one.cash.amount) for one in refunds)
            known = [one for one in order.refunds if one.is_there]
            assert there == sorted((one.state, one.amount) for one in known), order
        work = Work(self.mall.clock.now())
        rows = read_books(work).of("order refund")
        here = sorted((row["o"], row["sa"], row["ca"]) for row in rows if row.get("ca"))
        owed = [(one.id, back) for one in self.model.orders for back in one.refunds]
        assert here == sorted((name, back.state, back.amount) for name, back in owed)
        self._cash_agrees()
        check_all(work)

    def _cash_agrees(self) -> None:
        """Settled once means paid once; what was taken is kept, or went back, or failed to."""
        headers = {"Authorization": f"Bearer {KEY}"}
        found = self.stripe.http.get(
            f"{self.stripe.base}/v1/payment_intents?limit=100", headers=headers
        ).json()["data"]
        by_order: dict[str, list[Json]] = {}
        for intent in found:
            by_order.setdefault(intent["metadata"]["order"], []).append(intent)
        assert by_order.keys() == {order.id for order in self.model.orders}
        for order in self.model.orders:
            (stands,) = {one["status"] for one in by_order[order.id]}
            assert stands == STANDS[order.payment], order
            paid = [one for one in by_order[order.id] if one["status"] == "succeeded"]
            assert len(paid) == (order.settled_at is not None), order
            assert [one["amount_received"] for one in paid] == [order.cash] * len(paid), order
            failed = sum(one.amount for one in order.refunds if one.state == "failed")
            assert order.gone_there + failed == order.cash_back <= order.cash, order

    def _place(self, who: str, quantity: int, plans: Plans) -> None:
        self._tick()
        api, key = as_member(self.mall, who), self._key()
        body = {"reward_id": self.reward, "quantity": quantity, "address": ADDRESS}
        expected = self.model.place(who, quantity)
        reply = endured(plans, lambda: api.post("/orders", body, key=key))
        self._agree(expected, reply)
        if expected.status == 201:
            self._keep(reply)
            again = api.post("/orders", body, key=key)
            assert again["payment"] == reply["payment"], "one order has one payment"

    def _pay(self, order: Order, card: str) -> None:
        if order.payment not in {"open", "action"}:
            return
        if card == "slow":
            self.stripe.client().v1.payment_intents.confirm(
                order.intent, {"payment_method": PENDING_REFUND, "return_url": RETURN_URL}
            )
        else:
            self.stripe.pay_order(order.id, card)
        order.is_slow = card == "slow"
        after = {"declined": "open", "requires_action": "action"}
        order.payment = after.get(card, "paid")

    def _look(self, order: Order, plans: Plans) -> None:
        api, path = as_member(self.mall, order.owner), f"/orders/{order.id}"
        self._agree(self.model.show(order), endured(plans, lambda: api.get(path)))

    def _heard(self, event: Json) -> None:
        """Let the model do what follows: whatever the event says, the object counts."""
        kind, thing = event["type"], event["data"]["object"]
        intent = thing["id"] if kind.startswith("payment_intent.") else thing["payment_intent"]
        order = next(one for one in self.model.orders if one.intent == intent)
        if kind.startswith("payment_intent."):
            self.model.advance(order)
        elif kind.startswith("charge.dispute."):
            self.model.follow(order)

    def _keep(self, reply: Reply) -> None:
        """Learn what the program calls a new order, and Stripe its payment."""
        order = self.model.orders[-1]
        secret = str(reply["payment"]["client_secret"])
        order.id, order.intent = reply["id"], secret.partition("_secret_")[0]

    def _agree(self, expected: Expected, reply: Reply) -> None:
        fault = disagreement(expected, reply)
        assert not fault, (fault, expected, reply.text)

    def _order(self, pick: int) -> Order:
        return self.model.orders[-1 - pick % len(self.model.orders)]

    def _bought(self, pick: int) -> Order:
        """Return an order that somebody has, mostly; else any."""
        had = [one for one in self.model.orders if one.settled_at]
        return had[-1 - pick % len(had)] if had and pick < OTHERS else self._order(pick)

    def _paid(self, pick: int) -> Order:
        paid = [one for one in self.model.orders if one.payment == "paid"]
        return paid[-1 - pick % len(paid)] if paid else self._order(pick)

    def _key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def _tick(self, **by: float) -> None:
        self.mall.clock.advance(**(by or {"seconds": 1}))
        self.model.now = self.stripe.clock.instant = self.mall.clock.now()

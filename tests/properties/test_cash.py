"""Orders with a cash part: members, payers, banks, webhooks and time, in any order, by a model.

The program runs on a real engine and asks a local Stripe; whatever happens there is heard of late,
twice, out of order or never. Calls to the engine fail as in the first state machine. Now and then
Stripe takes a call and does not answer; every single call of its is spoiled by the crash matrix.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)

from infra.local import jobs
from tests.mall import Mall
from tests.orders import ADDRESS
from tests.properties.cash_model import CASH
from tests.properties.cash_world import SUBJECTS, CashGround
from tests.properties.deeds import as_member
from tests.properties.test_state_machine import PHASES, open_mall
from tests.properties.tills import plans
from tests.properties.world import Plans, endured
from tests.queues import drain
from tests.webhooks import events, tell

__all__ = ["open_mall"]
SHORT: Final = hypothesis_settings(
    max_examples=12, stateful_step_count=40, deadline=None, derandomize=True, phases=PHASES
)
LONG: Final = hypothesis_settings(
    max_examples=1000, stateful_step_count=80, deadline=None, phases=PHASES
)
FOLLOWED: Final = ("payment_intent.", "refund.", "charge.refund.", "charge.dispute.")
recents = st.one_of(st.just(0), st.integers(0, 9))
"""Picks among orders, the newest first."""
parts = st.one_of(
    st.fixed_dictionaries({"quantity": st.sampled_from([1, 1, 2]), "restock": st.just(True)}),
    st.fixed_dictionaries({"amount": st.sampled_from([1, 427, 1000, CASH, CASH + 1])}),
    st.just({"restock": True}),
)


class CashMachine(CashGround):
    """Whatever may happen to an order with a cash part."""

    @rule(who=st.sampled_from(SUBJECTS), quantity=st.sampled_from([1, 1, 2]), plans=plans)
    def place(self, who: str, quantity: int, plans: Plans) -> None:
        self._place(who, quantity, plans)

    @rule(
        who=st.sampled_from(SUBJECTS),
        quantity=st.sampled_from([1, 2]),
        card=st.sampled_from(["ok", "slow"]),
        looks=st.sampled_from([True, True, True, False]),
    )
    def buy(self, who: str, quantity: int, card: str, *, looks: bool) -> None:
        """Place and pay, as most people do; sometimes nobody sees that it was paid."""
        before = len(self.model.orders)
        self._place(who, quantity, [])
        if len(self.model.orders) > before:
            self._pay(self._order(0), card)
            if looks:
                self._look(self._order(0), [])

    @rule(who=st.sampled_from(SUBJECTS), fault=st.sampled_from(["reset_after", "limited"]))
    def place_unanswered(self, who: str, fault: str) -> None:
        """Stripe is asked and does not answer: everything is reserved, the same request goes on."""
        self._tick()
        expected = self.model.place(who, 1)
        body, key = {"reward_id": self.reward, "quantity": 1, "address": ADDRESS}, self._key()
        if expected.status == 201:
            self.stripe.spoil(fault)
            told = as_member(self.mall, who).post("/orders", body, key=key)
            assert (told.status, told.code) == (503, "unavailable")
            assert int(told.headers["retry-after"]) >= 1
        reply = as_member(self.mall, who).post("/orders", body, key=key)
        self._agree(expected, reply)
        if expected.status == 201:
            self._keep(reply)

    @precondition(lambda self: self.model.orders)
    @rule(
        pick=recents,
        card=st.sampled_from(["ok", "ok", "ok", "slow", "declined", "requires_action"]),
        looks=st.booleans(),
    )
    def pay(self, pick: int, card: str, *, looks: bool) -> None:
        """Pay, or try to; an action that is asked for may be done later, or never."""
        self._pay(self._order(pick), card)
        if looks:
            self._look(self._order(pick), [])

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, is_done=st.booleans())
    def authenticate(self, pick: int, *, is_done: bool) -> None:
        order = self._order(pick)
        if order.payment == "action":
            self.stripe.lever(f"payment_intents/{order.intent}", {"is_done": is_done})
            order.payment = "paid" if is_done else "open"

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, plans=plans)
    def look(self, pick: int, plans: Plans) -> None:
        self._tick()
        self._look(self._order(pick), plans)

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, plans=plans)
    def cancel(self, pick: int, plans: Plans) -> None:
        """Cancel, and the same once more: it is answered alike and moves nothing."""
        self._tick()
        order, key = self._bought(pick), self._key()
        api, path = as_member(self.mall, order.owner), f"/orders/{order.id}/cancel"
        expected = self.model.cancel(order)
        self._agree(expected, endured(plans, lambda: api.post(path, key=key)))
        if expected.status == 200:
            self._agree(expected, api.post(path, key=key))

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, part=parts, plans=plans)
    def refund(self, pick: int, part: dict[str, int], plans: Plans) -> None:
        """Give a part back, and ask for the same once more."""
        self._tick()
        order, key = self._bought(pick), self._key()
        path = f"/orders/{order.id}/refunds"
        asked = {"quantity": part.get("quantity"), "amount": part.get("amount")}
        expected = self.model.refund(order, **asked)
        self._agree(expected, endured(plans, lambda: self.mall.support.post(path, part, key=key)))
        if expected.status == 201:
            self._agree(expected, self.mall.support.post(path, part, key=key))

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, is_done=st.booleans())
    def answer_a_refund(self, pick: int, *, is_done: bool) -> None:
        """A bank takes its refund, or it fails; the program has to hear of it."""
        order = self._paid(pick)
        slow = [one for one in order.refunds if one.state == "pending"]
        found = self.mall.app.payments().refunds_of(order.intent) if slow else []
        if slow:
            of = next(one for one in found if one.status.value == "pending")
            self.stripe.lever(f"refunds/{of.id}", {"is_done": is_done})
            moved = next(one for one in slow if one.amount == of.cash.amount)
            moved.state = "succeeded" if is_done else "failed"

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, plans=plans)
    def send(self, pick: int, plans: Plans) -> None:
        self._tick()
        order = self._bought(pick)
        path, body = f"/orders/{order.id}/fulfilment", {"state": "sent"}
        expected = self.model.send(order)
        self._agree(expected, endured(plans, lambda: self.mall.support.post(path, body)))

    @precondition(lambda self: any(one.payment == "paid" for one in self.model.orders))
    @rule(pick=recents, hears=st.booleans())
    def question(self, pick: int, *, hears: bool) -> None:
        """A bank questions a payment, once; perhaps nobody hears of it yet."""
        order = self._paid(pick)
        if order.dispute_there is None:
            self.stripe.lever("disputes", {"payment_intent": order.intent})
            order.dispute_there = "open"
            if hears:
                self.hear(0, 1)

    @precondition(lambda self: any(one.dispute_there == "open" for one in self.model.orders))
    @rule(pick=recents, is_won=st.booleans(), hears=st.booleans())
    def decide(self, pick: int, *, is_won: bool, hears: bool) -> None:
        found = [one for one in self.model.orders if one.dispute_there == "open"]
        order = found[-1 - pick % len(found)]
        (dispute,) = self.mall.app.payments().disputes_of(order.intent)
        self.stripe.lever(f"disputes/{dispute.id}", {"is_done": is_won})
        order.dispute_there = "won" if is_won else "lost"
        if hears:
            self.hear(0, 1)

    @precondition(lambda self: self.model.orders)
    @rule(pick=recents, times=st.sampled_from([1, 1, 2]))
    def hear(self, pick: int, times: int) -> None:
        """Stripe tells something, late or twice; whatever is not picked is never told."""
        self._tick()
        told = [one for one in events(self.stripe) if one["type"].startswith(FOLLOWED)]
        if told:
            event = told[-1 - pick % len(told)]
            for _ in range(times):
                assert tell(self.mall, event).status == 200
            drain(self.mall)
            self._heard(event)

    @rule(minutes=st.sampled_from([1, 14, 15, 31]))
    def wait(self, minutes: int) -> None:
        self._tick(minutes=minutes)

    @rule()
    def run_the_jobs(self) -> None:
        self._tick()
        for name in ("order-deadlines", "unfinished-refunds"):
            jobs.run(self.mall.app, name, now=self.mall.clock.now())
        self.model.run_deadlines()


@pytest.mark.timeout(7200)
def test_cash_does_what_the_model_says(open_mall: Callable[[], Mall]) -> None:
    chosen = LONG if os.environ.get("JIFEN_HYPOTHESIS") == "long" else SHORT
    # Any factory will do; the annotation knows only classes.
    machine: Any = partial(CashMachine, open_mall)
    run_state_machine_as_test(machine, settings=chosen)

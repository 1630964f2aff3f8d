"""What a payment means to its order, and when money comes too late for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from chalicelib.gateways.payments.model import Intent, IntentStatus, Mark
from chalicelib.kernel.money import Money
from chalicelib.redeem.orders.model import Order, Status
from chalicelib.redeem.payment.rules import begun_at, is_forgotten
from chalicelib.redeem.progress.rules import Meaning, is_late, is_own, meaning_of
from tests.builders import NOW
from tests.unit.orders import an_order

CASH: Final = Money(2990, "cny")
DEADLINE: Final = NOW + timedelta(minutes=15)


def waiting(**changes: Any) -> Order:
    """Return an order that waits for money."""
    fields: dict[str, Any] = {"status": Status.AWAITING_PAYMENT, "cash": CASH, "deadline": DEADLINE}
    return an_order(**fields | {"settled_at": None, "intent_id": "pi_1"} | changes)


def an_intent(status: IntentStatus = IntentStatus.SUCCEEDED, **changes: Any) -> Intent:
    """Return a payment of that order, paid unless told otherwise."""
    mark = Mark("tests", waiting().id)
    intent = Intent("pi_1", status, CASH, CASH, mark, NOW, False, "ch_1", None, None)
    return replace(intent, **changes)


@pytest.mark.parametrize("status", IntentStatus)
def test_only_succeeded_settles_and_only_canceled_releases(status: IntentStatus) -> None:
    known = {IntentStatus.SUCCEEDED: Meaning.SETTLE, IntentStatus.CANCELED: Meaning.RELEASE}
    meaning = meaning_of(waiting(), an_intent(status), is_live=False)
    assert meaning is known.get(status, Meaning.WAIT)


@pytest.mark.parametrize(
    "changes",
    [
        {"cash": Money(2991, "cny")},
        {"received": Money(2989, "cny")},
        {"received": Money(2991, "cny")},
        {"cash": Money(2990, "usd"), "received": Money(2990, "usd")},
        {"is_live": True},
        {"mark": None},
        {"mark": Mark("tests", "ord_0000000000000000test")},
    ],
)
def test_money_that_is_not_as_asked_is_strange(changes: dict[str, Any]) -> None:
    assert meaning_of(waiting(), an_intent(**changes), is_live=False) is Meaning.STRANGE


def test_test_money_does_not_pay_where_our_key_moves_real_money() -> None:
    assert meaning_of(waiting(), an_intent(), is_live=True) is Meaning.STRANGE
    assert meaning_of(waiting(), an_intent(is_live=True), is_live=True) is Meaning.SETTLE


@pytest.mark.parametrize("status", Status)
def test_an_unnoted_payment_is_its_orders_own_only_while_one_may_have_been_made(
    status: Status,
) -> None:
    order = waiting(status=status, intent_id=None)
    assert is_own(order, an_intent()) is (status in {Status.AWAITING_PAYMENT, Status.EXPIRED})
    assert not is_own(order, an_intent(mark=None))
    assert is_own(waiting(status=status), an_intent())
    assert not is_own(waiting(status=status), an_intent(id="pi_2"))


def test_money_is_late_for_a_dead_order_and_for_one_that_does_not_wait_for_it() -> None:
    assert not is_late(waiting(), an_intent())
    assert is_late(waiting(), an_intent(id="pi_2"))
    assert is_late(waiting(status=Status.EXPIRED), an_intent())
    assert is_late(waiting(status=Status.CANCELLED), an_intent())
    assert not is_late(waiting(status=Status.SETTLED), an_intent())
    assert not is_late(waiting(status=Status.EXPIRED), an_intent(IntentStatus.PROCESSING))


def test_a_key_is_forgotten_23_hours_after_waiting_began_not_after_placing() -> None:
    order = waiting(placed_at=NOW - timedelta(days=2))
    assert begun_at(order) == NOW
    assert begun_at(replace(order, deadline=None)) == NOW - timedelta(days=2)
    assert not is_forgotten(order, NOW + timedelta(hours=23) - timedelta(microseconds=1))
    assert is_forgotten(order, NOW + timedelta(hours=23))

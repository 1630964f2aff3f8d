"""The Stripe in a few facts answers as the local one does, which is held against the real one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from chalicelib.gateways.payments.errors import PaymentsError
from chalicelib.gateways.payments.model import Intent, PaymentDraft, RefundDraft, Span
from chalicelib.gateways.payments.port import Payments
from chalicelib.kernel.money import Money
from tests.mall import OPENING
from tests.saga.payments import MemoryPayments
from tests.saga.stripe import Account, Fault, answered, paid
from tests.stripes import ORDER, LocalStripe, a_payment, a_stripe

OTHER = "ord_0000000000000001test"
DAY = timedelta(days=1)


class Memory:
    """An account in this process, and its levers."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.account = Account(OPENING)
        self.payments: Payments = MemoryPayments(self._carry_out)

    def pay(self, intent: Intent, card: str) -> None:
        """Let a customer try to pay."""
        self.account = paid(self.account, intent.id, is_declined=card == "declined")

    def spoil(self, fault: Fault) -> None:
        """Let the next call fail."""
        self.account = replace(self.account, fault=fault)

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.account = replace(self.account, now=self.account.now + time)

    def _carry_out(self, deed: str, asked: tuple[Hashable, ...]) -> Hashable:
        self.account, answer = answered(self.account, deed, asked)
        return answer


class Local:
    """The local Stripe, under the same levers."""

    FAULTS: ClassVar = {Fault.DOWN: "limited", Fault.LOST: "reset_after", Fault.KEPT: "error_kept"}

    def __init__(self, stripe: LocalStripe) -> None:
        """Take a running one."""
        self._stripe = stripe
        self.payments: Payments = stripe.payments()

    def pay(self, intent: Intent, card: str) -> None:
        """Let a customer try to pay."""
        self._stripe.pay(intent, card)

    def spoil(self, fault: Fault) -> None:
        """Let the next call fail."""
        self._stripe.spoil(self.FAULTS[fault])

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self._stripe.clock.instant += time


@pytest.fixture
def stripe(tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a running local Stripe."""
    with a_stripe(tmp_path) as running:
        yield running


def test_one_script_is_answered_alike_by_both(stripe: LocalStripe) -> None:
    ours, theirs = script(Memory()), script(Local(stripe))
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert one == other, number


def script(world: Memory | Local) -> Iterator[object]:
    """Yield what a Stripe answers to one thing after the other."""
    payments = world.payments
    yield from _paying(world)
    yield from _failing(world)
    span = Span(OPENING - DAY, OPENING + 3 * DAY)
    yield [told(one) for one in payments.intents_of(ORDER, span=span)]
    yield said(lambda: payments.get_intent("pi_nobodys"))
    yield said(lambda: payments.get_refund("re_nobodys"))
    yield said(lambda: payments.cancel_intent("pi_nobodys"))


def _paying(world: Memory | Local) -> Iterator[object]:
    payments = world.payments
    first = payments.create_intent(a_payment())
    yield told(first)
    yield payments.create_intent(a_payment()).id == first.id
    yield said(lambda: payments.create_intent(a_payment(3000)))
    yield said(lambda: payments.create_refund(refund(first, 1)))
    world.pay(first, "declined")
    yield told(payments.get_intent(first.id))
    world.pay(first, "ok")
    yield told(payments.get_intent(first.id))
    yield told(payments.create_intent(a_payment()))
    yield told(payments.cancel_intent(first.id))
    for number, amount in enumerate((990, 5000, 2000, 1), start=2):
        yield said(lambda: payments.create_refund(refund(first, amount, number)))  # noqa: B023
    yield said(lambda: payments.create_refund(refund(first, 990, 2)))
    yield [told(one) for one in payments.refunds_of(first.id)]
    second = payments.create_intent(a_payment(attempt=2))
    yield told(payments.cancel_intent(second.id))
    yield told(payments.cancel_intent(second.id))
    world.pay(second, "ok")
    yield told(payments.get_intent(second.id))


def _failing(world: Memory | Local) -> Iterator[object]:
    payments = world.payments
    drafts = {fault: PaymentDraft(OTHER, n, Money(2990, "cny")) for n, fault in enumerate(Fault, 1)}
    for fault, draft in drafts.items():
        world.spoil(fault)
        yield said(lambda: payments.create_intent(draft))  # noqa: B023
        yield said(lambda: payments.create_intent(draft))  # noqa: B023
    world.wait(DAY + timedelta(hours=1))
    yield said(lambda: payments.create_intent(drafts[Fault.KEPT]))


def refund(intent: Intent, amount: int, number: int = 1) -> RefundDraft:
    """Return a refund to be made."""
    return RefundDraft(ORDER, f"rfd_0000000000000000000{number}", intent.id, Money(amount, "cny"))


def said(call: Callable[[], Any]) -> object:
    """Return what a call brings, or how it failed."""
    try:
        return told(call())
    except PaymentsError as failure:
        return (type(failure).__name__, failure.reason, getattr(failure, "is_kept", None))


def told(one: Any) -> dict[str, object]:
    """Return what both must tell: all but ids, secrets and the second of its making."""
    own = {"id", "created_at", "client_secret", "charge_id", "intent_id"}
    return {name: getattr(one, name) for name in one.__slots__ if name not in own}

"""Payments at a Stripe that answers, refuses, hangs, breaks and forgets."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import pytest
import stripe

from chalicelib.gateways.payments.errors import Down, PaymentsError, Rejected, Unclear
from chalicelib.gateways.payments.model import Intent, IntentStatus, Mark, RefundDraft
from chalicelib.gateways.payments.stripe_payments import StripePayments
from chalicelib.kernel.money import Money
from chalicelib.settings import StripeSettings
from tests.stack.process import until
from tests.stripes import (
    ENVIRONMENT,
    ORDER,
    REFUND,
    SECRET,
    LocalStripe,
    a_payment,
    a_refund,
    lately,
    paid,
)

IMPATIENT: Final = 0.3


def test_a_payment_bears_our_mark_and_waits_for_its_payer(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = payments.create_intent(a_payment(2990, "cny", attempt=3))
    assert intent.status is IntentStatus.REQUIRES_PAYMENT_METHOD
    assert (intent.cash, intent.received) == (Money(2990, "cny"), Money(0, "cny"))
    assert intent.mark == Mark(ENVIRONMENT, ORDER)
    assert intent.created_at == local.clock.now()
    assert (intent.is_live, intent.charge_id, intent.declined) == (False, None, None)
    assert (intent.client_secret or "").startswith(f"{intent.id}_secret_")
    assert payments.get_intent(intent.id) == intent


def test_the_same_draft_makes_one_payment_whoever_sends_it(local: LocalStripe) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: one_payment(local.payments()), range(16)))
    assert len({intent.id for intent in made}) == 1


def one_payment(payments: StripePayments) -> Intent:
    """Make the payment, again while another runs with the same key."""
    while True:
        with contextlib.suppress(Unclear):
            return payments.create_intent(a_payment())


def test_another_attempt_another_order_and_another_environment_are_other_payments(
    local: LocalStripe, payments: StripePayments
) -> None:
    first = payments.create_intent(a_payment())
    others = [
        payments.create_intent(a_payment(attempt=2)),
        payments.create_intent(a_payment(order_id="ord_0000000000000other")),
        local.payments(environment="staging").create_intent(a_payment()),
    ]
    assert len({first.id, *(intent.id for intent in others)}) == 4


def test_the_same_attempt_with_another_price_is_our_bug(payments: StripePayments) -> None:
    payments.create_intent(a_payment(2990))
    with pytest.raises(Rejected) as refused:
        payments.create_intent(a_payment(2991))
    assert refused.value.reason == "IdempotencyError"


def test_after_a_day_a_key_is_forgotten_so_only_looking_helps(
    local: LocalStripe, payments: StripePayments
) -> None:
    first = payments.create_intent(a_payment())
    local.clock.advance(hours=23, minutes=59)
    assert payments.create_intent(a_payment()).id == first.id
    local.clock.advance(minutes=1)
    assert payments.create_intent(a_payment()).id != first.id
    assert first.id in {one.id for one in payments.intents_of(ORDER, span=lately(local, hours=25))}


@pytest.mark.parametrize("kind", ["hang", "reset_after"])
def test_a_payment_that_was_made_without_an_answer_is_unclear_and_found_by_asking_again(
    local: LocalStripe, kind: str
) -> None:
    payments = local.payments(http=stripe.RequestsClient(timeout=IMPATIENT))
    local.spoil(kind, milliseconds=600)
    with pytest.raises(Unclear) as failed:
        payments.create_intent(a_payment())
    assert not failed.value.is_kept
    (made,) = local.payments().intents_of(ORDER, span=lately(local))
    assert one_payment(payments).id == made.id


def test_a_connection_that_breaks_before_anything_is_done_is_unclear_too(
    local: LocalStripe, payments: StripePayments
) -> None:
    local.spoil("reset_before")
    with pytest.raises(Unclear):
        payments.create_intent(a_payment())
    assert payments.intents_of(ORDER, span=lately(local)) == []
    assert payments.create_intent(a_payment()).mark == Mark(ENVIRONMENT, ORDER)


def test_a_failure_that_stripe_keeps_comes_back_until_another_attempt(
    local: LocalStripe, payments: StripePayments
) -> None:
    local.spoil("error_kept")
    for _ in range(2):
        with pytest.raises(Unclear) as failed:
            payments.create_intent(a_payment())
        assert failed.value.is_kept
        assert failed.value.request_id.startswith("req_")
    assert payments.intents_of(ORDER, span=lately(local)) == []
    assert payments.create_intent(a_payment(attempt=2)).mark == Mark(ENVIRONMENT, ORDER)


def test_a_failure_that_stripe_keeps_may_have_made_the_payment(
    local: LocalStripe, payments: StripePayments
) -> None:
    local.spoil("error_after")
    with pytest.raises(Unclear) as failed:
        payments.create_intent(a_payment())
    assert failed.value.is_kept
    (made,) = payments.intents_of(ORDER, span=lately(local))
    assert made.mark == Mark(ENVIRONMENT, ORDER)


def test_a_failure_that_stripe_forgets_is_gone_with_the_next_call(
    local: LocalStripe, payments: StripePayments
) -> None:
    local.spoil("error")
    with pytest.raises(Unclear) as failed:
        payments.create_intent(a_payment())
    assert not failed.value.is_kept
    assert payments.create_intent(a_payment()).mark == Mark(ENVIRONMENT, ORDER)


def test_too_many_calls_at_once_is_down_and_nothing_was_done(
    local: LocalStripe, payments: StripePayments
) -> None:
    local.spoil("limited")
    with pytest.raises(Down):
        payments.create_intent(a_payment())
    assert payments.intents_of(ORDER, span=lately(local)) == []


def test_a_stripe_that_cannot_be_reached_is_down() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        payments = StripePayments(StripeSettings("sk_test_x", (SECRET,), ENVIRONMENT, base))
        for call in calls(payments):
            with pytest.raises(Down):
                call()


def calls(payments: StripePayments) -> list[Callable[[], object]]:
    return [
        lambda: payments.create_intent(a_payment()),
        lambda: payments.get_intent("pi_1"),
        lambda: payments.cancel_intent("pi_1"),
        lambda: payments.create_refund(RefundDraft(ORDER, REFUND, "pi_1", Money(1, "usd"))),
        lambda: payments.refunds_of("pi_1"),
    ]


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "error", "limited"])
def test_a_look_that_fails_is_down_because_looking_changes_nothing(
    local: LocalStripe, payments: StripePayments, kind: str
) -> None:
    intent = payments.create_intent(a_payment())
    local.spoil(kind)
    with pytest.raises(Down):
        payments.get_intent(intent.id)
    assert payments.get_intent(intent.id) == intent


def test_a_second_call_while_the_first_runs_is_unclear(
    local: LocalStripe, payments: StripePayments
) -> None:
    local.spoil("slow", milliseconds=400)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(payments.create_intent, a_payment())
        until(lambda: not local.lever("faults")["items"])
        with pytest.raises(Unclear) as failed:
            local.payments().create_intent(a_payment())
        assert failed.value.reason == "idempotency_key_in_use"
        assert first.result().mark == Mark(ENVIRONMENT, ORDER)


def test_a_declined_card_is_told_on_the_payment(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = payments.create_intent(a_payment())
    assert local.pay(intent, "declined") == "requires_payment_method"
    declined = payments.get_intent(intent.id)
    assert declined.status is IntentStatus.REQUIRES_PAYMENT_METHOD
    assert declined.declined == "insufficient_funds"
    assert local.pay(intent) == "succeeded"
    settled = payments.get_intent(intent.id)
    assert (settled.received, settled.declined) == (settled.cash, None)


def test_a_payment_is_cancelled_and_stays_so(payments: StripePayments) -> None:
    intent = payments.create_intent(a_payment())
    assert payments.cancel_intent(intent.id).status is IntentStatus.CANCELED
    assert payments.cancel_intent(intent.id).status is IntentStatus.CANCELED


@pytest.mark.parametrize(
    ("card", "status"), [("ok", IntentStatus.SUCCEEDED), ("processing", IntentStatus.PROCESSING)]
)
def test_a_cancel_that_comes_too_late_returns_what_the_payment_is(
    local: LocalStripe, payments: StripePayments, card: str, status: IntentStatus
) -> None:
    intent = payments.create_intent(a_payment())
    local.pay(intent, card)
    assert payments.cancel_intent(intent.id).status is status


def test_a_payment_that_waits_for_its_holder_can_be_cancelled(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = payments.create_intent(a_payment())
    assert local.pay(intent, "requires_action") == "requires_action"
    assert payments.cancel_intent(intent.id).status is IntentStatus.CANCELED


def test_a_cancel_without_an_answer_is_unclear_and_may_be_repeated(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = payments.create_intent(a_payment())
    for kind in ("reset_after", "error_kept", "error_after"):
        local.spoil(kind, method="POST")
        with pytest.raises(Unclear):
            payments.cancel_intent(intent.id)
        if kind == "reset_after":
            intent = payments.create_intent(a_payment(attempt=2))
    assert payments.cancel_intent(intent.id).status is IntentStatus.CANCELED


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda it: it.get_intent("pi_nobody"), "resource_missing"),
        (lambda it: it.cancel_intent("pi_nobody"), "resource_missing"),
        (lambda it: it.get_refund("re_nobody"), "resource_missing"),
        (lambda it: it.get_dispute("du_nobody"), "resource_missing"),
        (lambda it: it.create_intent(a_payment(49, "usd")), "amount_too_small"),
        (lambda it: it.create_intent(a_payment(100_000_000)), "amount_too_large"),
    ],
)
def test_what_stripe_refuses_is_rejected_by_its_code(
    payments: StripePayments, call: Callable[[StripePayments], object], reason: str
) -> None:
    with pytest.raises(Rejected) as refused:
        call(payments)
    assert refused.value.reason == reason


def test_a_wrong_key_is_rejected_and_never_quoted(local: LocalStripe) -> None:
    settings = StripeSettings("sk_wrong_secret_key", (SECRET,), ENVIRONMENT, local.base)
    with pytest.raises(Rejected) as refused:
        StripePayments(settings).get_intent("pi_1")
    assert refused.value.reason == "AuthenticationError"
    assert "secret_key" not in f"{refused.value!r} {refused.value} {settings!r}"


def test_an_error_quotes_nothing_of_the_answer(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = paid(local, payments)
    with pytest.raises(PaymentsError) as refused:
        payments.create_refund(a_refund(intent, intent.cash.amount + 1))
    told = f"{refused.value!r} {refused.value} {vars(refused.value)}"
    assert intent.id not in told
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_what_a_browser_pays_with_is_in_no_representation(payments: StripePayments) -> None:
    intent = payments.create_intent(a_payment())
    assert intent.client_secret is not None
    assert intent.client_secret not in repr(intent)
    assert replace(intent, client_secret=None) != intent

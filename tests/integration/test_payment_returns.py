"""Refunds, disputes and listings at Stripe, as our gateway tells them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from chalicelib.gateways.payments.errors import Declined, Down, Rejected, Unclear
from chalicelib.gateways.payments.model import (
    DisputeStatus,
    Mark,
    RefundDraft,
    RefundStatus,
)
from chalicelib.gateways.payments.stripe_payments import StripePayments
from chalicelib.kernel.money import Money
from infra.local.stripe import cards
from tests.stripes import (
    ENVIRONMENT,
    ORDER,
    REFUND,
    LocalStripe,
    a_payment,
    a_refund,
    lately,
    paid,
)

IMPATIENT: Final = 0.3


def test_refunds_in_parts_never_exceed_what_was_paid(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = paid(local, payments)

    def back(number: int) -> int:
        try:
            draft = a_refund(intent, 700, f"rfd_{number}")
            return local.payments().create_refund(draft).cash.amount
        except Rejected:
            return 0

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(back, range(1, 11))) == 2800
    assert payments.create_refund(a_refund(intent, 190, "rfd_99")).cash == Money(190, "cny")
    assert sum(one.cash.amount for one in payments.refunds_of(intent.id)) == 2990
    with pytest.raises(Rejected) as refused:
        payments.create_refund(a_refund(intent, 1, "rfd_100"))
    assert refused.value.reason == "charge_already_refunded"


def test_no_part_of_a_refund_may_have_thousandths_that_card_networks_do_not_know(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = payments.create_intent(a_payment(3000, "kwd"))
    assert local.pay(intent) == "succeeded"
    with pytest.raises(Rejected) as refused:
        payments.create_refund(a_refund(intent, 1005))
    assert refused.value.reason == "parameter_invalid_integer"
    assert payments.create_refund(a_refund(intent, 1010, "rfd_2")).cash == Money(1010, "kwd")


def test_the_same_refund_is_made_once(local: LocalStripe, payments: StripePayments) -> None:
    intent = paid(local, payments)
    local.spoil("reset_after", path="/v1/refunds")
    with pytest.raises(Unclear):
        payments.create_refund(a_refund(intent, 700))
    refund = payments.create_refund(a_refund(intent, 700))
    assert payments.refunds_of(intent.id) == [refund]
    assert refund.mark == Mark(ENVIRONMENT, ORDER, REFUND)
    assert (refund.intent_id, refund.charge_id) == (intent.id, intent.charge_id)


def test_a_refund_may_be_pending_and_may_fail_after_it_succeeded(
    local: LocalStripe, payments: StripePayments
) -> None:
    pending = payments.create_refund(a_refund(paid(local, payments, "pm_card_pendingRefund"), 90))
    assert pending.status is RefundStatus.PENDING
    local.lever(f"refunds/{pending.id}", {"is_done": True})
    assert payments.get_refund(pending.id).status is RefundStatus.SUCCEEDED
    local.lever(f"refunds/{pending.id}", {"is_done": False})
    failed = payments.get_refund(pending.id)
    assert (failed.status, failed.failure) == (RefundStatus.FAILED, "expired_or_canceled_card")
    whole = Money(2990, "cny")
    again = RefundDraft(ORDER, REFUND, str(failed.intent_id), whole, attempt=2)
    assert payments.create_refund(again).cash == whole


def test_a_dispute_takes_the_money_and_a_won_one_brings_it_back(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = paid(local, payments, cards.DISPUTED)
    (dispute,) = payments.disputes_of(intent.id)
    assert (dispute.status, dispute.is_inquiry) == (DisputeStatus.NEEDS_RESPONSE, False)
    assert (dispute.is_withdrawn, dispute.cash) == (True, intent.cash)
    local.lever(f"disputes/{dispute.id}", {"is_done": True})
    won = payments.get_dispute(dispute.id)
    assert (won.status, won.is_withdrawn) == (DisputeStatus.WON, False)


def test_a_lost_dispute_and_one_after_a_full_refund_keep_the_money(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = paid(local, payments)
    payments.create_refund(a_refund(intent, intent.cash.amount))
    local.lever("disputes", {"payment_intent": intent.id})
    (dispute,) = payments.disputes_of(intent.id)
    local.lever(f"disputes/{dispute.id}", {"is_done": False})
    lost = payments.get_dispute(dispute.id)
    assert (lost.status, lost.is_withdrawn) == (DisputeStatus.LOST, True)


def test_an_inquiry_only_asks(local: LocalStripe, payments: StripePayments) -> None:
    intent = paid(local, payments, "pm_card_createDisputeInquiry")
    (inquiry,) = payments.disputes_of(intent.id)
    assert (inquiry.is_inquiry, inquiry.is_withdrawn) == (True, False)
    assert payments.create_refund(a_refund(intent, 5)).status is RefundStatus.SUCCEEDED


def test_listings_go_through_every_page_of_our_environment_and_span(local: LocalStripe) -> None:
    ours, theirs = local.payments(), local.payments(environment="staging")
    made = [ours.create_intent(a_payment(attempt=attempt)).id for attempt in range(1, 131)]
    theirs.create_intent(a_payment())
    span = lately(local)
    assert [one.id for one in ours.intents(span)] == made[::-1]
    assert len(list(theirs.intents(span))) == 1
    local.clock.advance(hours=2)
    assert list(ours.intents(lately(local))) == []
    local.spoil("error", path="/v1/payment_intents")
    with pytest.raises(Down):
        next(ours.intents(span))


def test_a_page_that_fails_halfway_is_down_and_not_the_end(
    local: LocalStripe, payments: StripePayments
) -> None:
    for attempt in range(1, 102):
        payments.create_intent(a_payment(attempt=attempt))
    listed = payments.intents(lately(local))
    next(listed)
    local.spoil("error", method="GET")
    with pytest.raises(Down):
        list(listed)


def test_refunds_that_bear_no_mark_are_listed_and_those_of_others_are_not(
    local: LocalStripe, payments: StripePayments
) -> None:
    intent = paid(local, payments)
    ours = payments.create_refund(a_refund(intent, 10))
    by_hand = local.client().v1.refunds.create({"payment_intent": intent.id, "amount": 10})
    theirs = local.payments(environment="staging").create_refund(a_refund(intent, 10))
    listed = {one.id: one.mark for one in payments.refunds(lately(local))}
    assert listed == {ours.id: ours.mark, by_hand.id: None}
    assert theirs.id in {one.id for one in payments.refunds_of(intent.id)}


@pytest.mark.parametrize(
    "metadata",
    [
        {"environment": ENVIRONMENT, "attempt": "1"},
        {"order": ORDER, "attempt": "1"},
    ],
)
def test_a_mark_that_is_not_whole_is_no_mark(
    local: LocalStripe, payments: StripePayments, metadata: dict[str, str]
) -> None:
    made = local.client().v1.payment_intents.create(
        {"amount": 500, "currency": "usd", "metadata": metadata}
    )
    assert payments.get_intent(made.id).mark is None
    assert list(payments.intents(lately(local))) == []


def test_a_declined_call_is_an_error_of_its_own() -> None:
    assert not issubclass(Declined, Unclear | Down | Rejected)

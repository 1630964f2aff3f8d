"""What Stripe's word means to a refund, and what is owed of money that nobody may keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from chalicelib.gateways.payments.model import Refund, RefundStatus
from chalicelib.kernel.money import Money
from chalicelib.redeem.orders.model import Status
from chalicelib.redeem.refunds.model import OrderRefund, RefundState, Told
from chalicelib.redeem.refunds.rules import (
    after,
    is_forgotten,
    retried,
    stray,
    stray_id_of,
    to_ask,
    told_of,
    went_back,
)
from tests.builders import NOW
from tests.unit.test_progress_rules import an_intent, waiting

P, S, F = RefundState.PENDING, RefundState.SUCCEEDED, RefundState.FAILED
OWED: Final = OrderRefund(
    id="rfd_0000000000000000test",
    order_id="ord_0Ab1Cd2Ef3G4Hi5Jk6L7",
    quantity=1,
    points=10,
    debt_paid=0,
    is_restocked=True,
    fingerprint=b"f",
    cash=Money(2990, "cny"),
    intent_id="pi_1",
    state=P,
    owed_at=NOW,
)


def at_stripe(status: RefundStatus, amount: int = 100) -> Refund:
    """Return a refund as Stripe tells of it."""
    return Refund("re_1", status, Money(amount, "cny"), "pi_1", "ch_1", None, NOW, None)


@pytest.mark.parametrize("status", RefundStatus)
def test_a_word_that_nobody_understands_leaves_a_refund_pending(status: RefundStatus) -> None:
    known = {RefundStatus.SUCCEEDED: S, RefundStatus.FAILED: F, RefundStatus.CANCELED: F}
    assert told_of(at_stripe(status)).state is known.get(status, P)


@pytest.mark.parametrize(
    ("before", "told", "now"),
    [(P, P, P), (P, S, S), (P, F, F), (S, P, S), (S, S, S), (S, F, F), (F, P, F), (F, S, F)],
)
def test_a_refund_may_fail_after_it_succeeded_and_an_older_word_undoes_nothing(
    before: RefundState, told: RefundState, now: RefundState
) -> None:
    refund = replace(OWED, state=before, stripe_id="re_1")
    assert after(refund, Told(told, "re_1"), attempt=1).state is now


def test_what_is_told_of_another_attempt_or_another_refund_changes_nothing() -> None:
    known = replace(OWED, stripe_id="re_1")
    assert after(known, Told(S, "re_2"), attempt=1) == known
    assert after(replace(OWED, attempt=2), Told(S, "re_1"), attempt=1).state is P
    assert after(OWED, Told(P, "re_1"), attempt=1) == known


def test_a_new_attempt_has_a_key_of_its_own_and_its_own_time() -> None:
    later = NOW + timedelta(days=3)
    again = retried(replace(OWED, state=F, stripe_id="re_1"), later, asked=2000)
    assert again == replace(OWED, attempt=2, owed_at=later, asked=2000)
    assert again.due == Money(2000, "cny")
    assert not is_forgotten(again, later + timedelta(hours=23) - timedelta(microseconds=1))
    assert is_forgotten(again, later + timedelta(hours=23))
    assert is_forgotten(replace(OWED, owed_at=None), NOW)


@pytest.mark.parametrize(
    ("back", "asked"), [(0, None), (10, None), (11, 2989), (2999, 1), (3000, 0), (3001, 0)]
)
def test_what_is_left_of_a_payment_is_all_that_can_be_asked_for(
    back: int, asked: int | None
) -> None:
    assert to_ask(OWED, Money(3000, "cny"), back=back) == asked


def test_what_failed_did_not_go_back() -> None:
    found = [at_stripe(RefundStatus.SUCCEEDED, 1), at_stripe(RefundStatus.PENDING, 20)]
    assert went_back([*found, at_stripe(RefundStatus.FAILED, 300)]) == 21


@pytest.mark.parametrize(
    ("back", "own", "owed"),
    [
        (0, 0, 2990),
        (990, 0, 2000),
        (2990, 0, None),
        (0, 990, 2000),
        (500, 990, 2000),
        (0, 2990, None),
    ],
)
def test_money_that_nobody_may_keep_goes_back_less_what_went_back(
    back: int, own: int, owed: int | None
) -> None:
    order = waiting(status=Status.CANCELLED, cash_returned=own)
    made = stray(order, an_intent(), back=back, at=NOW)
    assert (made and made.cash) == (owed and Money(owed, "cny"))
    if made:
        assert (made.id, made.quantity, made.points) == (stray_id_of("pi_1"), 0, 0)


def test_what_an_order_gave_back_of_its_own_payment_is_nothing_to_another_one() -> None:
    order = waiting(status=Status.CANCELLED, cash_returned=2990)
    made = stray(order, an_intent(id="pi_2"), back=0, at=NOW)
    assert made is not None
    assert made.cash == Money(2990, "cny")
    assert made.id != stray_id_of("pi_1")

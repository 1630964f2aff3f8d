"""What can be charged: Stripe's minimum, its eight digits, and the last digit of three decimals."""

from __future__ import annotations

import pytest

from chalicelib.gateways.payments.model import DisputeStatus, IntentStatus, status_of
from chalicelib.gateways.payments.rules import (
    CHARGE_MAX,
    CHARGE_MIN,
    Unchargeable,
    minimum_charge,
    step_of,
    why_never_chargeable,
    why_unchargeable,
)
from chalicelib.kernel.money import MINOR_DIGITS, Money
from infra.local.stripe import money
from infra.local.stripe.refused import Refused


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        (24, "cny", None),
        (23, "cny", Unchargeable.BELOW_MINIMUM),
        (CHARGE_MAX, "cny", None),
        (CHARGE_MAX + 1, "cny", Unchargeable.ABOVE_MAXIMUM),
        (1005, "kwd", None),
        (1000, "xxx", Unchargeable.UNKNOWN_CURRENCY),
    ],
)
def test_a_price_that_no_number_of_units_makes_chargeable_says_why(
    amount: int, currency: str, why: Unchargeable | None
) -> None:
    assert why_never_chargeable(Money(amount, currency), units_max=20) is why


def test_every_currency_that_a_program_may_choose_has_a_minimum() -> None:
    assert set(CHARGE_MIN) == set(MINOR_DIGITS)


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        (1, "usd", Unchargeable.BELOW_MINIMUM),
        (49, "usd", Unchargeable.BELOW_MINIMUM),
        (50, "usd", None),
        (29, "gbp", Unchargeable.BELOW_MINIMUM),
        (30, "gbp", None),
        (49, "jpy", Unchargeable.BELOW_MINIMUM),
        (50, "jpy", None),
        (51, "jpy", None),
        (479, "cny", Unchargeable.BELOW_MINIMUM),
        (480, "cny", None),
        (200, "kwd", Unchargeable.BELOW_MINIMUM),
        (210, "kwd", None),
        (211, "kwd", Unchargeable.NOT_ROUND),
        (219, "kwd", Unchargeable.NOT_ROUND),
        (0, "cny", Unchargeable.BELOW_MINIMUM),
        (CHARGE_MAX, "cny", None),
        (CHARGE_MAX + 1, "cny", Unchargeable.ABOVE_MAXIMUM),
        (123_456_789, "jpy", Unchargeable.ABOVE_MAXIMUM),
        (1000, "xxx", Unchargeable.UNKNOWN_CURRENCY),
    ],
)
def test_an_amount_is_chargeable_or_says_why_not(
    amount: int, currency: str, why: Unchargeable | None
) -> None:
    assert why_unchargeable(Money(amount, currency)) is why


def test_only_three_decimals_go_in_tens() -> None:
    assert {currency: step_of(currency) for currency in MINOR_DIGITS} == {
        currency: 10 if currency == "kwd" else 1 for currency in MINOR_DIGITS
    }


@pytest.mark.parametrize("currency", sorted(MINOR_DIGITS))
def test_our_table_and_the_local_stripes_agree(currency: str) -> None:
    least = minimum_charge(currency)
    for amount in (least.amount, CHARGE_MAX - CHARGE_MAX % 10):
        assert why_unchargeable(Money(amount, currency)) is None
        money.check_charge(amount, currency)
    if currency in money.MINIMUM:
        with pytest.raises(Refused):
            money.check_charge(least.amount - 1, currency)
    else:
        at_the_days_rate = money.CENTS_MIN * money.CENTS_TO_UNITS[currency]
        assert at_the_days_rate < least.amount < 2 * at_the_days_rate


def test_a_word_that_nobody_knows_yet_is_unknown() -> None:
    assert status_of(IntentStatus, "succeeded") is IntentStatus.SUCCEEDED
    assert status_of(IntentStatus, "levitating") is IntentStatus.UNKNOWN
    assert status_of(DisputeStatus, None) is DisputeStatus.UNKNOWN

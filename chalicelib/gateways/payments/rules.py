"""What can be charged at all, decided before anything is reserved.

The minimum is Stripe's own where it lists one, and otherwise its 50 US cents with room for the rate
to move: a third on top of the rate of November 2026. The list is at
https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from chalicelib.kernel.money import MINOR_DIGITS, Money

CHARGE_MIN: Final = {
    "usd": 50,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "jpy": 50,
    # Not listed. 50 US cents were 3.55 yuan and 0.154 dinars.
    "cny": 480,
    "kwd": 210,
}
"""In minor units: of a yen there are none smaller, of a dinar a thousand."""
CHARGE_MAX: Final = 99_999_999
"""Stripe's eight digits, whatever the currency."""
THREE_DIGITS: Final = 3
STEP: Final = 10
"""Stripe takes three decimals and wants the last to be 0, as card networks know only two."""


class Unchargeable(Enum):
    """Why an amount cannot be charged."""

    UNKNOWN_CURRENCY = "unknown_currency"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    NOT_ROUND = "not_round"


def why_unchargeable(cash: Money) -> Unchargeable | None:
    """Return why Stripe would not charge an amount, or None when it would."""
    if cash.currency not in CHARGE_MIN:
        return Unchargeable.UNKNOWN_CURRENCY
    if cash.amount < CHARGE_MIN[cash.currency]:
        return Unchargeable.BELOW_MINIMUM
    if cash.amount > CHARGE_MAX:
        return Unchargeable.ABOVE_MAXIMUM
    if cash.amount % step_of(cash.currency):
        return Unchargeable.NOT_ROUND
    return None


def why_never_chargeable(cash: Money, *, units_max: int) -> Unchargeable | None:
    """Return why no order of up to so many units can be charged at a price, None where one can."""
    found = None
    for units in range(1, units_max + 1):
        found = why_unchargeable(Money(cash.amount * units, cash.currency))
        if found is None:
            return None
    return found


def minimum_charge(currency: str) -> Money:
    """Return the least that can be charged in a currency that Stripe knows."""
    return Money(CHARGE_MIN[currency], currency)


def step_of(currency: str) -> int:
    """Return what an amount has to be a multiple of, parts of a refund included."""
    return STEP if MINOR_DIGITS[currency] == THREE_DIGITS else 1

"""What one charge may be, currency by currency, as Stripe refuses it.

Stripe lists a minimum for most currencies that a program may choose
(https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). Where it lists none, the
amount has to be worth 50 US cents on the day; a fixed rate stands in for the day's here. This table
is not the product's: the two are compared by a test, so that neither can be wrong alone.
"""

from __future__ import annotations

from typing import Final

from infra.local.stripe.params import integer, text
from infra.local.stripe.refused import Complaint, Refused, wrong_parameter

MINIMUM: Final = {"usd": 50, "eur": 50, "gbp": 30, "hkd": 400, "jpy": 50}
CENTS_TO_UNITS: Final = {"cny": 7.1, "kwd": 3.07}
"""Minor units for a US cent, near the rates of late 2026."""
CENTS_MIN: Final = 50
AMOUNT_MAX: Final = 99_999_999
"""Eight digits."""
THREE_DECIMALS: Final = frozenset({"kwd"})
ZERO_DECIMALS: Final = frozenset({"jpy"})
SIGNS: Final = {"usd": "$", "eur": "€", "gbp": "£", "hkd": "HK$", "jpy": "¥", "cny": "¥"}


def currency(value: object, name: str) -> str:
    """Read a currency."""
    told = text(value, name).lower()
    known = [*MINIMUM, *CENTS_TO_UNITS]
    if told not in known:
        said = f"Invalid currency: {told}. Stripe currently supports these currencies: "
        raise wrong_parameter(said + ", ".join(known), param=name)
    return told


AMOUNT: Final = integer(1)
"""Reads an amount of money."""


def check_charge(sum_: int, currency_: str) -> None:
    """Refuse an amount that cannot be charged."""
    check_step(sum_, currency_)
    if sum_ > AMOUNT_MAX:
        said = f"Amount must be no more than {written(AMOUNT_MAX, currency_)}"
        raise _refused(said, "amount_too_large")
    least = MINIMUM.get(currency_)
    if least is not None and sum_ < least:
        said = f"Amount must be at least {written(least, currency_)} {currency_}"
        raise _refused(said, "amount_too_small")
    if least is None and sum_ < CENTS_MIN * CENTS_TO_UNITS[currency_]:
        cents = int(sum_ / CENTS_TO_UNITS[currency_])
        said = (
            f"Amount must convert to at least {CENTS_MIN} cents. {written(sum_, currency_)}"
            f" converts to approximately {written(cents, 'usd')}."
        )
        raise _refused(said, "amount_too_small")


def check_step(sum_: int, currency_: str) -> None:
    """Refuse an amount with a third decimal that card networks do not know."""
    if currency_ in THREE_DECIMALS and sum_ % 10:
        said = f"Amounts in {currency_} must end in 0: {sum_} does not."
        raise _refused(said, "parameter_invalid_integer")


def written(sum_: int, currency_: str) -> str:
    """Return an amount as Stripe writes it in a message."""
    digits = 0 if currency_ in ZERO_DECIMALS else 3 if currency_ in THREE_DECIMALS else 2
    return f"{SIGNS.get(currency_, currency_.upper())}{sum_ / 10**digits:,.{digits}f}"


def _refused(message: str, code: str) -> Refused:
    return Refused(Complaint(message, code=code, param="amount"))

"""Money: integer minor units with an ISO 4217 code, in the lower case that Stripe uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MONEY_MAX: Final = 10**12
"""The most minor units one amount may have."""

MINOR_DIGITS: Final = {"cny": 2, "usd": 2, "eur": 2, "gbp": 2, "hkd": 2, "jpy": 0, "kwd": 3}
"""ISO 4217's minor-unit digits of the currencies a program may choose."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units: `Money(2990, "cny")` is ¥29.90."""

    amount: int
    currency: str

    def whole_units(self) -> int:
        """Return the whole currency units, rounded down: ¥29.90 has 29."""
        return int(self.amount // 10 ** MINOR_DIGITS[self.currency])

"""Money: integer minor units with an ISO 4217 code, in the lower case that Stripe uses.

A person reads it with its sign and its own digits: `written(Money(112850, "cny"))` is ¥1,128.50.
"""

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


@dataclass(frozen=True, slots=True)
class Words:
    """How a currency is written: its sign, and one whole unit in each language."""

    sign: str
    en: str
    zh: str


WORDS: Final = {
    "cny": Words("¥", "yuan", "元"),
    "usd": Words("$", "dollar", "美元"),
    "eur": Words("€", "euro", "欧元"),
    "gbp": Words("£", "pound", "英镑"),
    "hkd": Words("HK$", "Hong Kong dollar", "港元"),
    "jpy": Words("JP¥", "yen", "日元"),
    "kwd": Words("KD ", "dinar", "科威特第纳尔"),
}
"""Every currency of `MINOR_DIGITS`."""


def written(money: Money) -> str:
    """Return money as a person writes it: ¥1,128.50."""
    digits = MINOR_DIGITS[money.currency]
    whole, rest = divmod(money.amount, 10**digits)
    return f"{WORDS[money.currency].sign}{whole:,}" + (f".{rest:0{digits}d}" if digits else "")

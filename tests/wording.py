"""Every fact that some notice names, and the languages that it is told in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.kernel.errors import Language

LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
FACTS: Final[Mapping[str, str | int]] = {
    "points": 300,
    "taken": 20,
    "balance": 700,
    "debt_paid": 5,
    "expired": 7,
    "owed": 9,
    "quantity": 2,
    "order": "ord_1",
    "reward": "Mug",
    "cash": "CNY 29.90",
    "endings": "· 300 points",
    "more": 40,
    "rewards": "Mug, Pen",
}

"""Every fact that some notice names, the languages that it is told in, and what to look for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.kernel.errors import Language
from tests.mall import Mall, made

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
    "cash": "¥29.90",
    "endings": "· 300 points",
    "more": 40,
    "rewards": "Mug, Pen",
}


def sold_out(mall: Mall) -> str:
    """Return a numbered reward, named Gone, that was the last: only its units tell that."""
    stock = {"mode": "numbered", "units": 1}
    reward = mall.reward(1, title={"zh": "Gone", "en": "Gone"}, stock=stock)
    made(mall.member(points=1).post("/orders", {"reward_id": reward}, key="k"), 201)
    return reward

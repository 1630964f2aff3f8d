"""How a purchase is told, and how an explanation is, wherever points are earned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from chalicelib.kernel.errors import Language
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.kernel.money import MONEY_MAX
from chalicelib.tiers.judging.model import Line
from chalicelib.web.bodies import Body, Instant, MoneyIn, View, Wrong

LINES_MAX: Final = 100
"""Lines of one purchase: a long receipt, and the body stays within its limit."""
LABEL_CHARS_MAX: Final = 64
"""Characters of an article's number or category: as long as a purchase's own id."""
LINE_QUANTITY_MAX: Final = 1_000_000
"""Pieces in one line: a till may count screws, or grams."""
PAID_EXAMPLE: Final = {"amount": 12850, "currency": "cny"}
EXPLAINED_EXAMPLE: Final = {
    "points": 128,
    "explanation": [
        {
            "rule": "base",
            "text": "1 point for each whole yuan of ¥128.50: 128 points.",
            "points": 128,
        }
    ],
}

Label = Annotated[str, StringConstraints(min_length=1, max_length=LABEL_CHARS_MAX)]
"""An article's number, or its category."""
ReportedId = Annotated[str, StringConstraints(pattern=f"^{GIVEN_NAME.pattern}$")]
"""A name that the reporter gave."""


class PurchaseLine(Body):
    """What was bought, and what was paid for all pieces of it; campaigns may ask for a category."""

    sku: Label | None = None
    category: Label | None = None
    quantity: int = Field(default=1, ge=1, le=LINE_QUANTITY_MAX)
    amount: int = Field(ge=0, le=MONEY_MAX, examples=[6425])


def something(lines: list[PurchaseLine] | None) -> list[PurchaseLine] | None:
    """Return the lines; an empty list says no more than none, and is the same report."""
    return lines or None


Lines = Annotated[
    Annotated[list[PurchaseLine], Field(max_length=LINES_MAX)] | None, AfterValidator(something)
]


class Basket(Body):
    """What was paid, when, and for what; lines may leave some of it out."""

    paid: MoneyIn
    occurred_at: Instant | None = None
    lines: Lines = None

    @field_validator("lines")
    @classmethod
    def no_more_than_was_paid(
        cls, lines: list[PurchaseLine] | None, info: ValidationInfo
    ) -> list[PurchaseLine] | None:
        """Refuse lines that add up to more than the purchase; they decide what campaigns give."""
        paid = info.data.get("paid")
        if paid is not None and sum(line.amount for line in lines or ()) > paid.amount:
            raise Wrong("the lines add up to more than was paid", zh="各行金额之和超过实付金额")
        return lines

    def amounts(self) -> Mapping[str, int]:
        """Return the minor units of each category."""
        by_category: Counter[str] = Counter()
        for line in self.lines or ():
            if line.category is not None:
                by_category[line.category] += line.amount
        return by_category


class ExplanationView(View):
    """One line of an explanation: the rule, a sentence, and what it gave, or took."""

    rule: str
    text: str
    points: int


def explained(lines: Iterable[Line], language: Language) -> list[ExplanationView]:
    """Return an explanation in the caller's language."""
    return [
        ExplanationView(rule=line.rule, text=line.sentence(language), points=line.points)
        for line in lines
    ]

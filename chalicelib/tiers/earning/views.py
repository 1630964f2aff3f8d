"""How an explanation is told, wherever points are earned."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.kernel.errors import Language
from chalicelib.tiers.earning.model import Line
from chalicelib.web.bodies import View


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

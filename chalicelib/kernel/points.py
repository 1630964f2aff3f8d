"""Points: whole numbers, never floats, with one ceiling for a single amount."""

from __future__ import annotations

from typing import Final

POINTS_MAX: Final = 10**12
"""The most points one operation may name. Beyond any program, and sums stay exact in DynamoDB,
whose numbers hold 38 digits."""

QUANTITY_MAX: Final = 20
"""The most units one order may ask for (the rules of the program)."""


def counted(points: int) -> str:
    """Return points in English."""
    return "1 point" if points == 1 else f"{points} points"

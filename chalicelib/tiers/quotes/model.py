"""What is asked about a purchase before it is made, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chalicelib.tiers.judging.model import Line, Told


@dataclass(frozen=True, slots=True)
class Quote:
    """What a purchase would earn and why; `expires_on` is the date of points without another.

    The lines add up to the points. `not_applied` has the campaigns that would give nothing and have
    no line, and `hints` what would earn more.
    """

    points: int
    lines: tuple[Line, ...]
    not_applied: tuple[Told, ...]
    hints: tuple[Told, ...]
    expires_on: date

"""What a claim brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chalicelib.tiers.judging.model import Line


@dataclass(frozen=True, slots=True)
class Claimed:
    """The points of a claim, why, how many of them paid debt, and the last day of the rest.

    Without points there is no last day. `replayed` when the same request had claimed them before.
    """

    points: int
    lines: tuple[Line, ...]
    debt_paid: int
    expires_on: date | None
    replayed: bool

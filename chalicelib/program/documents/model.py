"""The program's settings: one document, every version of it kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chalicelib.kernel.errors import Language

DOCUMENT: Final = "program"
"""The name of this document behind the head."""


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """Which orders somebody looks at before they settle; None looks at nothing.

    Those beyond so many redemptions of one member in a rolling hour, and those worth more than so
    many minor units of the program's currency, points at finance value and cash together.
    """

    redemptions_per_hour: int | None = None
    worth: int | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """How the program works now. `version` 0 are the defaults, before anybody wrote anything.

    `since` is the instant from which a version holds, until the next one does; None is from ever.
    `points_per_unit` are earned for each whole currency unit paid; `worth_points` points are worth
    one currency unit to finance; `validity_months` by standing; `channels` maps the client ids of
    tills and shops to channel names; without `review` no order is looked at.
    """

    version: int = 0
    zone: str = "Asia/Shanghai"
    currency: str = "cny"
    languages: tuple[Language, ...] = ("zh-CN", "en")
    points_per_unit: int = 1
    worth_points: int = 100
    validity_months: Mapping[str, int] = field(
        default_factory=lambda: {"basic": 24, "silver": 36, "gold": 60}
    )
    channels: Mapping[str, str] = field(default_factory=dict)
    review: ReviewPolicy | None = None
    since: datetime | None = None


DEFAULTS: Final = Program()

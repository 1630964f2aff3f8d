"""The program's settings: one document, every version of it kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from chalicelib.kernel.errors import Language
from chalicelib.kernel.sentences import Sentence

BASIC: Final = "basic"
"""The standing of everybody until there is a ladder."""
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
class StreakBonus:
    """Points for each time that somebody has checked in on so many days in a row."""

    days: int
    points: int


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What checking in gives, once a day."""

    points: int = 10
    streaks: tuple[StreakBonus, ...] = (StreakBonus(days=7, points=1000),)


@dataclass(frozen=True, slots=True)
class Task:
    """What doing something gives, at most so many times a day, and what members read of it."""

    points: int
    per_day: int
    sentence: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """What a new member brings to whoever referred them, by the first purchase that qualifies.

    That is one of at least `minimum` minor units of the program's currency. At most so many new
    members are paid for in a calendar month.
    """

    points: int = 500
    minimum: int = 0
    per_month: int = 3


@dataclass(frozen=True, slots=True)
class Activities:
    """What members can do for points besides buying."""

    check_in: CheckIn = field(default_factory=CheckIn)
    tasks: Mapping[str, Task] = field(
        default_factory=lambda: {"share": Task(20, per_day=3), "review": Task(50, per_day=1)}
    )
    referral: Referral = field(default_factory=Referral)


@dataclass(frozen=True, slots=True)
class Longer:
    """What a longer validity gives points that members had: more months, by their last day.

    For points whose last day is the end of a month, `first` and `last` included. Given on a day.
    """

    first: date
    last: date
    months: int
    on: date


@dataclass(frozen=True, slots=True)
class Program:
    """How the program works now. `version` 0 are the defaults, before anybody wrote anything.

    `since` is the instant from which a version holds, until the next one does; None is from ever.
    `points_per_unit` are earned for each whole currency unit paid; `worth_points` points are worth
    one currency unit to finance; `validity_months` by standing; `channels` maps the client ids of
    tills and shops to channel names; without `review` no order is looked at. `shortened_on` is the
    day on which the validity last became shorter, `longer` what each longer one gave, in order.
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
    activities: Activities = field(default_factory=Activities)
    since: datetime | None = None
    shortened_on: date | None = None
    longer: tuple[Longer, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Settings as somebody wants them; those named in `kept` stay as they are.

    `program.version` is the version that was read; the request's `fingerprint` tells it again when
    its answer was lost.
    """

    program: Program
    by: str
    fingerprint: bytes
    kept: frozenset[str] = frozenset()


DEFAULTS: Final = Program()

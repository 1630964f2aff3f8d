"""What a campaign is: a sentence, one effect, what it asks of a purchase, and how far it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal

from chalicelib.kernel.money import Money
from chalicelib.kernel.sentences import Sentence
from chalicelib.program.documents.model import BASIC

DOCUMENT: Final = "campaigns"
"""The name under which the head counts every change of a campaign."""

Standing = Literal["basic", "silver", "gold"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the calendar's order, Monday first."""


class Per(StrEnum):
    """The periods of a cap, in the program's zone."""

    DAY = "day"
    MONTH = "month"
    EVER = "ever"


class Why(StrEnum):
    """Why a campaign gives a purchase nothing, in the order in which it is asked."""

    WINDOW = "window"
    DAY = "day"
    CHANNEL = "channel"
    MEMBER = "member"
    STANDING = "standing"
    CATEGORY = "category"
    BIRTHDAY = "birthday"
    THRESHOLD = "threshold"
    TOO_LITTLE = "too_little"
    CAP = "cap"
    BUDGET = "budget"
    UNCOVERED = "budget_short"
    BETTER = "better"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many points of a campaign for one member in a period."""

    points: int
    per: Per


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as of one version, from 1.

    Its effect is a multiplier in basis points, or a bonus of so many points. What is None or empty
    asks for nothing: from `opens` until just before `closes`, on the `member_day` of a month (its
    last day where it has no such day), on `weekdays`, in the month of the member's birthday, for
    lines of the `categories`, at `channels`, for `standings`, at or above the `threshold`. Points
    that it gives last `validity_days` instead of the program's months. `budget` is what it gives in
    all. Where two multipliers give alike, it wins over those in `wins_over`.
    """

    id: str
    version: int
    created_at: datetime
    sentence: Sentence
    multiplier_bp: int | None = None
    bonus: int | None = None
    threshold: Money | None = None
    opens: datetime | None = None
    closes: datetime | None = None
    member_day: int | None = None
    weekdays: tuple[Weekday, ...] = ()
    birthday_month: bool = False
    categories: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()
    validity_days: int | None = None
    per_member: Cap | None = None
    budget: int | None = None
    wins_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """What was taken from a campaign's budget, and what is left; None where it has none now.

    Below nothing is left where a budget was cut to less than was taken.
    """

    taken: int = 0
    left: int | None = None


@dataclass(frozen=True, slots=True)
class GivenTo:
    """Points that a campaign gave a member in a period of its cap."""

    campaign_id: str
    period: str
    points: int


@dataclass(frozen=True, slots=True)
class CampaignSet:
    """All campaigns that had not ended when a version of the set began to hold, oldest id first.

    `version` 0 is the empty set, before there was a campaign; `since` as of the program's settings.
    """

    version: int = 0
    since: datetime | None = None
    campaigns: tuple[Campaign, ...] = ()

    def by_id(self) -> Mapping[str, Campaign]:
        """Return the campaigns by their ids."""
        return {campaign.id: campaign for campaign in self.campaigns}


NO_CAMPAIGNS: Final = CampaignSet()


@dataclass(frozen=True, slots=True)
class Basket:
    """A purchase as campaigns see it: when, where, whose, and how much of which category.

    `day` is that of the program's zone. Without a member it is a guest's.
    """

    paid: Money
    at: datetime
    day: date
    channel: str | None
    member_id: str | None
    amounts: Mapping[str, int] = field(default_factory=dict)
    standing: Standing = BASIC

"""What a purchase is judged by, what it is given for which reason, and what would give more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from chalicelib.kernel.errors import Language
from chalicelib.kernel.money import Money
from chalicelib.program.documents.model import Program
from chalicelib.tiers.campaigns.model import Basket, Campaign, CampaignSet, Why

NO_ROOM: Final = 0
"""What a purchase keeps of a campaign whose cap its member had reached."""
USED_UP: Final = -1
"""What a purchase keeps of a campaign whose budget was used up."""
UNCOVERED: Final = -2
"""What a purchase keeps of a campaign whose budget had something left, and not enough for it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation: which rule gave how many points, in both languages."""

    rule: str
    points: int
    en: str
    zh: str

    def sentence(self, language: Language) -> str:
        """Return what a person reads."""
        return self.zh if language == "zh-CN" else self.en


@dataclass(frozen=True, slots=True)
class Told:
    """A rule that did not give points, and why; or what stands in the way of more."""

    rule: str
    en: str
    zh: str
    why: Why

    def sentence(self, language: Language) -> str:
        """Return what a person reads."""
        return self.zh if language == "zh-CN" else self.en


@dataclass(frozen=True, slots=True)
class Case:
    """A purchase and the rules in force when it happened.

    `zone` is the program's, which does not change under members. `late` where other campaigns are
    in force by now.
    """

    basket: Basket
    program: Program
    campaigns: CampaignSet
    zone: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What has to be read to judge: the member's birthday, what caps and budgets have left.

    A campaign that is not named has no such bound.
    """

    birthday: date | None = None
    room: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)


NO_FACTS: Final = Facts()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign that holds for a purchase gave it, and of how many minor units.

    `full` is what it would give without a cap; `points` are 0 where `why` says that its cap or its
    budget stood against it.
    """

    campaign: Campaign
    matched: int
    full: int
    points: int
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a purchase is worth: its money, the settings, and what campaigns gave it."""

    program: Program
    paid: Money
    campaigns_version: int = 0
    outcomes: tuple[Outcome, ...] = ()

    def kept(self) -> Mapping[str, int]:
        """Return the points by campaign as the purchase keeps them."""
        unpaid: Mapping[Why | None, int] = {Why.BUDGET: USED_UP, Why.UNCOVERED: UNCOVERED}
        return {o.campaign.id: unpaid.get(o.why, o.points) for o in self.outcomes}

    def matched(self) -> Mapping[str, int]:
        """Return how many minor units each granting campaign is about that asks for categories."""
        granted = (o for o in self.outcomes if o.points and o.campaign.categories)
        return {o.campaign.id: o.matched for o in granted}


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement, with the rules that did not apply and have no line of their own."""

    judgement: Judgement
    not_applied: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What a booked purchase keeps of its judgement, by campaign."""

    program_version: int
    campaigns_version: int
    paid: Money
    points: Mapping[str, int]
    matched: Mapping[str, int]

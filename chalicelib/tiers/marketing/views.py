"""Campaigns as operators write and read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from chalicelib.kernel.ids import CAMPAIGN_PATTERN, GIVEN_NAME
from chalicelib.kernel.money import MONEY_MAX, Money
from chalicelib.kernel.points import POINTS_MAX
from chalicelib.kernel.sentences import Sentence
from chalicelib.tiers.campaigns.model import Campaign, Cap, Per, Standing, Weekday
from chalicelib.tiers.campaigns.rules import WHOLE
from chalicelib.tiers.earning.views import Label
from chalicelib.tiers.marketing import rules
from chalicelib.tiers.marketing.model import Shown
from chalicelib.web.bodies import Body, Instant, MoneyIn, View
from chalicelib.web.sentences import Text

ChannelName = Annotated[str, StringConstraints(pattern=f"^{GIVEN_NAME.pattern}$")]
CampaignId = Annotated[str, StringConstraints(pattern=f"^{CAMPAIGN_PATTERN.pattern}$")]
Points = Annotated[int, Field(ge=1, le=POINTS_MAX)]


class SentenceBody(Body):
    """What members read of it, in both languages; a campaign without either is refused."""

    zh: Text = ""
    en: Text = ""


class ThresholdBody(MoneyIn):
    """The amount from which on a campaign holds, in the program's currency."""

    amount: int = Field(ge=1, le=MONEY_MAX, examples=[50000])


class CapBody(Body):
    """At most so many points of it for one member in a period of the program's zone."""

    points: Points
    per: Per


class WindowBody(Body):
    """From an instant until just before another; null is without end."""

    model_config = ConfigDict(serialize_by_alias=True)

    opens: Instant | None = Field(default=None, alias="from")
    closes: Instant | None = Field(default=None, alias="until")


class CampaignDraft(Body):
    """A campaign as operators write it: one effect, and what it asks; null and [] ask nothing."""

    sentence: SentenceBody = SentenceBody()
    multiplier_bp: int | None = Field(
        default=None, gt=WHOLE, le=rules.MULTIPLIER_BP_MAX, examples=[20000]
    )
    bonus: Points | None = None
    threshold: ThresholdBody | None = None
    window: WindowBody = WindowBody()
    member_day: int | None = Field(default=None, ge=1, le=31)
    weekdays: list[Weekday] = Field(default_factory=list, max_length=7)
    birthday_month: bool = False
    categories: list[Label] = Field(default_factory=list, max_length=rules.CATEGORIES_MAX)
    channels: list[ChannelName] = Field(default_factory=list, max_length=rules.CHANNELS_MAX)
    standings: list[Standing] = Field(default_factory=list, max_length=3)
    validity_days: int | None = Field(default=None, ge=1, le=rules.VALIDITY_DAYS_MAX)
    per_member: CapBody | None = None
    budget: Points | None = None
    wins_over: list[CampaignId] = Field(default_factory=list, max_length=rules.LIVE_MAX)

    def campaign(self, campaign_id: str, *, version: int, now: datetime) -> Campaign:
        """Return it as the room's word."""
        cap, threshold = self.per_member, self.threshold
        return Campaign(
            id=campaign_id,
            version=version,
            created_at=now,
            sentence=Sentence(self.sentence.zh, self.sentence.en),
            multiplier_bp=self.multiplier_bp,
            bonus=self.bonus,
            threshold=threshold.money() if threshold else None,
            opens=self.window.opens,
            closes=self.window.closes,
            member_day=self.member_day,
            # Once each: a list that names one twice asks for no more.
            weekdays=tuple(dict.fromkeys(self.weekdays)),
            birthday_month=self.birthday_month,
            categories=tuple(dict.fromkeys(self.categories)),
            channels=tuple(dict.fromkeys(self.channels)),
            standings=tuple(dict.fromkeys(self.standings)),
            validity_days=self.validity_days,
            per_member=Cap(cap.points, cap.per) if cap else None,
            budget=self.budget,
            wins_over=tuple(dict.fromkeys(self.wins_over)),
        )


class CampaignEdit(CampaignDraft):
    """A campaign as it shall be; `id`, `version` and `spent` of what was read may come along."""

    id: str | None = None
    version: int | None = None
    spent: int | None = Field(default=None, ge=0, le=POINTS_MAX)


class CampaignDocument(CampaignDraft, View):
    """A campaign as operators read it."""

    id: str
    version: int
    spent: int | None = Field(
        description=(
            "Points taken from its budget. At least what purchases got of it: what was taken when "
            "a process died or nobody could tell what became of a purchase stays taken."
        )
    )

    @classmethod
    def of(cls, shown: Shown) -> CampaignDocument:
        """Return a campaign as an answer."""
        campaign = shown.campaign
        cap = campaign.per_member
        return cls(
            id=campaign.id,
            version=campaign.version,
            spent=shown.spent,
            sentence=SentenceBody(zh=campaign.sentence.zh, en=campaign.sentence.en),
            multiplier_bp=campaign.multiplier_bp,
            bonus=campaign.bonus,
            threshold=_threshold(campaign.threshold),
            window=WindowBody.model_validate(
                {"from": campaign.opens, "until": campaign.closes}, strict=False
            ),
            member_day=campaign.member_day,
            weekdays=list(campaign.weekdays),
            birthday_month=campaign.birthday_month,
            categories=list(campaign.categories),
            channels=list(campaign.channels),
            standings=list(campaign.standings),
            validity_days=campaign.validity_days,
            per_member=CapBody(points=cap.points, per=cap.per) if cap else None,
            budget=campaign.budget,
            wins_over=list(campaign.wins_over),
        )


def _threshold(money: Money | None) -> ThresholdBody | None:
    return ThresholdBody(amount=money.amount, currency=money.currency) if money else None

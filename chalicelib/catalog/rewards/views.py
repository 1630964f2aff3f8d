"""A reward as operators write it and as they read it.

What an operator reads can be sent back as it is. A document tells all it may hold, or null.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from chalicelib.catalog.rewards import rules
from chalicelib.catalog.rewards.model import (
    Audience,
    Kind,
    Limit,
    Option,
    Per,
    Reward,
    Standing,
    Text,
    Window,
)
from chalicelib.catalog.stock.model import PEAK_DEFAULT, Mode, StockPlan
from chalicelib.catalog.stock.rules import UNITS_MAX
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.kernel.money import MONEY_MAX
from chalicelib.kernel.points import POINTS_MAX
from chalicelib.web.bodies import Body, Instant, MoneyIn, View, Wrong


def one_for_each_period(limits: list[LimitBody]) -> list[LimitBody]:
    """Refuse two limits of one period."""
    if len({limit.per for limit in limits}) != len(limits):
        raise Wrong("a period is named twice", zh="同一期间重复设置")
    return limits


Title = Annotated[str, StringConstraints(max_length=rules.TITLE_CHARS_MAX, pattern=rules.TEXT)]
Description = Annotated[
    str, StringConstraints(max_length=rules.DESCRIPTION_CHARS_MAX, pattern=rules.TEXT)
]
Label = Annotated[str, StringConstraints(max_length=rules.LABEL_CHARS_MAX, pattern=rules.TEXT)]
Brand = Annotated[str, StringConstraints(max_length=rules.BRAND_CHARS_MAX, pattern=rules.TEXT)]
Picture = Annotated[
    str, StringConstraints(max_length=rules.PICTURE_CHARS_MAX, pattern=rules.PICTURE)
]
Category = Annotated[str, StringConstraints(pattern=f"^{GIVEN_NAME.pattern}$")]
Name = Annotated[str, StringConstraints(pattern=rules.NAME)]


class TitleBody(Body):
    """A title in both languages."""

    zh: Title
    en: Title


class DescriptionBody(Body):
    """A description in both languages."""

    zh: Description
    en: Description


class LabelBody(Body):
    """What tells one option from another, in both languages."""

    zh: Label
    en: Label


class CashBody(MoneyIn):
    """The cash part of a price: something, not nothing."""

    amount: int = Field(ge=1, le=MONEY_MAX, examples=[2990])


class OptionBody(Body):
    """A price for a unit: points alone, or points and cash in the program's currency."""

    points: int = Field(ge=1, le=POINTS_MAX)
    cash: CashBody | None = None
    label: LabelBody | None = None

    def option(self) -> Option:
        """Return it as the catalog's word."""
        return Option(self.points, _text(self.label), self.cash.money() if self.cash else None)


class StockBody(Body):
    """How a reward is supplied. Neither mode nor units change later; a peak of 0 is the default."""

    mode: Mode
    units: int | None = Field(default=None, ge=0, le=UNITS_MAX)
    peak_per_second: int | None = Field(default=None, ge=0, le=rules.PEAK_MAX)

    @model_validator(mode="after")
    def counts_where_it_is_counted(self) -> Self:
        """Refuse units of what never runs out, and a peak of what is not counted."""
        if self.mode is Mode.UNLIMITED and self.units:
            raise Wrong(
                "an unlimited reward has no units", zh="不限量的奖励没有库存数量", at="/units"
            )
        if self.mode is not Mode.COUNTED and self.peak_per_second:
            zh = "仅计数库存的奖励可设置峰值"
            raise Wrong("only a counted reward has a peak", zh=zh, at="/peak_per_second")
        return self

    def plan(self, reward_id: str) -> StockPlan:
        """Return it as stock's word."""
        peak = (self.peak_per_second or PEAK_DEFAULT) if self.mode is Mode.COUNTED else 0
        return StockPlan(reward_id, self.mode, self.units or 0, peak)


class AudienceBody(Body):
    """Who may redeem: a standing and above, a plan, holders of one of the tags."""

    standing: Standing | None = None
    plan: Name | None = None
    tags: list[Name] = Field(default_factory=list, max_length=rules.TAGS_MAX)


class LimitBody(Body):
    """At most so many units for one member in a period."""

    per: Per
    units: int = Field(ge=1, le=rules.LIMIT_UNITS_MAX)


class WindowBody(Body):
    """From an instant until just before another; null is without end."""

    model_config = ConfigDict(serialize_by_alias=True)

    opens: Instant | None = Field(default=None, alias="from")
    closes: Instant | None = Field(default=None, alias="until")

    @model_validator(mode="after")
    def opens_before_it_closes(self) -> Self:
        """Refuse a window that never holds."""
        if self.opens is not None and self.closes is not None and self.opens >= self.closes:
            raise Wrong("from is not before until", zh="from 须早于 until")
        return self


class RewardDraft(Body):
    """A reward as operators write it."""

    kind: Kind
    title: TitleBody
    description: DescriptionBody | None = None
    brand: Brand | None = None
    picture: Picture | None = None
    category: Category | None = None
    options: list[OptionBody] = Field(min_length=1, max_length=rules.OPTIONS_MAX)
    stock: StockBody
    audience: AudienceBody | None = None
    limits: Annotated[list[LimitBody], AfterValidator(one_for_each_period)] = Field(
        default_factory=list, max_length=len(Per)
    )
    shown: WindowBody | None = None
    redeemable: WindowBody | None = None

    def reward(self, reward_id: str, *, version: int, now: datetime) -> Reward:
        """Return it as the catalog's word."""
        audience = self.audience or AudienceBody()
        return Reward(
            id=reward_id,
            version=version,
            created_at=now,
            kind=self.kind,
            title=Text(self.title.zh, self.title.en),
            description=_text(self.description),
            brand=self.brand,
            picture=self.picture,
            category=self.category,
            options=tuple(option.option() for option in self.options),
            audience=Audience(audience.standing, audience.plan, tuple(audience.tags)),
            limits=tuple(Limit(limit.per, limit.units) for limit in self.limits),
            shown=_window(self.shown),
            redeemable=_window(self.redeemable),
            stock=self.stock.plan(reward_id),
        )


class RewardEdit(RewardDraft):
    """A reward as it shall be; `id` and `version`, where given, are those that were read."""

    id: str | None = None
    version: int | None = None


class RewardDocument(RewardDraft, View):
    """A reward as operators read it."""

    id: str
    version: int

    @classmethod
    def of(cls, reward: Reward) -> RewardDocument:
        """Return a reward as an answer."""
        return cls.model_validate(reward, from_attributes=True, by_name=True, strict=False)


def _text(body: DescriptionBody | LabelBody | None) -> Text | None:
    return None if body is None else Text(body.zh, body.en)


def _window(body: WindowBody | None) -> Window | None:
    return None if body is None else Window(body.opens, body.closes)

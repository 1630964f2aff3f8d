"""What a reward is: texts, price options, for whom, how often, when, and how it is supplied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.catalog.stock.model import StockPlan
from chalicelib.kernel.errors import Language
from chalicelib.kernel.money import Money

DOCUMENT: Final = "catalog"
"""The name under which the head counts every change of the catalog."""


class Kind(StrEnum):
    """What sort of thing a member gets."""

    GOODS = "goods"
    VOUCHER = "voucher"
    DISCOUNT = "discount"
    SERVICE = "service"
    EVENT = "event"
    CONTENT = "content"
    PRIVILEGE = "privilege"
    PARTNER_BENEFIT = "partner_benefit"


class Per(StrEnum):
    """The periods of a limit, in the program's zone; weeks start on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    EVER = "ever"


class Standing(StrEnum):
    """The steps of the ladder, lowest first."""

    BASIC = "basic"
    SILVER = "silver"
    GOLD = "gold"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in both languages."""

    zh: str
    en: str

    def told(self, language: Language) -> str:
        """Return the text in one language."""
        return self.zh if language == "zh-CN" else self.en


@dataclass(frozen=True, slots=True)
class Option:
    """One of a reward's prices, for a unit: points, or points and cash."""

    points: int
    label: Text | None = None
    cash: Money | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom a reward is: a standing and above, a plan, and one of the tags, each where set."""

    standing: Standing | None = None
    plan: str | None = None
    tags: tuple[str, ...] = ()


EVERYONE: Final = Audience()


@dataclass(frozen=True, slots=True)
class Taker:
    """What an audience asks of a member."""

    standing: Standing = Standing.BASIC
    plan: str | None = None
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lacks:
    """What a member lacks of what an audience asks; one of the tags would do."""

    standing: Standing | None = None
    plan: str | None = None
    tags: tuple[str, ...] = ()


NOTHING: Final = Lacks()


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many units for one member in a period."""

    per: Per
    units: int


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` until just before `closes`; None is without end."""

    opens: datetime | None = None
    closes: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Tell whether an instant lies within."""
        return (self.opens is None or self.opens <= now) and (
            self.closes is None or now < self.closes
        )


ALWAYS: Final = Window()


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward as of one version, from 1. Where `redeemable` is None, `shown` decides."""

    id: str
    version: int
    created_at: datetime
    kind: Kind
    title: Text
    description: Text | None
    brand: str | None
    picture: str | None
    category: str | None
    options: tuple[Option, ...]
    audience: Audience
    limits: tuple[Limit, ...]
    shown: Window | None
    redeemable: Window | None
    stock: StockPlan

    @property
    def points_from(self) -> int:
        """The points of the cheapest option."""
        return min(option.points for option in self.options)

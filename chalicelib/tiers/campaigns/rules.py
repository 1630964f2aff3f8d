"""What a campaign asks of a purchase, whether two can meet, and what members could not understand.

A campaign holds for a purchase when everything that it asks is so. `missed` says what is not, the
first thing in a fixed order, so that an answer can tell it.

The lint judges a campaign as it shall be, among those that have not ended. It is told everything
that is wrong with it at once.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from typing_extensions import override

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import Fact, Language, NotFound, RuleRefusal
from chalicelib.kernel.ids import CAMPAIGN_CHARS, CAMPAIGN_PATTERN, digest62
from chalicelib.kernel.money import Money
from chalicelib.tiers.campaigns.model import (
    WEEKDAYS,
    Basket,
    Campaign,
    CampaignSet,
    Per,
    Unclear,
    Why,
)

LIVE_MAX: Final = 16
"""Campaigns that have not ended: more than any member keeps in mind, all of them stay in one
document, and what a purchase keeps of them fits into its one kilobyte."""
CATEGORIES_MAX: Final = 8
CHANNELS_MAX: Final = 16
SENTENCE_CHARS_MAX: Final = 120
"""One sentence: two lines on a phone."""
MULTIPLIER_BP_MAX: Final = 100_000
"""Ten times."""
VALIDITY_DAYS_MAX: Final = 3_660
"""Ten years, as long as months can be."""
MONTHS_SEEN: Final = 336
"""After 28 years dates fall on the same weekdays again."""
DAYS_SEEN: Final = 7
"""Without a day of the month, every combination has come within a week."""
WHOLE: Final = 10_000
"""A multiplier of one, in basis points."""
HIDDEN: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""Control characters, line breaks and changes of direction."""
TEXT: Final = rf"^[^{HIDDEN}]*$"


class CampaignUnclear(RuleRefusal):
    """Members could not understand the campaign; `reasons` has each in a sentence."""

    code = "campaign_unclear"
    en = "Members could not understand this campaign; the reasons say why."
    zh = "会员难以理解此活动，原因见 reasons。"

    def __init__(self, found: Sequence[Unclear] = ()) -> None:
        """Keep the reasons."""
        super().__init__(reasons=[unclear.told("en") for unclear in found])
        self.found = tuple(found)

    @override
    def told(self, language: Language) -> Mapping[str, Fact]:
        return {"reasons": [unclear.told(language) for unclear in self.found]}


def campaign_id_of(caller: str, *, route: str, key: str) -> str:
    """Return the id of the campaign that a caller's request creates."""
    return "cmp_" + digest62((caller, route, key), CAMPAIGN_CHARS)


def refuse_malformed(campaign_id: str) -> None:
    """Raise `NotFound` for what cannot be the id of a campaign."""
    if not CAMPAIGN_PATTERN.fullmatch(campaign_id):
        raise NotFound


def has_ended(campaign: Campaign, now: datetime) -> bool:
    """Tell whether a campaign's window is over."""
    return campaign.closes is not None and campaign.closes <= now


def next_set(before: CampaignSet, campaign: Campaign, *, since: datetime) -> CampaignSet:
    """Return the set with a campaign as it shall be, without those that have ended."""
    campaigns = {**before.by_id(), campaign.id: campaign}
    live = [campaigns[name] for name in sorted(campaigns) if not has_ended(campaigns[name], since)]
    return CampaignSet(before.version + 1, since, tuple(live))


def is_day(campaign: Campaign, day: date) -> bool:
    """Tell whether a campaign holds on a day of the program's zone, windows not considered."""
    if campaign.weekdays and WEEKDAYS[day.weekday()] not in campaign.weekdays:
        return False
    return campaign.member_day is None or day == _member_day(campaign.member_day, day)


def matched(campaign: Campaign, basket: Basket) -> int:
    """Return the minor units of a purchase that a campaign is about."""
    if not campaign.categories:
        return basket.paid.amount
    return sum(basket.amounts.get(category, 0) for category in campaign.categories)


def missed(campaign: Campaign, basket: Basket, *, birthday: date | None) -> Why | None:
    """Return the first thing that a campaign asks of a purchase and that is not so.

    What is known of members only (birthday, standing, what they got before) nobody has who buys as
    a guest.
    """
    opened = campaign.opens is None or campaign.opens <= basket.at
    personal = campaign.birthday_month or campaign.standings or campaign.per_member
    about = Money(matched(campaign, basket), basket.paid.currency)
    born = birthday is not None and birthday.month == basket.day.month
    holds = {
        Why.WINDOW: opened and not has_ended(campaign, basket.at),
        Why.DAY: is_day(campaign, basket.day),
        Why.CHANNEL: not campaign.channels or basket.channel in campaign.channels,
        Why.MEMBER: not personal or basket.member_id is not None,
        Why.STANDING: not campaign.standings or basket.standing in campaign.standings,
        Why.CATEGORY: not campaign.categories or about.amount > 0,
        Why.BIRTHDAY: not campaign.birthday_month or born,
        Why.THRESHOLD: campaign.threshold is None or _reaches(campaign.threshold, about),
    }
    return next((why for why, good in holds.items() if not good), None)


def short_of(campaign: Campaign, basket: Basket) -> Money | None:
    """Return by how much a purchase stays below a threshold; None where more would not help."""
    threshold = campaign.threshold
    if threshold is None or threshold.currency != basket.paid.currency:
        return None
    return Money(threshold.amount - matched(campaign, basket), threshold.currency)


def _reaches(threshold: Money, about: Money) -> bool:
    """Tell whether so much is at or above a threshold; one in another currency is never reached."""
    return about.currency == threshold.currency and about.amount >= threshold.amount


def next_day(campaign: Campaign, after: date, *, zone: str) -> date | None:
    """Return the next day behind another on which a campaign holds, within its window."""
    last = _last_day(campaign.closes, zone)
    days = _days([campaign], first=after + timedelta(days=1), last=last)
    return next((day for day in days if is_day(campaign, day)), None)


def period_of(per: Per, day: date) -> str:
    """Return the name of the period of a cap that a day falls in: `d261121`, `m2611`, or `e`."""
    return {Per.DAY: f"d{day:%y%m%d}", Per.MONTH: f"m{day:%y%m}", Per.EVER: "e"}[per]


def can_meet(campaigns: Sequence[Campaign], *, now: datetime, zone: str) -> bool:
    """Tell whether there can be a purchase from now on for which all of these hold.

    Categories do not keep campaigns apart: a purchase may have lines of several.
    """
    opens = max([now, *(c.opens for c in campaigns if c.opens)])
    closes = min((c.closes for c in campaigns if c.closes), default=None)
    if closes is not None and closes <= opens:
        return False
    for asked in ("channels", "standings"):
        named = [set(getattr(c, asked)) for c in campaigns if getattr(c, asked)]
        if named and not set.intersection(*named):
            return False
    days = _days(campaigns, first=day_of(opens, zone), last=_last_day(closes, zone))
    return any(all(is_day(c, day) for c in campaigns) for day in days)


def _days(campaigns: Sequence[Campaign], *, first: date, last: date) -> Iterator[date]:
    """Yield enough days to tell whether these campaigns ever share one."""
    monthly = next((c.member_day for c in campaigns if c.member_day), None)
    if monthly is None:
        days = (first + timedelta(days=offset) for offset in range(DAYS_SEEN))
    else:
        count = first.year * 12 + first.month - 1
        months = (divmod(count + offset, 12) for offset in range(MONTHS_SEEN))
        days = (_member_day(monthly, date(year, month + 1, 1)) for year, month in months)
    return (day for day in days if first <= day <= last)


def _last_day(closes: datetime | None, zone: str) -> date:
    return date.max if closes is None else day_of(closes - timedelta(microseconds=1), zone)


def _member_day(number: int, day: date) -> date:
    """Return the day of a month with a number, or its last one where it has no such day."""
    return day.replace(day=min(number, calendar.monthrange(day.year, day.month)[1]))


def lint(
    campaign: Campaign, before: CampaignSet, *, now: datetime, zone: str, currency: str
) -> None:
    """Raise `CampaignUnclear` with everything that members could not understand.

    A window that is over is a way to end a campaign that there was, and of no use for a new one.
    """
    others = [other for other in before.campaigns if other.id != campaign.id]
    found = [*_unclear_effect(campaign, currency), *_unreachable(campaign)]
    if has_ended(campaign, now) and campaign.version > 1:
        found += [
            unclear for unclear in _never(campaign, now=now, zone=zone) if unclear.reason == EMPTY
        ]
    else:
        found += [
            *_never(campaign, now=now, zone=zone),
            *_rivals(campaign, others, now=now, zone=zone),
        ]
    if len(others) >= LIVE_MAX and not has_ended(campaign, now):
        en = f"At most {LIVE_MAX} campaigns can be live or planned at the same time."
        found.append(Unclear("too_many", en, f"同时进行或计划中的活动最多 {LIVE_MAX} 个。"))
    if found:
        raise CampaignUnclear(found)


EMPTY: Final = "window_empty"


def _unclear_effect(campaign: Campaign, currency: str) -> Iterator[Unclear]:
    if not campaign.sentence.zh.strip() or not campaign.sentence.en.strip():
        yield Unclear(
            "sentence_missing",
            "Members need one sentence in each language.",
            "须以两种语言各写一句话供会员阅读。",
        )
    if (campaign.multiplier_bp is None) == (campaign.bonus is None):
        yield Unclear(
            "effect_not_one",
            "A campaign has one effect: a multiplier or a bonus.",
            "活动须有且仅有一种效果：倍数或奖励积分。",
        )
    if campaign.bonus is not None and campaign.threshold is None:
        yield Unclear(
            "bonus_without_threshold",
            "A bonus needs the amount from which it is given.",
            "奖励积分须设置起始金额。",
        )
    if campaign.threshold is not None and campaign.threshold.currency != currency:
        yield Unclear(
            "threshold_unreachable",
            f"Nobody pays in {campaign.threshold.currency}: the program's currency is {currency}.",
            f"本计划的货币为 {currency}，无人以 {campaign.threshold.currency} 付款。",
        )


def _unreachable(campaign: Campaign) -> Iterator[Unclear]:
    smallest = campaign.bonus or 1
    if campaign.budget is not None and campaign.budget < smallest:
        yield Unclear(
            "budget_too_small",
            f"The budget does not pay for one grant of {smallest} points.",
            f"预算不足以发放一次 {smallest} 积分。",
        )
    if campaign.per_member is not None and campaign.per_member.points < smallest:
        yield Unclear(
            "cap_below_bonus",
            f"The cap of a member is below one grant of {smallest} points.",
            f"会员上限低于一次发放的 {smallest} 积分。",
        )


def _never(campaign: Campaign, *, now: datetime, zone: str) -> Iterator[Unclear]:
    opens, closes = campaign.opens, campaign.closes
    if opens is not None and closes is not None and closes <= opens:
        yield Unclear(EMPTY, "The window ends before it begins.", "活动结束时间早于开始时间。")
    elif has_ended(campaign, now):
        yield Unclear("window_past", "The window is over already.", "活动时间已过。")
    elif not can_meet([campaign], now=now, zone=zone):
        yield Unclear(
            "day_never",
            "None of its days falls into the window.",
            "活动时间内没有符合条件的日期。",
        )


def _rivals(
    campaign: Campaign, others: Sequence[Campaign], *, now: datetime, zone: str
) -> Iterator[Unclear]:
    """Yield each other multiplier that can hold for the same purchases without one winner."""
    if campaign.multiplier_bp is None:
        return
    for other in others:
        one_wins = (other.id in campaign.wins_over) != (campaign.id in other.wins_over)
        if other.multiplier_bp is None or one_wins:
            continue
        if can_meet([campaign, other], now=now, zone=zone):
            name = other.sentence
            yield Unclear(
                "two_multipliers",
                f"{other.id} ({name.en}) can hold for the same purchases; name one winner.",
                f"{other.id}（{name.zh}）可能适用于同一笔消费，须指定其中一个优先。",
            )

"""What a campaign asks of a purchase, on which days, whether two can meet; how it is kept.

A campaign holds for a purchase when everything that it asks is so. `missed` says what is not, the
first thing in a fixed order, so that an answer can tell it.
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Final

from chalicelib.kernel.clock import day_of, rfc3339
from chalicelib.kernel.money import Money
from chalicelib.kernel.sentences import Sentence
from chalicelib.tiers.campaigns.model import (
    WEEKDAYS,
    Basket,
    Campaign,
    CampaignSet,
    Cap,
    Per,
    Why,
)

MONTHS_SEEN: Final = 336
"""After 28 years dates fall on the same weekdays again."""
DAYS_SEEN: Final = 7
"""Without a day of the month, every combination has come within a week."""
WHOLE: Final = 10_000
"""A multiplier of one, in basis points."""


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


def next_day(
    campaign: Campaign, after: date, *, zone: str, birthday: date | None = None
) -> date | None:
    """Return the next day behind another on which a campaign holds, within its window.

    Of one for the month of a birthday, a day in that month; None where nobody knows it.
    """
    firsts, months = [after + timedelta(days=1)], set(range(1, 13))
    if campaign.birthday_month:
        if birthday is None:
            return None
        months = {birthday.month}
        firsts.append(date(after.year + (after.month >= birthday.month), birthday.month, 1))
    last = _last_day(campaign.closes, zone)
    days = (day for first in firsts for day in _days([campaign], first=first, last=last))
    return next((day for day in days if day.month in months and is_day(campaign, day)), None)


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


def covers(wider: Campaign, narrower: Campaign, *, now: datetime) -> bool:
    """Tell whether a campaign holds for every purchase from now on for which another does.

    And for as much of it. Told by what each asks, one thing at a time: false where it takes more to
    know.
    """
    among = (
        (wider.channels, narrower.channels),
        (wider.standings, narrower.standings),
        (wider.weekdays, narrower.weekdays),
        (wider.categories, narrower.categories),
    )
    opens = wider.opens is None or wider.opens <= max(now, narrower.opens or now)
    lasts = wider.closes is None or (
        narrower.closes is not None and narrower.closes <= wider.closes
    )
    return (
        opens
        and lasts
        and wider.member_day in {None, narrower.member_day}
        and wider.birthday_month <= narrower.birthday_month
        and all(not wide or (narrow and set(narrow) <= set(wide)) for wide, narrow in among)
        and _reached_with(wider, narrower)
    )


def _reached_with(wider: Campaign, narrower: Campaign) -> bool:
    """Tell whether whoever reaches one threshold reaches the other."""
    if wider.threshold is None:
        return True
    other = narrower.threshold
    return (
        other is not None
        and other.currency == wider.threshold.currency
        and wider.threshold.amount <= other.amount
    )


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


def as_json(told: Campaign | CampaignSet) -> str:
    """Return a campaign, or all of a set, as they are kept."""
    return json.dumps(asdict(told), default=rfc3339, ensure_ascii=False, separators=(",", ":"))


def from_json(told: dict[str, Any]) -> Campaign:
    """Return the campaign that its JSON tells; lists of it are tuples, instants are texts there."""
    lists = ("weekdays", "categories", "channels", "standings", "wins_over")
    instants = ("created_at", "opens", "closes")
    threshold, cap = told["threshold"], told["per_member"]
    return Campaign(
        **told
        | {name: tuple(told[name]) for name in lists}
        | {name: datetime.fromisoformat(told[name]) for name in instants if told[name]}
        | {
            "sentence": Sentence(**told["sentence"]),
            "threshold": Money(**threshold) if threshold else None,
            "per_member": Cap(cap["points"], Per(cap["per"])) if cap else None,
        }
    )

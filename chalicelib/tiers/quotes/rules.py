"""What would earn more, tried before it is told: a little more money, or another day.

A hint is a promise. So the purchase is judged once more as it would be then, and told only where
the campaign really gives it something, and it all comes to more than now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from chalicelib.kernel.clock import start_of
from chalicelib.kernel.money import Money, written
from chalicelib.tiers.campaigns.model import Campaign, Why
from chalicelib.tiers.campaigns.rules import missed, next_day, short_of
from chalicelib.tiers.judging.model import Case, Judged, Told
from chalicelib.tiers.judging.rules import said, worth

MONEY_HELPS: Final = frozenset({Why.CATEGORY, Why.THRESHOLD})
"""What a purchase no longer misses once there is enough in it of what a campaign is about."""
A_DAY_HELPS: Final = frozenset({Why.DAY, Why.BIRTHDAY})


@dataclass(frozen=True, slots=True)
class Instead:
    """A purchase as it might be made instead, for the sake of one campaign.

    With so much more `money` (of a `category`, where the campaign asks for some), or on another
    `day`.
    """

    campaign: Campaign
    case: Case
    money: Money | None = None
    category: str | None = None
    day: date | None = None


def alternatives(
    case: Case, present: Case, *, today: date, birthday: date | None, own: bool
) -> Iterator[Instead]:
    """Yield what might earn more than a purchase, the campaign's ids in order.

    More money by the rules of its own instant; another day, behind today, by those of now. In which
    month a birthday is only its `own` member is told.
    """
    for campaign in case.campaigns.campaigns:
        missing = short_of(campaign, case.basket)
        if missing and missed(campaign, case.basket, birthday=birthday) in MONEY_HELPS:
            yield _with_more(case, campaign, missing=missing)
    for campaign in present.campaigns.campaigns:
        if campaign.birthday_month and not own:
            continue
        if missed(campaign, present.basket, birthday=birthday) not in A_DAY_HELPS:
            continue
        after = max(present.basket.day, today)
        day = next_day(campaign, after, zone=present.zone, birthday=birthday)
        if day is not None:
            at = start_of(day, present.zone)
            later = replace(present.basket, at=at, day=day)
            yield Instead(campaign, replace(present, basket=later), day=day)


def hint(instead: Instead, judged: Judged, *, points: int) -> Told | None:
    """Return what is worth telling of an alternative to a purchase that earns so many points."""
    campaign, judgement = instead.campaign, judged.judgement
    gives = sum(o.points for o in judgement.outcomes if o.campaign.id == campaign.id)
    if not gives or worth(judgement, left=judgement.paid.amount) <= points:
        return None
    if instead.money is None:
        assert instead.day is not None, campaign
        day = instead.day.isoformat()
        en, zh = f"the next day is {day}", f"下一个活动日为 {day}"
        return said(campaign, Why.DAY, told=(en, zh))
    more = written(instead.money)
    en, zh = f"{more} more", f"再消费 {more} "
    if instead.category is not None:
        en, zh = f"{en} of {instead.category}", f"再购买 {more} 的“{instead.category}”类商品"
    en, zh = f"{en} and you get ", f"{zh}即可享受"
    en = en + ("it" if campaign.bonus is None else f"+{gives}")
    zh = zh + ("" if campaign.bonus is None else f"，得 +{gives} 积分")
    return said(campaign, Why.THRESHOLD, told=(en, zh))


def _with_more(case: Case, campaign: Campaign, *, missing: Money) -> Instead:
    """Return a purchase with so much more of what a campaign is about.

    Of its categories the first that is in the purchase, else its first. Only that one is told: more
    of another might be what another campaign multiplies.
    """
    basket = case.basket
    paid = replace(basket.paid, amount=basket.paid.amount + missing.amount)
    if not campaign.categories:
        return Instead(campaign, replace(case, basket=replace(basket, paid=paid)), missing)
    there = (name for name in campaign.categories if basket.amounts.get(name))
    category = next(there, campaign.categories[0])
    amounts = Counter(basket.amounts) + Counter({category: missing.amount})
    more = replace(basket, paid=paid, amounts=amounts)
    return Instead(campaign, replace(case, basket=more), missing, category)

"""What would earn more, tried before it is told: a little more money, or another day.

A hint is a promise. So the purchase is judged once more as it would be then, and told only where
the campaign really gives it something, and it all comes to more than now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from chalicelib.kernel.clock import start_of
from chalicelib.kernel.money import Money, written
from chalicelib.tiers.campaigns.model import Basket, Campaign, Why
from chalicelib.tiers.campaigns.rules import missed, next_day, short_of
from chalicelib.tiers.judging.model import Case, Judged, Told
from chalicelib.tiers.judging.rules import said, worth


@dataclass(frozen=True, slots=True)
class Instead:
    """A purchase as it might be made instead, for the sake of one campaign.

    With so much more `money` of what the campaign is about, or on another `day`.
    """

    campaign: Campaign
    case: Case
    money: Money | None = None
    day: date | None = None


def alternatives(case: Case, present: Case, *, today: date) -> Iterator[Instead]:
    """Yield what might earn more than a purchase, the campaign's ids in order.

    More money by the rules of its own instant; another day, behind today, by those of now.
    """
    for campaign in case.campaigns.campaigns:
        missing = short_of(campaign, case.basket)
        if _missed(campaign, case.basket) is Why.THRESHOLD and missing is not None:
            more = _with_more(case.basket, campaign, missing=missing)
            yield Instead(campaign, replace(case, basket=more), money=missing)
    for campaign in present.campaigns.campaigns:
        if _missed(campaign, present.basket) is not Why.DAY:
            continue
        day = next_day(campaign, max(present.basket.day, today), zone=present.zone)
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
        return Told(campaign.id, *said(campaign, en=en, zh=zh), Why.DAY)
    more = written(instead.money)
    en, zh = f"{more} more and you get it", f"再消费 {more} 即可享受"
    if campaign.bonus is not None:
        en, zh = f"{more} more and you get +{gives}", f"{zh}，得 +{gives} 积分"
    return Told(campaign.id, *said(campaign, en=en, zh=zh), Why.THRESHOLD)


def _missed(campaign: Campaign, basket: Basket) -> Why | None:
    """Return what a purchase misses, were it made in the month of its member's birthday.

    Judging tells whether it is.
    """
    return missed(campaign, basket, birthday=basket.day)


def _with_more(basket: Basket, campaign: Campaign, *, missing: Money) -> Basket:
    """Return a purchase with so much more of what a campaign is about."""
    paid = replace(basket.paid, amount=basket.paid.amount + missing.amount)
    if not campaign.categories:
        return replace(basket, paid=paid)
    category = campaign.categories[0]
    amount = basket.amounts.get(category, 0) + missing.amount
    return replace(basket, paid=paid, amounts={**basket.amounts, category: amount})

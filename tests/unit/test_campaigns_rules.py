"""What members could not understand of a campaign, one refusal each, and what is clear."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest

from chalicelib.kernel.money import Money
from chalicelib.tiers.campaigns.model import Campaign, CampaignSet, Cap, Per, Sentence
from chalicelib.tiers.campaigns.rules import (
    LIVE_MAX,
    CampaignUnclear,
    lint,
    next_day,
    next_set,
    period_of,
)
from tests.builders import NOW
from tests.campaigns import SHANGHAI, a_bonus, a_campaign, a_set, cmp, noon

HOUR: Final = timedelta(hours=1)
MICROSECOND: Final = timedelta(microseconds=1)


def reasons(campaign: Campaign, *others: Campaign, now: datetime = NOW) -> list[str]:
    """Return why members could not understand a campaign."""
    try:
        lint(campaign, a_set(*others), now=now, zone=SHANGHAI, currency="cny")
    except CampaignUnclear as refusal:
        return [unclear.reason for unclear in refusal.found]
    return []


@pytest.mark.parametrize(
    ("campaign", "reason"),
    [
        (a_campaign(closes=NOW + MICROSECOND), ""),
        (a_campaign(closes=NOW), "window_past"),
        (a_campaign(opens=NOW + HOUR, closes=NOW + HOUR), "window_empty"),
        (a_campaign(multiplier_bp=None), "effect_not_one"),
        (replace(a_bonus(), multiplier_bp=20_000), "effect_not_one"),
        (replace(a_bonus(), threshold=None), "bonus_without_threshold"),
        (a_campaign(threshold=Money(1, "usd")), "threshold_unreachable"),
        (a_bonus(points=200, budget=200), ""),
        (a_bonus(points=200, budget=199), "budget_too_small"),
        (a_bonus(points=200, per_member=Cap(200, Per.DAY)), ""),
        (a_bonus(points=200, per_member=Cap(199, Per.DAY)), "cap_below_bonus"),
        (replace(a_campaign(), sentence=Sentence(" ", "Double")), "sentence_missing"),
        (replace(a_campaign(), sentence=Sentence("双倍", "")), "sentence_missing"),
        # From Saturday noon until just before Monday.
        (a_campaign(closes=noon(date(2026, 11, 22)) + 12 * HOUR, weekdays=("mon",)), "day_never"),
        (a_campaign(closes=noon(date(2026, 11, 22)) + 13 * HOUR, weekdays=("mon",)), ""),
        (a_campaign(closes=noon(date(2027, 2, 27)), member_day=28, weekdays=("sun",)), "day_never"),
        (a_campaign(closes=noon(date(2027, 2, 28)), member_day=28, weekdays=("sun",)), ""),
    ],
)
def test_each_thing_that_members_could_not_understand_is_refused(
    campaign: Campaign, reason: str
) -> None:
    assert reasons(campaign) == ([reason] if reason else [])


def test_everything_that_is_wrong_is_told_at_once_in_either_language() -> None:
    wrong = replace(a_bonus(budget=1, closes=NOW), threshold=None, sentence=Sentence("", ""))
    with pytest.raises(CampaignUnclear) as refusal:
        lint(wrong, CampaignSet(), now=NOW, zone=SHANGHAI, currency="cny")
    told = refusal.value.told("zh-CN")["reasons"]
    assert isinstance(told, list)
    assert len(told) == 4
    assert told[0] == {"reason": "sentence_missing", "detail": "须以两种语言各写一句话供会员阅读。"}


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ({}, {}, True),
        # A purchase may have lines of both.
        ({"categories": ("tea",)}, {"categories": ("mugs",)}, True),
        ({"birthday_month": True}, {"threshold": Money(1, "cny")}, True),
        ({"channels": ("app", "web")}, {"channels": ("web",)}, True),
        ({"channels": ("app",)}, {"channels": ("web",)}, False),
        ({"standings": ("gold",)}, {"standings": ("silver",)}, False),
        ({"closes": NOW + HOUR}, {"opens": NOW + HOUR}, False),
        ({"closes": NOW + HOUR}, {"opens": NOW + HOUR - MICROSECOND}, True),
        ({"weekdays": ("sat",)}, {"weekdays": ("mon", "sun")}, False),
        ({"weekdays": ("sat",)}, {"weekdays": ("sun", "sat")}, True),
        ({"member_day": 8}, {"member_day": 18}, False),
        # Both are the last day of a February.
        ({"member_day": 30}, {"member_day": 31}, True),
        ({"member_day": 8}, {"weekdays": ("sun",)}, True),
    ],
)
def test_two_multipliers_on_the_same_purchases_need_one_named_winner(
    first: dict[str, Any], second: dict[str, Any], *, meet: bool
) -> None:
    one, other = a_campaign("a", **first), a_campaign("b", **second)
    refused = ["two_multipliers"] if meet else []
    assert reasons(one, other) == reasons(other, one) == refused
    winner = replace(one, wins_over=(cmp("b"),))
    assert reasons(winner, other) == reasons(other, winner) == []
    assert reasons(winner, replace(other, wins_over=(cmp("a"),))) == refused


def test_bonuses_do_not_stand_in_each_others_way_nor_in_a_multipliers() -> None:
    assert reasons(a_bonus("a"), a_bonus("b"), a_campaign("c")) == []
    assert reasons(a_campaign("c"), a_bonus("a")) == []


def test_a_campaign_that_there_was_is_ended_by_a_window_that_is_over() -> None:
    ended = replace(a_campaign(opens=NOW - HOUR, closes=NOW), version=2)
    assert reasons(ended, a_campaign("b")) == []
    assert reasons(replace(ended, closes=NOW - 2 * HOUR)) == ["window_empty"]


def test_so_many_campaigns_can_be_live_and_not_one_more() -> None:
    bonuses = [a_bonus(letter) for letter in "bcdefghijklmnopq"]
    assert len(bonuses) == LIVE_MAX
    assert reasons(a_bonus("a"), *bonuses[1:]) == []
    assert reasons(a_bonus("a"), *bonuses) == ["too_many"]
    assert reasons(replace(bonuses[0], budget=200), *bonuses) == []


def test_the_next_set_has_what_has_not_ended_in_the_order_of_ids() -> None:
    before = a_set(a_bonus("b"), a_bonus("c", closes=NOW + HOUR))
    after = next_set(before, a_bonus("a"), since=NOW + HOUR)
    assert [campaign.id for campaign in after.campaigns] == [cmp("a"), cmp("b")]
    assert (after.version, after.since) == (2, NOW + HOUR)


def test_the_next_day_of_a_campaign_is_behind_today_and_within_its_window() -> None:
    campaign = a_campaign(member_day=30, weekdays=("mon",))
    assert next_day(campaign, date(2026, 11, 29), zone=SHANGHAI) == date(2026, 11, 30)
    assert next_day(campaign, date(2026, 11, 30), zone=SHANGHAI) == date(2027, 8, 30)
    ending = replace(campaign, closes=noon(date(2027, 8, 29)))
    assert next_day(ending, date(2026, 11, 30), zone=SHANGHAI) is None


def test_periods_of_a_cap_are_days_and_months_of_the_zone() -> None:
    day = date(2026, 11, 21)
    assert [period_of(per, day) for per in Per] == ["d261121", "m2611", "e"]

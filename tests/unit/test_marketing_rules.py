"""What members could not understand of a campaign, one refusal each, and what is clear."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest

from chalicelib.kernel.money import Money
from chalicelib.kernel.sentences import Sentence
from chalicelib.program.documents.model import DEFAULTS
from chalicelib.tiers.campaigns.model import Campaign, CampaignSet, Cap, Per
from chalicelib.tiers.marketing.rules import LIVE_MAX, CampaignUnclear, lint
from tests.builders import NOW
from tests.campaigns import a_bonus, a_campaign, a_set, cmp, noon

HOUR: Final = timedelta(hours=1)
MICROSECOND: Final = timedelta(microseconds=1)
PROGRAM: Final = replace(DEFAULTS, channels={"till-1": "app", "till-2": "web"})


def reasons(campaign: Campaign, *others: Campaign, now: datetime = NOW) -> list[str]:
    """Return why members could not understand a campaign."""
    try:
        lint(campaign, a_set(*others), now=now, program=PROGRAM)
    except CampaignUnclear as refusal:
        return [unclear.reason for unclear in refusal.found]
    return []


@pytest.mark.parametrize(
    ("campaign", "reason"),
    [
        (a_campaign(closes=NOW + MICROSECOND), ""),
        (a_campaign(channels=("app", "web")), ""),
        (a_campaign(channels=("app", "wep")), "channel_unknown"),
        (a_campaign(standings=("basic", "gold")), ""),
        (a_campaign(standings=("silver", "gold")), "standing_unreachable"),
        (a_campaign("a", wins_over=(cmp("a"),)), "wins_over_itself"),
        (a_campaign("a", wins_over=(cmp("b"),)), "wins_over_unknown"),
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
        (replace(a_campaign(), sentence=Sentence("双倍", "\u200b")), "sentence_missing"),
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
        lint(wrong, CampaignSet(), now=NOW, program=PROGRAM)
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


def test_campaigns_that_ended_by_themselves_make_room_for_new_ones() -> None:
    bonuses = [a_bonus(letter, closes=NOW + HOUR) for letter in "bcdefghijklmnopq"]
    assert reasons(a_bonus("a"), *bonuses, now=NOW + HOUR - MICROSECOND) == ["too_many"]
    assert reasons(a_bonus("a"), *bonuses, now=NOW + HOUR) == []


def test_an_edit_may_still_name_what_has_ended_since() -> None:
    named = a_campaign("a", wins_over=(cmp("z"),))
    assert reasons(named) == ["wins_over_unknown"]
    assert reasons(named, named) == []


def test_whose_days_are_all_past_may_still_be_put_in_other_words_or_end_sooner() -> None:
    was = a_campaign(member_day=20, closes=noon(date(2026, 12, 19)))
    assert reasons(was) == ["day_never"]
    reworded = replace(was, version=2, sentence=Sentence("二十号双倍", "Double on the 20th"))
    for may in (reworded, replace(reworded, closes=NOW + HOUR), replace(reworded, budget=500)):
        assert reasons(may, was) == []
    later = replace(reworded, closes=noon(date(2026, 12, 19)) + HOUR)
    for moved in (later, replace(reworded, weekdays=("mon",))):
        assert reasons(moved, was) == ["day_never"]
    assert reasons(replace(reworded, multiplier_bp=None), was) == ["effect_not_one"]


@pytest.mark.parametrize(
    ("winner", "loser", "never"),
    [
        ({}, {}, True),
        ({"multiplier_bp": 30_000}, {}, False),
        # Without what the loser gave before, the winner counts.
        ({}, {"budget": 1_000}, False),
        ({}, {"per_member": Cap(1_000, Per.DAY)}, False),
        ({"weekdays": ("mon",)}, {}, True),
        ({}, {"weekdays": ("mon",)}, False),
        ({"weekdays": ("mon",)}, {"weekdays": ("mon", "sun")}, True),
        ({"weekdays": ("mon", "sat")}, {"weekdays": ("mon", "sun")}, False),
        ({"member_day": 8}, {"member_day": 8}, True),
        ({}, {"member_day": 8}, False),
        ({"birthday_month": True}, {"birthday_month": True}, True),
        ({}, {"birthday_month": True}, False),
        ({"channels": ("app",)}, {"channels": ("app", "web")}, True),
        ({}, {"channels": ("app",)}, False),
        ({}, {"standings": ("basic",)}, False),
        ({"categories": ("tea",)}, {}, True),
        ({"categories": ("tea",)}, {"categories": ("mugs",)}, False),
        ({"threshold": Money(2, "cny")}, {"threshold": Money(2, "cny")}, True),
        ({"threshold": Money(1, "cny")}, {"threshold": Money(2, "cny")}, False),
        ({}, {"threshold": Money(2, "cny")}, False),
        ({"closes": NOW + HOUR}, {"closes": NOW + HOUR}, True),
        ({"closes": NOW + HOUR}, {"closes": NOW + HOUR - MICROSECOND}, False),
        ({}, {"closes": NOW + HOUR}, False),
        ({}, {"opens": NOW}, True),
        ({}, {"opens": NOW + MICROSECOND}, False),
        ({"opens": NOW + HOUR}, {"opens": NOW + HOUR}, True),
    ],
)
def test_a_named_winner_that_can_never_give_more_is_refused(
    winner: dict[str, Any], loser: dict[str, Any], *, never: bool
) -> None:
    one = a_campaign("a", **{"multiplier_bp": 20_000, "wins_over": (cmp("b"),)} | winner)
    other = a_campaign("b", **{"multiplier_bp": 25_000} | loser)
    refused = ["winner_never_wins"] if never else []
    assert reasons(one, other) == reasons(other, one) == refused
    alike = replace(other, multiplier_bp=one.multiplier_bp)
    assert reasons(one, alike) == []


def test_winners_that_go_round_in_a_circle_are_refused_where_all_can_meet() -> None:
    def wins(letter: str, *over: str, **fields: Any) -> Campaign:
        return a_campaign(letter, wins_over=tuple(map(cmp, over)), **fields)

    one, two, three = wins("a", "b"), wins("b", "c"), wins("c", "a")
    for closing, rest in ((one, (two, three)), (two, (one, three)), (three, (one, two))):
        assert reasons(closing, *rest) == ["winners_in_a_circle"]
    assert reasons(wins("a", "b", "c"), two, wins("c")) == []
    # Each two of them share a day, and all three none.
    days: dict[str, Any] = {"a": ("mon", "tue"), "b": ("tue", "wed"), "c": ("wed", "mon")}
    apart = [replace(c, weekdays=days[c.id[-1]]) for c in (one, two, three)]
    assert reasons(*apart) == []

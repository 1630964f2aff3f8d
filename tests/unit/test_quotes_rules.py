"""What would earn more: hinted at only where the purchase as it would be then really does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest

from chalicelib.kernel.money import Money
from chalicelib.tiers.campaigns.model import Campaign, Cap, Per
from chalicelib.tiers.judging.model import Case, Facts
from chalicelib.tiers.judging.rules import judge, worth
from chalicelib.tiers.quotes.rules import alternatives, hint
from tests.builders import NOW, TODAY
from tests.campaigns import a_bonus, a_campaign, a_case, cmp, noon

HOUR: Final = timedelta(hours=1)
NEXT: Final = "Double in spring: the next day is 2026-11-23."
TRIPLE: Final = a_campaign("z", multiplier_bp=30_000)
"""Every day, so that twice is never more."""


def hints(
    *campaigns: Campaign,
    facts: Facts | None = None,
    today: date = TODAY,
    present: Case | None = None,
    **told: Any,
) -> list[str]:
    """Return what a quote hints at; whoever asks is known by the same facts in every case."""
    case, known = a_case(*campaigns, **told), facts or Facts()
    judgement = judge(case, known).judgement
    points = worth(judgement, left=case.basket.paid.amount)
    found = [
        hint(instead, judge(instead.case, known), points=points)
        for instead in alternatives(
            case, present or case, today=today, birthday=known.birthday, own=True
        )
    ]
    return [one.sentence("en") for one in found if one is not None]


def on_monday(**fields: Any) -> Campaign:
    """Return a campaign that does not hold today, a Saturday, but in two days."""
    return a_campaign(**{"weekdays": ("mon",)} | fields)


def test_what_is_missing_to_a_threshold_is_told_with_its_gain_in_both_languages() -> None:
    case = a_case(a_bonus(yuan=500), fen=48_800)
    (instead,) = alternatives(case, case, today=TODAY, birthday=None, own=True)
    told = hint(instead, judge(instead.case), points=488)
    assert told is not None
    assert told.en == "Double in spring: ¥12.00 more and you get +200."
    assert told.zh == "春季双倍：再消费 ¥12.00 即可享受，得 +200 积分。"
    multiplier = a_campaign(threshold=Money(50_000, "cny"))
    assert hints(multiplier, fen=48_800) == ["Double in spring: ¥12.00 more and you get it."]
    assert hints(multiplier, fen=50_000) == []


def test_more_of_a_category_is_more_of_the_purchase_and_is_named() -> None:
    tea = a_bonus(yuan=500, categories=("tea", "mugs"))
    told = hints(tea, fen=60_000, amounts={"tea": 100, "mugs": 47_900})
    assert told == ["Double in spring: ¥20.00 more of tea and you get +200."]
    told = hints(tea, fen=60_000, amounts={"mugs": 48_000})
    assert told == ["Double in spring: ¥20.00 more of mugs and you get +200."]
    # With none of it in the basket, all of the threshold is missing.
    case = a_case(tea, fen=60_000)
    (instead,) = alternatives(case, case, today=TODAY, birthday=None, own=True)
    told_of = hint(instead, judge(instead.case), points=600)
    assert told_of is not None
    assert told_of.en == "Double in spring: ¥500.00 more of tea and you get +200."
    assert told_of.zh == "春季双倍：再购买 ¥500.00 的“tea”类商品即可享受，得 +200 积分。"


def test_another_day_is_behind_the_purchases_and_behind_today_and_within_the_window() -> None:
    assert hints(on_monday()) == [NEXT]
    assert hints(on_monday(closes=noon(date(2026, 11, 23)))) == [NEXT]
    assert hints(on_monday(closes=noon(date(2026, 11, 22)))) == []
    # One that was reported late has no day left that is over.
    late = hints(on_monday(), today=date(2026, 11, 23))
    assert late == ["Double in spring: the next day is 2026-11-30."]


def test_another_day_is_one_by_the_rules_of_now() -> None:
    ended = a_case()
    assert hints(on_monday(), present=ended) == []
    assert hints(present=a_case(on_monday())) == [NEXT]


@pytest.mark.parametrize(
    "fields",
    [
        {"channels": ("store-2",)},
        {"standings": ("gold",)},
        {"categories": ("tea",)},
        {"birthday_month": True},
        {"threshold": Money(10_001, "cny")},
        {"threshold": Money(1, "usd")},
        {"multiplier_bp": 10_001},
    ],
)
def test_no_day_is_told_to_whom_it_would_give_nothing(fields: Mapping[str, Any]) -> None:
    assert hints(on_monday(**fields)) == []


@pytest.mark.parametrize("fields", [{"weekdays": ("mon",)}, {"threshold": Money(10_001, "cny")}])
def test_nothing_is_told_that_caps_and_budgets_would_not_give(fields: dict[str, Any]) -> None:
    campaign = a_campaign(**fields, per_member=Cap(100, Per.EVER), budget=100)
    full, spent = Facts(room={cmp("a"): 0}), Facts(left={cmp("a"): 99})
    assert hints(campaign, facts=full) == hints(campaign, facts=spent) == []
    assert len(hints(campaign)) == 1
    assert hints(campaign, member_id=None) == []


def test_what_another_multiplier_beats_is_no_reason_to_come_back() -> None:
    assert hints(on_monday(), TRIPLE) == []
    assert hints(a_campaign(threshold=Money(10_001, "cny")), TRIPLE) == []
    assert hints(on_monday(multiplier_bp=40_000), TRIPLE) == [NEXT]
    assert hints(on_monday(), replace(on_monday(multiplier_bp=40_000), id=cmp("b"))) == [NEXT]
    # One that holds today only, and one that holds by then.
    for triple in (replace(TRIPLE, closes=NOW + HOUR), replace(TRIPLE, opens=NOW + HOUR)):
        assert hints(on_monday(), triple) == []


@pytest.mark.parametrize(
    ("month", "fields", "day"),
    [
        (11, {"weekdays": ("mon",)}, "2026-11-23"),
        (11, {"member_day": 1}, "2027-11-01"),
        (11, {"weekdays": ("sun",), "closes": noon(date(2026, 11, 22))}, "2026-11-22"),
        (12, {}, "2026-12-01"),
        (12, {"weekdays": ("mon",)}, "2026-12-07"),
        (3, {}, "2027-03-01"),
        (2, {"member_day": 31}, "2027-02-28"),
        (3, {"closes": noon(date(2027, 2, 28))}, None),
    ],
)
def test_the_day_of_a_campaign_for_birthdays_is_in_the_month_of_the_members(
    month: int, fields: Mapping[str, Any], day: str | None
) -> None:
    birthday = Facts(birthday=date(2000, month, 29))
    told = hints(a_campaign(birthday_month=True, **fields), facts=birthday)
    assert told == ([f"Double in spring: the next day is {day}."] if day else [])


def test_in_the_month_of_a_birthday_more_money_is_told_and_no_day() -> None:
    born = Facts(birthday=date(2000, 11, 30))
    assert hints(a_campaign(birthday_month=True), facts=born) == []
    told = hints(a_bonus(birthday_month=True), facts=born)
    assert told == ["Double in spring: ¥400.00 more and you get +200."]
    # Nobody can tell the month of a birthday that is not on file.
    assert hints(a_campaign(birthday_month=True)) == []

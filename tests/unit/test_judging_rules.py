"""What a purchase is given by campaigns: each condition at its edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from chalicelib.kernel.money import MINOR_DIGITS, MONEY_MAX, Money
from chalicelib.tiers.campaigns.model import Campaign, Cap, Per
from chalicelib.tiers.judging.model import Facts, Judgement
from chalicelib.tiers.judging.rules import explain, has_own_dates, judge, parts, worth
from tests.builders import NOW, TODAY
from tests.campaigns import a_bonus, a_campaign, a_case, cmp, judged, noon, points_of, reasons_of

MICROSECOND: Final = timedelta(microseconds=1)
BOOKED: Final = date(2027, 1, 1)
LAST: Final = date(2029, 1, 31)


def gives(campaign: Campaign, **told: Any) -> bool:
    """Tell whether a campaign gives a purchase anything."""
    return bool(points_of(judged(campaign, **told)).get("a"))


def test_a_multiplier_is_rounded_down_once_at_the_end() -> None:
    verdict = judged(a_campaign(multiplier_bp=15_000), fen=9_990).judgement
    assert worth(verdict, left=9_990) == 148
    odd = judged(a_campaign(multiplier_bp=13_333), fen=10_100).judgement
    assert worth(odd, left=10_100) == 101 * 13_333 // 10_000


def test_a_window_holds_from_its_first_instant_until_just_before_its_last() -> None:
    campaign = a_campaign(opens=NOW, closes=NOW + timedelta(hours=1))
    assert gives(campaign, at=NOW)
    assert gives(campaign, at=NOW + timedelta(hours=1) - MICROSECOND)
    for off in (-MICROSECOND, timedelta(hours=1)):
        assert reasons_of(judged(campaign, at=NOW + off)) == {"a": "window"}


@pytest.mark.parametrize(
    ("number", "day"),
    [
        (31, date(2026, 11, 30)),
        (31, date(2026, 12, 31)),
        (31, date(2027, 2, 28)),
        (31, date(2028, 2, 29)),
        (30, date(2027, 2, 28)),
        (29, date(2027, 2, 28)),
        (29, date(2028, 2, 29)),
        (1, date(2027, 2, 1)),
    ],
)
def test_a_member_day_that_a_month_has_not_is_its_last_day(number: int, day: date) -> None:
    campaign = a_campaign(member_day=number)
    assert gives(campaign, at=noon(day))
    for off in (-1, 1):
        assert not gives(campaign, at=noon(day + timedelta(days=off)))


def test_a_day_ends_with_its_last_microsecond_in_the_programs_zone() -> None:
    campaign = a_campaign(member_day=21)
    midnight = datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert gives(campaign, at=midnight - MICROSECOND)
    assert not gives(campaign, at=midnight)
    assert gives(campaign, at=midnight - timedelta(days=1))
    assert not gives(campaign, at=midnight - timedelta(days=1) - MICROSECOND)


def test_a_day_on_which_clocks_are_set_back_has_25_hours() -> None:
    campaign = a_campaign(member_day=25)
    begins = datetime(2026, 10, 24, 22, tzinfo=UTC)
    for hours, holds in ((-0.001, False), (0, True), (24.999, True), (25, False)):
        at = begins + timedelta(hours=hours)
        assert gives(campaign, at=at, zone="Europe/Berlin") is holds


def test_weekdays_and_a_member_day_must_both_be_so() -> None:
    saturday = a_campaign(weekdays=("sat", "sun"))
    assert TODAY.weekday() == 5
    assert gives(saturday)
    assert not gives(saturday, at=noon(date(2026, 11, 23)))
    assert not gives(replace(saturday, member_day=22))
    assert gives(replace(saturday, member_day=21))


def test_a_birthday_month_is_the_month_of_the_birthday_on_29_february_too() -> None:
    campaign = a_campaign(birthday_month=True)
    leap = Facts(birthday=date(2000, 2, 29))
    for day, holds in (
        (date(2027, 2, 1), True),
        (date(2027, 2, 28), True),
        (date(2027, 1, 31), False),
        (date(2027, 3, 1), False),
    ):
        assert gives(campaign, facts=leap, at=noon(day)) is holds
    assert reasons_of(judged(campaign)) == {"a": "birthday"}
    known = (None, date(2000, 1, 1))
    told = [judged(campaign, facts=Facts(birthday=day)).not_applied for day in known]
    assert [(one.en, one.zh) for (one,) in told] == [
        (
            "Double in spring: it is for the month of your birthday, and we do not know yours.",
            "春季双倍：仅限生日当月，而您尚未登记生日。",
        ),
        ("Double in spring: it is for the month of your birthday.", "春季双倍：仅限生日当月。"),
    ]


def test_a_threshold_is_reached_at_its_amount_and_not_one_fen_below() -> None:
    campaign = a_bonus(yuan=500)
    assert points_of(judged(campaign, fen=50_000)) == {"a": 200}
    assert points_of(judged(campaign, fen=50_001)) == {"a": 200}
    short = judged(campaign, fen=48_800)
    assert reasons_of(short) == {"a": "threshold"}


def test_a_threshold_in_another_currency_is_never_reached() -> None:
    other = replace(a_bonus(), threshold=Money(1, "usd"))
    assert reasons_of(judged(other, fen=50_000)) == {"a": "threshold"}


def test_a_category_counts_with_its_lines_only() -> None:
    tea = a_campaign(categories=("tea", "coffee"))
    lines = {"tea": 150, "coffee": 50, "mugs": 5_000}
    assert points_of(judged(tea, amounts=lines)) == {"a": 2}
    assert reasons_of(judged(tea, amounts={"mugs": 5_000})) == {"a": "category"}
    bonus = a_bonus(yuan=2, categories=("tea",))
    assert reasons_of(judged(bonus, amounts=lines)) == {"a": "threshold"}
    assert points_of(judged(bonus, amounts={"tea": 200})) == {"a": 200}


def test_a_campaign_holds_at_its_channels_and_for_its_standings() -> None:
    shop = a_campaign(channels=("store-2", "app"))
    assert reasons_of(judged(shop)) == {"a": "channel"}
    assert gives(shop, channel="app")
    gold = a_campaign(standings=("gold",))
    assert reasons_of(judged(gold)) == {"a": "standing"}
    assert gives(gold, standing="gold")


@pytest.mark.parametrize(
    "fields",
    [{"birthday_month": True}, {"standings": ("basic",)}, {"per_member": Cap(9, Per.EVER)}],
)
def test_what_is_known_of_members_only_no_guest_has(fields: dict[str, Any]) -> None:
    assert reasons_of(judged(a_campaign(**fields), member_id=None)) == {"a": "member"}


def test_the_multiplier_that_gives_most_counts_and_no_other() -> None:
    verdict = judged(a_campaign("a"), a_campaign("b", multiplier_bp=30_000))
    assert points_of(verdict) == {"b": 200}
    assert reasons_of(verdict) == {"a": "better"}
    assert worth(verdict.judgement, left=10_000) == 300


def test_of_two_multipliers_that_give_alike_the_named_winner_counts_else_the_lower_id() -> None:
    named = a_campaign("b", wins_over=(cmp("a"),))
    assert points_of(judged(a_campaign("a"), a_campaign("b"))) == {"a": 100}
    assert points_of(judged(a_campaign("a"), named)) == {"b": 100}
    mutual = a_campaign("a", wins_over=(cmp("b"),))
    assert points_of(judged(mutual, named)) == {"a": 100}


def test_bonuses_are_added_to_the_best_multiplier_and_to_each_other() -> None:
    verdict = judged(a_bonus("a"), a_campaign("b"), a_bonus("c", points=50, yuan=1), fen=50_000)
    assert points_of(verdict) == {"b": 500, "a": 200, "c": 50}
    assert worth(verdict.judgement, left=50_000) == 1_250


@pytest.mark.parametrize(("room", "points"), [(100, 100), (101, 100), (99, 99), (0, 0)])
def test_a_multiplier_gives_as_much_as_its_cap_leaves(room: int, points: int) -> None:
    campaign = a_campaign(per_member=Cap(500, Per.MONTH))
    verdict = judged(campaign, facts=Facts(room={cmp("a"): room}))
    assert points_of(verdict) == {"a": points}
    line = explain(verdict.judgement, booked_on=None)[1]
    if room == 99:
        told = "Double in spring: 99 points more, as one member gets at most 500 points a month."
        assert line.sentence("en") == told
    if room == 0:
        told = "Double in spring: you have had all that it gives one member in a month."
        assert line.sentence("en") == told
        assert line.sentence("zh-CN") == "春季双倍：您已达到该活动的每月会员上限。"


def test_a_bonus_is_given_whole_or_not_at_all() -> None:
    campaign = a_bonus(per_member=Cap(500, Per.EVER))
    for room, points in ((200, 200), (199, 0)):
        verdict = judged(campaign, fen=50_000, facts=Facts(room={cmp("a"): room}))
        assert points_of(verdict) == {"a": points}


@pytest.mark.parametrize(("left", "points"), [(100, 100), (99, 0), (0, 0), (-5, 0)])
def test_a_budget_pays_for_all_of_it_or_for_nothing_and_the_line_says_so(
    left: int, points: int
) -> None:
    campaign = a_campaign(budget=1_000)
    verdict = judged(campaign, facts=Facts(left={cmp("a"): left}))
    assert points_of(verdict) == {"a": points}
    line = explain(verdict.judgement, booked_on=None)[1]
    if not points:
        told = ("its points are used up", "活动积分已发完")
        if left > 0:
            en = "it has too few points left to reward this purchase"
            told = (en, "活动剩余的积分不足以奖励本次消费")
        assert (line.en, line.zh) == (f"Double in spring: {told[0]}.", f"春季双倍：{told[1]}。")
    # The line says it, and nothing says it again.
    assert reasons_of(verdict) == {}


def test_behind_a_used_up_multiplier_the_next_best_counts() -> None:
    best = a_campaign("a", multiplier_bp=30_000, budget=100)
    verdict = judged(best, a_campaign("b"), facts=Facts(left={cmp("a"): 199}))
    assert points_of(verdict) == {"b": 100, "a": 0}
    assert [line.rule for line in explain(verdict.judgement, booked_on=None)] == [
        "base",
        cmp("b"),
        cmp("a"),
    ]


def test_a_capped_multiplier_that_gives_less_than_another_gives_nothing() -> None:
    capped = a_campaign("a", multiplier_bp=40_000, per_member=Cap(50, Per.EVER))
    verdict = judged(capped, a_campaign("b"), facts=Facts(room={cmp("a"): 50}))
    assert (points_of(verdict), reasons_of(verdict)) == ({"b": 100}, {"a": "better"})


def test_too_little_for_a_point_is_no_line() -> None:
    verdict = judged(a_campaign(), fen=99)
    assert (points_of(verdict), reasons_of(verdict)) == ({}, {"a": "too_little"})


def test_a_line_tells_until_when_its_points_last_where_that_is_their_own() -> None:
    verdict = judged(a_campaign(validity_days=90, per_member=Cap(100, Per.DAY))).judgement
    booked = explain(verdict, booked_on=BOOKED)[1]
    assert booked.en == "Double in spring: 100 points more, valid through 2027-04-01."
    assert booked.zh == "春季双倍：另得 100 积分，有效期至 2027-04-01。"
    waiting = explain(verdict, booked_on=None)[1]
    assert waiting.en == "Double in spring: 100 points more, valid for 90 days from their claim."
    assert waiting.zh == "春季双倍：另得 100 积分，自认领起 90 天内有效。"


def test_points_with_a_validity_of_their_own_have_their_exact_day() -> None:
    verdict = judged(a_campaign("a", validity_days=90), a_bonus("b", yuan=1)).judgement
    assert has_own_dates(verdict)
    assert dated(verdict, 10_000) == {date(2027, 4, 1): 100, LAST: 300}
    assert not has_own_dates(judged(a_campaign()).judgement)


def test_below_the_threshold_a_refund_takes_the_bonus_too() -> None:
    verdict = judged(a_bonus(), fen=50_000).judgement
    assert worth(verdict, left=50_000) == 700
    assert worth(verdict, left=49_999) == 499


@pytest.mark.parametrize("currency", ["jpy", "kwd"])
def test_a_refund_counts_the_minor_units_of_its_own_currency(currency: str) -> None:
    case = a_case(a_campaign(validity_days=90))
    paid = Money(MONEY_MAX, currency)
    verdict = judge(replace(case, basket=replace(case.basket, paid=paid))).judgement
    base = MONEY_MAX // 10 ** MINOR_DIGITS[currency]
    for share in (1, 2, 4):
        left = dated(verdict, MONEY_MAX // share)
        assert left == {date(2027, 4, 1): base // share, LAST: base // share}


def dated(verdict: Judgement, left: int) -> dict[date, int]:
    lots = parts(verdict, left=left, expires_on=LAST, booked_on=BOOKED)
    return {lot.expires_on: lot.points for lot in lots}

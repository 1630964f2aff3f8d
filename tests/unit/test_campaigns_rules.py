"""Which campaigns can meet, on which days they hold, and which of them a set keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from chalicelib.tiers.campaigns.model import Per
from chalicelib.tiers.campaigns.rules import (
    can_meet,
    next_day,
    next_set,
    period_of,
)
from tests.builders import NOW
from tests.campaigns import SHANGHAI, a_bonus, a_campaign, a_set, cmp, noon

HOUR: Final = timedelta(hours=1)


def test_campaigns_for_different_standings_do_not_meet() -> None:
    gold, silver = (a_campaign(standings=(name,)) for name in ("gold", "silver"))
    assert not can_meet([gold, silver], now=NOW, zone=SHANGHAI)
    assert can_meet([gold, a_campaign(standings=("basic", "gold"))], now=NOW, zone=SHANGHAI)


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

"""Settings that are refused: in the language of the caller, and for the campaigns that run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

import pytest

from chalicelib.program.documents.model import DEFAULTS
from chalicelib.program.documents.views import CHANNELS_MAX, PROGRAM_BYTES_MAX, TASKS_MAX
from chalicelib.tiers.amending.rules import CampaignsAtOdds, refuse_at_odds
from chalicelib.web.bodies import BODY_BYTES_MAX
from tests.api.test_program_and_audit import change
from tests.builders import NOW
from tests.campaigns import a_bonus, a_set, begun, doubling, edited, giving
from tests.events import Json
from tests.mall import Mall
from tests.rows import everything

PAST: Final = {"from": None, "until": "2020-01-01T00:00:00Z"}


def test_what_is_wrong_with_a_setting_is_told_in_the_language_of_the_caller(mall: Mall) -> None:
    shown = mall.marketing.get("/admin/program")
    least = {"points": 1, "minimum": {"amount": 1, "currency": "usd"}, "per_month": 1}
    streaks = [{"days": 7, "points": 1}] * 2
    told = shown["activities"] | {"check_in": {"points": 1, "streaks": streaks}}
    foreign = ("/activities/referral/minimum/currency", "与本计划的货币不一致")
    wrong: list[tuple[Json, tuple[str, str]]] = [
        ({"activities": shown["activities"] | {"referral": least}}, foreign),
        ({"activities": told}, ("/activities/check_in/streaks", "天数重复")),
        ({"zone": "Asia"}, ("/zone", "不是有效的时区")),
    ]
    for fields, (pointer, detail) in wrong:
        headers = {"If-Match": shown.headers["etag"], "Accept-Language": "zh-CN"}
        told = mall.marketing.put("/admin/program", {**shown.json, **fields}, headers=headers)
        assert told["errors"] == [{"pointer": pointer, "detail": detail}]


def test_settings_that_would_stop_campaigns_are_refused_with_their_names(mall: Mall) -> None:
    bonus = begun(mall, giving(200, yuan=500))
    ended = begun(mall, giving(100, yuan=500))
    edited(mall, ended, window=PAST)
    before = everything()
    refused = change(mall.marketing, currency="jpy")
    assert (refused.status, refused.code) == (422, "campaigns_at_odds")
    assert [(one["campaign"], one["reason"]) for one in refused["reasons"]] == [
        (bonus, "threshold_unreachable")
    ]
    assert everything() == before
    # What the campaigns do not read may change, and all of it may once they have ended.
    assert change(mall.marketing, points_per_unit=2).status == 200
    edited(mall, bonus, window=PAST)
    assert change(mall.marketing, currency="jpy").status == 200


def test_a_channel_is_closed_renamed_or_revoked_whichever_campaigns_name_it(mall: Mall) -> None:
    ((client, channel),) = mall.marketing.get("/admin/program")["channels"].items()
    assert change(mall.marketing, channels={client: channel, "till-2": "store-2"}).status == 200
    both = begun(mall, doubling(channels=[channel, "store-2"]))
    edited(mall, both, channels=["store-2"])
    for channels in ({client: channel}, {client: "store-3"}, {}):
        assert change(mall.marketing, channels=channels).status == 200
    # Its campaign can still be put in other words, and names the channel anew.
    edited(mall, both, sentence={"zh": "双倍", "en": "Double"})
    assert change(mall.marketing, channels={client: "store-3"}).status == 200
    edited(mall, both, channels=["store-3"])


def test_a_campaign_that_can_never_hold_again_stands_in_no_changes_way(mall: Mall) -> None:
    day = {"until": "2026-12-20T00:00:00Z", "from": None}
    begun(mall, giving(100, member_day=21, window=day))
    begun(mall, giving(200, window={"until": "2026-11-22T00:00:00Z", "from": None}))
    assert len(change(mall.marketing, currency="jpy")["reasons"]) == 2
    mall.clock.advance(days=1)
    assert change(mall.marketing, points_per_unit=2).status == 200
    # One whose last day is past and one whose window is over.
    assert change(mall.marketing, currency="jpy").status == 200


def test_a_campaign_that_was_at_odds_before_is_not_held_against_a_change() -> None:
    campaign, yen = a_bonus(), replace(DEFAULTS, currency="jpy")
    refuse_at_odds(a_set(campaign), before=yen, after=replace(yen, currency="usd"), now=NOW)
    with pytest.raises(CampaignsAtOdds):
        refuse_at_odds(a_set(campaign), before=DEFAULTS, after=yen, now=NOW)


def test_the_largest_settings_are_put_back_as_they_were_read(mall: Mall) -> None:
    """Every name is the longest, and each character of a sentence two escapes of its JSON."""
    tasks = {
        f"{n:-<64}": {
            "points": 1,
            "per_day": 1,
            "sentence": dict.fromkeys(("zh", "en"), "🍵" * 120),
        }
        for n in range(TASKS_MAX)
    }
    channels = {f"{n:-<128}": f"{n:-<64}" for n in range(CHANNELS_MAX)}
    known = mall.marketing.get("/admin/program")["activities"]
    activities = {**known, "tasks": tasks}
    assert change(mall.marketing, channels=channels, activities=activities).status == 200
    assert change(mall.marketing).status == 200
    body = json.dumps(mall.marketing.get("/admin/program").json)
    assert 2 * BODY_BYTES_MAX < len(body) < PROGRAM_BYTES_MAX

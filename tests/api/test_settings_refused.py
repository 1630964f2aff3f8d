"""Settings that are refused: in the language of the caller, and for the campaigns that run."""

from __future__ import annotations

from tests.api.test_program_and_audit import change
from tests.campaigns import begun, doubling, edited, giving
from tests.events import Json
from tests.mall import Mall
from tests.rows import everything


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
    edited(mall, ended, window={"from": None, "until": "2020-01-01T00:00:00Z"})
    (channel,) = mall.marketing.get("/admin/program")["channels"].values()
    store = begun(mall, doubling(channels=[channel]))
    before = everything()
    refused = change(mall.marketing, currency="jpy", channels={})
    assert (refused.status, refused.code) == (422, "campaigns_at_odds")
    assert [(one["campaign"], one["reason"]) for one in refused["reasons"]] == sorted(
        [(bonus, "threshold_unreachable"), (store, "channel_unknown")]
    )
    assert everything() == before
    # What the campaigns do not read may change, and all of it may once they have ended.
    assert change(mall.marketing, points_per_unit=2).status == 200
    for campaign in (bonus, store):
        edited(mall, campaign, window={"from": None, "until": "2020-01-01T00:00:00Z"})
    assert change(mall.marketing, currency="jpy", channels={}).status == 200


def test_a_campaign_that_time_made_unclear_stands_in_no_changes_way(mall: Mall) -> None:
    day = {"until": "2026-12-20T00:00:00Z", "from": None}
    begun(mall, doubling(member_day=21, window=day))
    begun(mall, giving(200, window={"until": "2026-11-22T00:00:00Z", "from": None}))
    mall.clock.advance(days=1)
    assert change(mall.marketing, points_per_unit=2).status == 200
    # One that is over stands in the way of nothing.
    assert change(mall.marketing, currency="jpy").status == 200

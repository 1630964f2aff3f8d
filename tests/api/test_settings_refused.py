"""Settings that are refused: in the language of the caller, and for the campaigns that run."""

from __future__ import annotations

from tests.events import Json
from tests.mall import Mall


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

"""What marketing does on fixed days: campaigns begun, changed and ended, and other rules from then.

A later campaign names the earlier ones that it wins over, where they would meet: the lint of
campaigns refuses two multipliers on the same purchases without a named winner.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from chalicelib.kernel.clock import rfc3339
from tests.events import Json
from tests.orders import change_program
from tests.year.town import Town, at

VALIDITY: Final = {"basic": 3, "silver": 36, "gold": 60}
"""Short, so that within the year points end of themselves."""
LONGER: Final = {"basic": 5, "silver": 36, "gold": 60}
CHANGE: Final = date(2028, 1, 15)
STREAKS: Final = [{"days": 3, "points": 30}, {"days": 7, "points": 200}]
WORTH: Final = 30
"""Points for a yuan to finance: what is dear in points is looked at, too."""
REVIEW: Final = {"redemptions_per_hour": None, "worth": {"amount": 5500, "currency": "cny"}}
SALES: Final[tuple[tuple[date, int, Json], ...]] = (
    (date(2027, 7, 10), 20, {"multiplier_bp": 20_000, "budget": 3_000, "categories": ["tea"]}),
    (date(2027, 9, 1), 20, {"multiplier_bp": 30_000, "per_member": {"points": 900, "per": "day"}}),
    (date(2027, 10, 25), 12, {"multiplier_bp": 15_000, "validity_days": 40}),
    (date(2027, 11, 11), 60, {"bonus": 200, "threshold": {"amount": 50_000, "currency": "cny"}}),
    (date(2027, 12, 1), 25, {"multiplier_bp": 20_000, "validity_days": 30, "budget": 9_000}),
    (date(2028, 2, 20), 45, {"multiplier_bp": 17_500, "member_day": 29}),
    (date(2028, 3, 20), 20, {"multiplier_bp": 25_000, "weekdays": ["sat", "sun"]}),
    (date(2028, 4, 15), 60, {"multiplier_bp": 20_000, "birthday_month": True}),
)
"""When each begins, for how many days it is meant to run, and what it gives."""


def open_the_program(town: Town) -> None:
    """Set what members earn and for how long it is good."""
    activities = town.mall.marketing.get("/admin/program")["activities"]
    activities["check_in"] = {"points": 10, "streaks": STREAKS}
    change_program(
        town.mall,
        validity_months=VALIDITY,
        activities=activities,
        review=REVIEW,
        worth_points=WORTH,
    )
    town.counts["program changed"] += 1


def market(town: Town) -> None:
    """Do what is due today, and know whether anything is on sale."""
    for first, days, gives in SALES:
        name = first.isoformat()
        if town.today >= first and name not in town.campaigns:
            _begin(town, name, gives | _window(town, days), days=days)
        elif town.today >= first + timedelta(days=days // 2) and name not in town.changed:
            _change(town, name, gives, days=days)
    if town.today >= CHANGE and town.counts["program changed"] == 1:
        change_program(town.mall, validity_months=LONGER)
        town.counts["program changed"] += 1
    last = {first.isoformat(): first + timedelta(days=days) for first, days, _ in SALES}
    town.is_on_sale = any(last[name] > town.today for name in town.campaigns)


def _window(town: Town, days: int) -> Json:
    closes = at(town.today + timedelta(days=days), hour=0)
    return {"window": {"from": rfc3339(town.now), "until": rfc3339(closes)}}


def _begin(town: Town, name: str, body: dict[str, Any], *, days: int) -> None:
    sentence = {"zh": f"活动 {name}", "en": f"The sale of {name}"}
    live = [one for one, closes in town.multiplying.items() if closes > town.now]
    wins = [] if body.get("bonus") else live
    asked = {"sentence": sentence, "wins_over": wins, **body}
    told = town.told("campaign begun", town.mall.marketing.post("/admin/campaigns", asked))
    assert told is not None
    town.campaigns[name] = told["id"]
    if not body.get("bonus"):
        town.multiplying[told["id"]] = at(town.today + timedelta(days=days), hour=0)


def _change(town: Town, name: str, gives: Json, *, days: int) -> None:
    """Let half a campaign's time pass, then end it, or give more of it."""
    town.changed.add(name)
    path = f"/admin/campaigns/{town.campaigns[name]}"
    read = town.mall.marketing.get(path)
    is_over = town.chance(0.4, of="ended")
    more: Json = {"sentence": {**read["sentence"], "en": f"{read['sentence']['en']}, and more"}}
    if is_over:
        more = {"window": {"from": read["window"]["from"], "until": rfc3339(town.now)}}
    elif gives.get("budget"):
        more["budget"] = gives["budget"] + days
    reply = town.mall.marketing.put(
        path, {**read.json, **more}, headers={"If-Match": read.headers["etag"]}
    )
    town.told("campaign ended" if is_over else "campaign changed", reply)
    if is_over and not gives.get("bonus"):
        town.multiplying[town.campaigns[name]] = town.now

"""The program's settings and the audit log, as operators meet them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app import app
from tests.events import (
    ADMIN,
    CHANNEL,
    FINANCE,
    MARKETING,
    MEMBER,
    SUPPORT,
    Api,
    Json,
    Reply,
    a_caller,
)
from tests.faults import Fault, faults
from tests.mall import Mall
from tests.rows import everything, of_sort

ZONE = {"zone": "Europe/Paris"}
DEFAULTS = {
    "zone": "Asia/Shanghai",
    "currency": "cny",
    "languages": ["zh-CN", "en"],
    "points_per_unit": 1,
    "worth_points": 100,
    "validity_months": {"basic": 24, "silver": 36, "gold": 60},
    "channels": {},
}
VALIDITY: Json = {"basic": 24, "silver": 36, "gold": 60}


def change(api: Api, tag: str | None = None, **fields: object) -> Reply:
    """Change some of the settings, as of the present version unless told otherwise."""
    now = api.get("/admin/program")
    return put(api, {**now.json, **fields}, tag or now.headers["etag"])


def put(api: Api, body: object, tag: str) -> Reply:
    """Put the settings."""
    return api.put("/admin/program", body, headers={"If-Match": tag})


@pytest.mark.usefixtures("table")
def test_before_anybody_writes_the_defaults_hold_under_a_tag_of_their_own() -> None:
    shown = Api(app, MARKETING).get("/admin/program")
    told = shown.json
    check_in = told.pop("activities")["check_in"]
    assert check_in == {"points": 10, "streaks": [{"days": 7, "points": 1000}]}
    assert (told, shown.headers["etag"]) == ({**DEFAULTS, "review": None}, '"1"')
    changed = put(Api(app, MARKETING), {**DEFAULTS, "points_per_unit": 2}, '"1"')
    assert (changed.status, changed.headers["etag"]) == (200, '"2"')


def test_what_is_left_out_stays_as_it_is(mall: Mall) -> None:
    shown = mall.marketing.get("/admin/program").json
    rare = {"points": 1, "streaks": []}
    worth = {"amount": 5_000, "currency": "cny"}
    told = shown["activities"] | {"check_in": rare, "tasks": {}}
    review = {"redemptions_per_hour": None, "worth": worth}
    assert change(mall.marketing, activities=told, review=review).status == 200
    shown = mall.marketing.get("/admin/program").json
    told = {name: shown[name] for name in shown.keys() - {"activities", "review"}}
    tag = mall.marketing.get("/admin/program").headers["etag"]
    changed = put(mall.marketing, told, tag)
    assert (changed.status, changed["activities"]) == (200, shown["activities"])
    changed = put(mall.marketing, {**told, "activities": None}, changed.headers["etag"])
    assert (changed["activities"], changed["review"]) == (shown["activities"], review)
    # Amounts that stay are of the currency that stays.
    tag = changed.headers["etag"]
    refused = put(mall.marketing, {**told, "currency": "usd"}, tag)
    assert (refused.status, refused.pointers()) == (422, ["/currency"])
    gone = put(mall.marketing, {**told, "review": None, "currency": "usd"}, tag)
    assert (gone.status, gone["review"], gone["activities"]["tasks"]) == (200, None, {})
    lowest = {"points": 1, "minimum": {"amount": 1, "currency": "usd"}, "per_month": 1}
    changed = change(mall.marketing, activities=gone["activities"] | {"referral": lowest})
    refused = put(mall.marketing, told, changed.headers["etag"])
    assert refused.pointers() == ["/currency"]


def test_a_change_holds_from_the_next_request_on(mall: Mall) -> None:
    before = mall.marketing.get("/admin/program")
    changed = change(mall.marketing, points_per_unit=2)
    assert (changed.status, changed["points_per_unit"]) == (200, 2)
    assert changed.headers["etag"] != before.headers["etag"]
    after = mall.marketing.get("/admin/program")
    assert (after.json, after.headers["etag"]) == (changed.json, changed.headers["etag"])
    known = {"If-None-Match": after.headers["etag"]}
    assert mall.marketing.get("/admin/program", headers=known).status == 304
    assert mall.till.post("/members", {}).status == 201
    assert change(mall.marketing, channels={}).status == 200
    assert mall.till.post("/members", {}).code == "forbidden"


def test_a_change_needs_the_version_that_was_read(mall: Mall) -> None:
    body = mall.marketing.get("/admin/program").json
    missing = mall.marketing.put("/admin/program", body)
    assert (missing.status, missing.code) == (428, "if_match_required")
    for stale in ('"1"', '"3"', '"x"', 'W/"2"', "2"):
        refused = put(mall.marketing, body | {"points_per_unit": 9}, stale)
        assert (refused.status, refused.code) == (412, "stale")
    assert mall.marketing.get("/admin/program").headers["etag"] == '"2"'


def test_marketing_and_admin_change_settings_and_nobody_else(mall: Mall) -> None:
    for caller in (MEMBER, FINANCE, a_caller("support")):
        assert mall.marketing.by(caller).get("/admin/program").status == 403
    assert change(mall.marketing.by(ADMIN), points_per_unit=2).status == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"points_per_unit": 0},
        {"points_per_unit": 1000},
        {"worth_points": 1},
        {"worth_points": 1_000_000},
        {"validity_months": {"basic": 1, "silver": 1, "gold": 120}},
        {"languages": ["en"]},
        {"languages": ["en", "zh-CN"]},
        {"currency": "jpy"},
        {"zone": "America/Argentina/Buenos_Aires"},
        {"channels": {f"client-{number}": "x" * 64 for number in range(200)}},
        {"channels": {"x" * 128: "Store_1.a~b"}},
    ],
)
def test_every_setting_is_taken_up_to_its_limit(mall: Mall, fields: Json) -> None:
    changed = change(mall.marketing, **fields)
    assert changed.status == 200
    assert mall.marketing.get("/admin/program").json | fields == changed.json


@pytest.mark.parametrize(
    ("pointer", "fields"),
    [
        ("/points_per_unit", {"points_per_unit": -1}),
        ("/points_per_unit", {"points_per_unit": 1001}),
        ("/points_per_unit", {"points_per_unit": True}),
        ("/points_per_unit", {"points_per_unit": 1.0}),
        ("/worth_points", {"worth_points": 0}),
        ("/worth_points", {"worth_points": 1_000_001}),
        ("/validity_months/gold", {"validity_months": VALIDITY | {"gold": 121}}),
        ("/validity_months/basic", {"validity_months": VALIDITY | {"basic": 0}}),
        ("/validity_months/gold", {"validity_months": {"basic": 24, "silver": 36}}),
        ("/validity_months/iron", {"validity_months": VALIDITY | {"iron": 1}}),
        ("/languages", {"languages": []}),
        ("/languages", {"languages": ["en", "en"]}),
        ("/languages/0", {"languages": ["fr"]}),
        ("/currency", {"currency": "xxx"}),
        ("/currency", {"currency": "CNY"}),
        ("/zone", {"zone": "Asia"}),
        ("/zone", {"zone": "../../etc/localtime"}),
        ("/zone", {"zone": ""}),
        ("/channels", {"channels": {f"client-{number}": "x" for number in range(201)}}),
        ("/channels/till-1", {"channels": {"till-1": "x" * 65}}),
        ("/channels/till-1", {"channels": {"till-1": "Store 1"}}),
        ("/channels/till-1", {"channels": {"till-1": ""}}),
        ("/colour", {"colour": "red"}),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_written(
    mall: Mall, pointer: str, fields: Json
) -> None:
    before = everything()
    refused = change(mall.marketing, **fields)
    assert (refused.status, refused.code) == (422, "invalid")
    assert refused.pointers() == [pointer]
    assert everything() == before


@pytest.mark.parametrize("client", ["", "x" * 129, "two words", "till/1"])
def test_a_client_id_is_one_that_providers_give(mall: Mall, client: str) -> None:
    assert change(mall.marketing, channels={client: "a"}).code == "invalid"


@pytest.mark.parametrize("field", DEFAULTS)
def test_settings_are_put_whole(mall: Mall, field: str) -> None:
    now = mall.marketing.get("/admin/program")
    body = {name: value for name, value in now.json.items() if name != field}
    assert put(mall.marketing, body, now.headers["etag"]).pointers() == [f"/{field}"]


def test_the_zone_is_fixed_by_the_first_member(mall: Mall) -> None:
    assert change(mall.marketing, **ZONE).status == 200
    mall.member()
    refused = change(mall.marketing, zone="Asia/Tokyo")
    assert (refused.status, refused.code) == (409, "zone_fixed")
    assert change(mall.marketing, points_per_unit=3).status == 200
    assert mall.marketing.get("/admin/program")["zone"] == "Europe/Paris"


def test_who_read_another_version_is_told_so_before_anything_of_zones(mall: Mall) -> None:
    read = mall.marketing.get("/admin/program")
    mall.member()
    change(mall.marketing, points_per_unit=3)
    refused = put(mall.marketing, read.json | ZONE, read.headers["etag"])
    assert refused.code == "stale"


def test_of_operators_who_change_at_once_one_does(mall: Mall) -> None:
    now = mall.marketing.get("/admin/program")
    bodies = [now.json | {"points_per_unit": number} for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        replies = list(
            threads.map(lambda body: put(mall.marketing, body, now.headers["etag"]), bodies)
        )
    assert sorted(reply.status for reply in replies) == [200] + [412] * 7
    (won,) = [reply for reply in replies if reply.status == 200]
    assert mall.marketing.get("/admin/program").json == won.json
    assert len(of_sort("D#")) == 2


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSENT, Fault.THROTTLED, Fault.CONFLICT])
def test_a_change_survives_one_fault_of_the_database(mall: Mall, fault: Fault) -> None:
    with faults({0: fault}, only="TransactWriteItems"):
        assert change(mall.marketing, points_per_unit=5)["points_per_unit"] == 5
    assert len(of_sort("D#")) == 2


def test_an_if_match_that_is_spent_is_stale_for_the_same_change_too(mall: Mall) -> None:
    now = mall.marketing.get("/admin/program")
    body = now.json | {"points_per_unit": 5}
    put(mall.marketing, body, now.headers["etag"])
    before = everything()
    again = put(mall.marketing, body, now.headers["etag"])
    assert (again.status, again.code) == (412, "stale")
    assert everything() == before


def test_a_decision_records_the_version_that_it_used(mall: Mall) -> None:
    first = mall.member().get("/me/journal")["items"][0]
    change(mall.marketing, points_per_unit=2)
    second = mall.member().get("/me/journal")["items"][0]
    assert (first["program_version"], second["program_version"]) == (1, 2)


def test_a_change_is_in_the_audit_log_with_before_and_after(mall: Mall) -> None:
    mall.clock.advance(seconds=1)
    change(mall.marketing, points_per_unit=2)
    (newest, _) = mall.support.get("/admin/audit")["items"]
    assert newest["at"] == "2026-11-21T04:00:01Z"
    assert (newest["what"], newest["by"]) == ("program.change", "op-marketing")
    assert (newest["before"]["points_per_unit"], newest["after"]["points_per_unit"]) == (1, 2)
    assert (newest["before"]["version"], newest["after"]["version"]) == (1, 2)


def test_the_log_is_read_day_by_day_of_utc(mall: Mall) -> None:
    mall.clock.advance(hours=19, minutes=59, seconds=59)
    change(mall.marketing, points_per_unit=2)
    assert len(mall.support.get("/admin/audit")["items"]) == 2
    mall.clock.advance(seconds=1)
    assert mall.support.get("/admin/audit")["items"] == []
    assert len(mall.support.get("/admin/audit?day=2026-11-21")["items"]) == 2


def test_the_log_is_read_page_by_page_and_a_cursor_keeps_its_day(mall: Mall) -> None:
    for number in range(12):
        mall.clock.advance(seconds=1)
        change(mall.marketing, points_per_unit=number)
    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = mall.support.by(FINANCE).get(f"/admin/audit?limit=5{cursor}")
        assert len(page["items"]) <= 5
        seen += [row["after"]["version"] for row in page["items"]]
        next_cursor = page["next_cursor"]
        cursor = f"&cursor={next_cursor}" if next_cursor else None
        mall.clock.advance(days=1)
    assert seen == list(range(13, 0, -1))


@pytest.mark.parametrize("day", ["2026-11-31", "20261121", "1795219200", "today", ""])
def test_a_day_is_a_day_of_the_calendar(mall: Mall, day: str) -> None:
    refused = mall.support.get(f"/admin/audit?day={day}")
    assert (refused.status, refused.pointers()) == (422, ["/day"])


def test_only_support_finance_and_admin_read_the_log(mall: Mall) -> None:
    for caller in (SUPPORT, FINANCE, ADMIN):
        assert mall.support.by(caller).get("/admin/audit").status == 200
    for caller in (MARKETING, MEMBER, CHANNEL, a_caller("partner:1")):
        assert mall.support.by(caller).get("/admin/audit").status == 403

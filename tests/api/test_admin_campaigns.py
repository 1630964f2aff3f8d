"""Campaigns as operators write them: versions, tags, receipts, reasons, fields and roles."""

from __future__ import annotations

import pytest

from tests.campaigns import begun, doubling, giving
from tests.events import FINANCE, MEMBER, SUPPORT, Api, Json
from tests.mall import Mall, a_purchase, made
from tests.rows import everything


def test_an_edit_needs_the_version_that_was_read_and_names_it_in_its_tag(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=500))
    path = f"/admin/campaigns/{spring}"
    read = mall.marketing.get(path)
    assert (read.headers["etag"], read["version"], read["spent"]) == ('"1"', 1, 0)
    assert mall.marketing.put(path, doubling()).code == "if_match_required"
    changed = mall.marketing.put(path, doubling(budget=600), headers={"If-Match": '"1"'})
    assert (changed.status, changed.headers["etag"], changed["budget"]) == (200, '"2"', 600)
    for field, other in (("id", "cmp_00000000000"), ("version", 1)):
        named = {**changed.json, field: other}
        refused = mall.marketing.put(path, named, headers={"If-Match": '"2"'})
        assert refused.pointers() == [f"/{field}"]
    for edit in (doubling(), changed.json, {**changed.json, "id": "cmp_00000000000"}):
        stale = mall.marketing.put(path, edit, headers={"If-Match": '"1"'})
        assert (stale.status, stale.code) == (412, "stale")
    missing = mall.marketing.put(path[:-1], doubling(), headers={"If-Match": '"1"'})
    assert (missing.status, missing.code) == (404, "not_found")
    assert mall.marketing.get("/admin/campaigns/cmp_00000000000").code == "not_found"
    log = {row["what"]: row for row in mall.support.get("/admin/audit")["items"]}
    assert log["campaign.create"]["before"] is None
    changed_row = log["campaign.change"]
    assert (changed_row["before"]["budget"], changed_row["after"]["budget"]) == (500, 600)


def test_a_campaign_is_created_once_for_its_key(mall: Mall) -> None:
    first = mall.marketing.post("/admin/campaigns", doubling(), key="k")
    before = everything()
    again = mall.marketing.post("/admin/campaigns", doubling(), key="k")
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    other = mall.marketing.post("/admin/campaigns", giving(), key="k")
    assert other.code == "idempotency_key_reused"
    assert everything() == before


def test_campaigns_are_listed_newest_first_with_what_they_spent(mall: Mall) -> None:
    mall.member("lin")
    ids = []
    for number in range(3):
        mall.clock.advance(seconds=1)
        ids.append(begun(mall, giving(100 + number, yuan=1, budget=1_000 if number else None)))
    made(mall.till.post("/purchases", a_purchase("lin", 1, "p")), 201)
    first = mall.marketing.get("/admin/campaigns?limit=2")
    assert [(item["id"], item["spent"]) for item in first["items"]] == [
        (ids[2], 102),
        (ids[1], 101),
    ]
    rest = mall.marketing.get(f"/admin/campaigns?limit=2&cursor={first['next_cursor']}")
    assert [(item["id"], item["spent"]) for item in rest["items"]] == [(ids[0], None)]
    assert rest["next_cursor"] is None


def test_an_unclear_campaign_is_refused_with_every_reason_and_writes_nothing(mall: Mall) -> None:
    before = everything()
    body = {"multiplier_bp": 20_000, "bonus": 5, "sentence": {"en": "x"}}
    refused = mall.marketing.post("/admin/campaigns", body)
    assert (refused.status, refused.code) == (422, "campaign_unclear")
    assert [reason["reason"] for reason in refused["reasons"]] == [
        "sentence_missing",
        "effect_not_one",
        "bonus_without_threshold",
    ]
    assert everything() == before
    begun(mall, doubling())
    rival = mall.marketing.post("/admin/campaigns", doubling())
    assert [reason["reason"] for reason in rival["reasons"]] == ["two_multipliers"]


@pytest.mark.parametrize(
    ("pointer", "fields"),
    [
        ("/multiplier_bp", {"multiplier_bp": 10_000}),
        ("/multiplier_bp", {"multiplier_bp": 100_001}),
        ("/bonus", {"bonus": 0}),
        ("/threshold/amount", {"threshold": {"amount": 0, "currency": "cny"}}),
        ("/member_day", {"member_day": 32}),
        ("/weekdays/0", {"weekdays": ["monday"]}),
        ("/categories", {"categories": ["x"] * 9}),
        ("/channels/0", {"channels": ["store 1"]}),
        ("/standings/0", {"standings": ["iron"]}),
        ("/validity_days", {"validity_days": 3_661}),
        ("/per_member/per", {"per_member": {"points": 1, "per": "week"}}),
        ("/budget", {"budget": 0}),
        ("/wins_over/0", {"wins_over": ["rwd_00000000000"]}),
        ("/sentence/en", {"sentence": {"zh": "x", "en": "x" * 121}}),
        ("/sentence/en", {"sentence": {"zh": "x", "en": "a\nb"}}),
        ("/colour", {"colour": "red"}),
    ],
)
def test_a_wrong_field_is_pointed_at(mall: Mall, pointer: str, fields: Json) -> None:
    refused = mall.marketing.post("/admin/campaigns", doubling(**fields))
    assert (refused.status, refused.pointers()) == (422, [pointer])


def test_marketing_and_admin_run_campaigns_and_nobody_else(mall: Mall) -> None:
    for caller in (MEMBER, SUPPORT, FINANCE):
        api = Api(mall.app, caller)
        assert api.get("/admin/campaigns").status == 403
        assert api.post("/admin/campaigns", doubling()).status == 403

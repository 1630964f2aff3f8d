"""Rewards as operators write them: creating, reading, editing, and every field at its edge."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from tests.events import FINANCE, MARKETING, SUPPORT, Json, Reply
from tests.mall import Mall, a_reward, made

DEMO: Final = Path(__file__).resolve().parents[2] / "infra" / "local" / "demo" / "rewards.json"
FULL: Final[Json] = {
    "kind": "goods",
    "title": {"zh": "高山乌龙", "en": "Oolong"},
    "description": {"zh": "春茶。", "en": "Spring tea."},
    "brand": "暮涧茶事 Mujian Tea",
    "picture": "/pictures/oolong-tin.svg",
    "category": "coffee-tea",
    "options": [{"points": 300, "label": {"zh": "50 克", "en": "50 g"}}, {"points": 500}],
    "stock": {"mode": "counted", "units": 9, "peak_per_second": 40},
    "audience": {"standing": "silver", "plan": "plus", "tags": ["staff"]},
    "limits": [{"per": "day", "units": 1}, {"per": "ever", "units": 5}],
    "shown": {"from": "2026-11-01T00:00:00Z", "until": None},
    "redeemable": {"from": "2026-11-02T08:00:00+08:00", "until": "2027-01-01T00:00:00Z"},
}


def create(mall: Mall, body: object, key: str = "k") -> Reply:
    return mall.marketing.post("/admin/rewards", body, key=key)


def put(mall: Mall, reward: str, body: object, tag: str = '"1"') -> Reply:
    return mall.marketing.put(f"/admin/rewards/{reward}", body, headers={"If-Match": tag})


def audited(mall: Mall) -> list[tuple[str, str, str]]:
    rows = mall.support.get("/admin/audit?limit=100")["items"]
    return [(row["what"], row["by"], row["subject"]) for row in rows][::-1]


def test_a_reward_is_created_with_an_id_and_read_back_whole(mall: Mall) -> None:
    reply = create(mall, FULL)
    told = made(reply, 201)
    assert reply.headers["etag"] == '"1"'
    assert told == FULL | {
        "id": told["id"],
        "version": 1,
        "options": [
            FULL["options"][0] | {"cash": None},
            {"points": 500, "cash": None, "label": None},
        ],
        "redeemable": {"from": "2026-11-02T00:00:00Z", "until": "2027-01-01T00:00:00Z"},
    }
    shown = mall.marketing.get(f"/admin/rewards/{told['id']}")
    assert (shown.json, shown.headers["etag"]) == (told, '"1"')
    path, known = f"/admin/rewards/{told['id']}", {"If-None-Match": '"1"'}
    assert mall.marketing.get(path, headers=known).status == 304
    made(put(mall, told["id"], FULL), 200)
    assert mall.marketing.get(path, headers=known).status == 200


def test_what_is_left_out_has_a_default(mall: Mall) -> None:
    told = made(create(mall, a_reward(1, stock={"mode": "counted"})), 201)
    assert told["stock"] == {"mode": "counted", "units": 0, "peak_per_second": 16}
    assert told["audience"] == {"standing": None, "plan": None, "tags": []}
    optional = ("description", "brand", "picture", "category", "shown", "redeemable")
    assert {told[name] for name in optional} == {None}
    assert told["limits"] == []


def test_the_demo_mall_is_accepted_as_it_stands_and_listed_newest_first(mall: Mall) -> None:
    bodies = json.loads(DEMO.read_text())
    for number, body in enumerate(bodies):
        made(create(mall, {k: body[k] for k in body if k != "codes"}, key=f"demo-{number}"), 201)
        mall.clock.advance(seconds=1)
    first = mall.marketing.get("/admin/rewards?limit=30").json
    rest = mall.marketing.get(f"/admin/rewards?limit=30&cursor={first['next_cursor']}").json
    titles = [reward["title"]["en"] for reward in first["items"] + rest["items"]]
    assert titles == [body["title"]["en"] for body in reversed(bodies)]
    assert rest["next_cursor"] is None


def test_the_same_request_again_gets_the_first_answer_even_after_an_edit(mall: Mall) -> None:
    first = create(mall, FULL)
    changed = FULL | {"title": {"zh": "红茶", "en": "Black tea"}}
    made(put(mall, first["id"], changed), 200)
    again = create(mall, FULL)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["etag"] == '"1"'
    assert again.headers["idempotency-replayed"] == "true"
    assert len(mall.marketing.get("/admin/rewards")["items"]) == 1


def test_another_body_under_the_same_key_is_refused(mall: Mall) -> None:
    create(mall, FULL)
    reply = create(mall, FULL | {"kind": "event"})
    assert (reply.status, reply.code) == (422, "idempotency_key_reused")


def test_the_same_request_at_once_creates_one_reward(mall: Mall) -> None:
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: create(mall, FULL), range(8)))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.text for reply in replies}) == 1
    assert len(mall.marketing.get("/admin/rewards")["items"]) == 1
    stock = mall.marketing.get(f"/admin/rewards/{replies[0]['id']}/stock")
    assert (stock["made"], stock["free"]) == (9, 9)


def test_different_rewards_at_once_are_all_created(mall: Mall) -> None:
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda n: create(mall, FULL, key=f"k{n}"), range(12)))
    while unlucky := [n for n, reply in enumerate(replies) if reply.status == 503]:
        for number in unlucky:
            replies[number] = create(mall, FULL, key=f"k{number}")
    assert {reply.status for reply in replies} == {201}
    assert len(mall.marketing.get("/admin/rewards")["items"]) == 12


def test_a_key_that_is_sent_must_be_one(mall: Mall) -> None:
    reply = create(mall, FULL, key="no key")
    assert (reply.status, reply.code) == (400, "idempotency_key_invalid")


def test_only_marketing_and_admin_may(mall: Mall) -> None:
    assert MARKETING.roles == {"marketing"}
    for caller in (SUPPORT, FINANCE):
        api = mall.marketing.by(caller)
        assert api.post("/admin/rewards", FULL, key="k").code == "forbidden"
        assert api.get("/admin/rewards").code == "forbidden"


WRONG: Final[list[tuple[str, dict[str, Any]]]] = [
    ("/options/0/cash/amount", {"options": [{"points": 1, "cash": {"currency": "cny"}}]}),
    ("/options", {"options": []}),
    ("/options", {"options": [{"points": 1}] * 4}),
    ("/options/0/points", {"options": [{"points": 0}]}),
    ("/options/0/points", {"options": [{"points": 10**12 + 1}]}),
    ("/options/0/points", {"options": [{"points": "1"}]}),
    ("/options/0/points", {"options": [{"points": 1.0}]}),
    ("/options/0/points", {"options": [{"points": True}]}),
    ("/options/0/label/en", {"options": [{"points": 1, "label": {"zh": "大", "en": "x" * 31}}]}),
    ("/stock/mode", {"stock": {"mode": "rationed"}}),
    ("/stock/units", {"stock": {"mode": "counted", "units": -1}}),
    ("/stock/units", {"stock": {"mode": "counted", "units": 1_000_001}}),
    ("/stock/peak_per_second", {"stock": {"mode": "counted", "peak_per_second": 10_001}}),
    ("/stock/units", {"stock": {"mode": "unlimited", "units": 1}}),
    ("/stock/peak_per_second", {"stock": {"mode": "unlimited", "peak_per_second": 1}}),
    ("/kind", {"kind": "car"}),
    ("/title/en", {"title": {"zh": "杯"}}),
    ("/title/zh", {"title": {"zh": "", "en": "Mug"}}),
    ("/title/zh", {"title": {"zh": "杯" * 61, "en": "Mug"}}),
    ("/title/en", {"title": {"zh": "杯", "en": "a\nb"}}),
    ("/title/en", {"title": {"zh": "杯", "en": "  "}}),
    ("/title/fr", {"title": {"zh": "杯", "en": "Mug", "fr": "Tasse"}}),
    ("/description/zh", {"description": {"zh": "杯" * 301, "en": "Mug"}}),
    ("/brand", {"brand": "x" * 61}),
    ("/picture", {"picture": "javascript:alert(1)"}),
    ("/picture", {"picture": "/" + "x" * 200}),
    ("/category", {"category": "tea pots"}),
    ("/category", {"category": "x" * 65}),
    ("/audience/standing", {"audience": {"standing": "platinum"}}),
    ("/audience/tags", {"audience": {"tags": ["a"] * 9}}),
    ("/audience/age", {"audience": {"age": 18}}),
    ("/limits", {"limits": [{"per": "day", "units": 1}, {"per": "day", "units": 2}]}),
    ("/limits/0/units", {"limits": [{"per": "day", "units": 0}]}),
    ("/limits/0/units", {"limits": [{"per": "day", "units": 1_000_001}]}),
    ("/limits/0/per", {"limits": [{"per": "year", "units": 1}]}),
    ("/shown/from", {"shown": {"from": "yesterday"}}),
    ("/shown/from", {"shown": {"from": "2026-11-21T08:00:00"}}),
    ("/shown/from", {"shown": {"from": "2026-02-30T08:00:00Z"}}),
    ("/shown/from", {"shown": {"from": "0001-01-01T00:00:00+14:00"}}),
    ("/shown/until", {"shown": {"until": 1_800_000_000}}),
    ("/shown/opens", {"shown": {"opens": "2026-11-21T08:00:00Z"}}),
    ("/shown", {"shown": {"from": "2026-11-21T08:00:00Z", "until": "2026-11-21T08:00:00Z"}}),
    (
        "/redeemable",
        {"redeemable": {"from": "2026-11-22T00:00:00Z", "until": "2026-11-21T00:00:00Z"}},
    ),
    ("/id", {"id": "rwd_0Ab1Cd2Ef3G"}),
    ("/version", {"version": 1}),
    ("/rotation", {"rotation": "x"}),
]


def test_each_wrong_field_is_pointed_at_and_nothing_is_created(mall: Mall) -> None:
    replies = [create(mall, a_reward(**wrong)) for _, wrong in WRONG]
    assert [reply.pointers() for reply in replies] == [[pointer] for pointer, _ in WRONG]
    assert {(reply.status, reply.code) for reply in replies} == {(422, "invalid")}
    assert mall.marketing.get("/admin/rewards")["items"] == []


EDGES: Final[list[dict[str, Any]]] = [
    {"options": [{"points": 1}, {"points": 10**12}, {"points": 1, "cash": None}]},
    {"options": [{"points": 1, "label": {"zh": "大" * 30, "en": "x" * 30}}]},
    {"stock": {"mode": "counted", "units": 1_000_000, "peak_per_second": 10_000}},
    {"title": {"zh": "杯" * 60, "en": "x" * 60}},
    {"description": {"zh": "😀" * 300, "en": "x" * 300}},
    {"brand": "x" * 60, "category": "~Tea_1." + "x" * 57, "picture": "/" + "x" * 199},
    {"audience": {"standing": "gold", "tags": list("abcdefgh")}},
    {"limits": [{"per": p, "units": 1_000_000} for p in ("day", "week", "month", "ever")]},
    {"shown": {"from": None, "until": None}, "redeemable": {}},
]


def test_fields_at_their_limits_are_accepted_and_can_be_sent_back_as_read(mall: Mall) -> None:
    for number, edge in enumerate(EDGES):
        told = made(create(mall, a_reward(**edge), key=f"k{number}"), 201)
        shown = mall.marketing.get(f"/admin/rewards/{told['id']}").json
        assert made(put(mall, told["id"], shown), 200) == shown | {"version": 2}


def test_an_edit_takes_the_version_that_was_read_and_gives_the_next(mall: Mall) -> None:
    reward = made(create(mall, FULL), 201)
    reply = put(mall, reward["id"], reward | {"options": [{"points": 700}]})
    assert (made(reply, 200)["version"], reply.headers["etag"]) == (2, '"2"')
    shown = mall.marketing.get(f"/admin/rewards/{reward['id']}")
    assert shown["options"] == [{"points": 700, "cash": None, "label": None}]
    assert shown.headers["etag"] == '"2"'


def test_an_edit_without_if_match_or_with_a_stale_one_changes_nothing(mall: Mall) -> None:
    reward = made(create(mall, FULL), 201)
    path = f"/admin/rewards/{reward['id']}"
    assert mall.marketing.put(path, FULL).code == "if_match_required"
    made(put(mall, reward["id"], FULL | {"brand": "New"}), 200)
    for tag in ('"1"', '"3"', '"x"', 'W/"2"'):
        for told in ({}, {"version": 2}, {"id": "rwd_0Ab1Cd2Ef3G", "version": 9}):
            reply = put(mall, reward["id"], FULL | told, tag)
            assert (reply.status, reply.code) == (412, "stale")
    assert mall.marketing.get(path)["brand"] == "New"


def test_of_edits_at_once_one_wins_and_the_others_are_told_to_read_again(mall: Mall) -> None:
    reward = made(create(mall, FULL), 201)["id"]

    def edit(number: int) -> Reply:
        return put(mall, reward, FULL | {"brand": f"Brand {number}"})

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(edit, range(8)))
    assert sorted(reply.status for reply in replies) == [200] + [412] * 7
    winner = next(reply for reply in replies if reply.status == 200)
    assert mall.marketing.get(f"/admin/rewards/{reward}").json == winner.json


def test_an_edit_cannot_change_identity_or_stock(mall: Mall) -> None:
    reward = made(create(mall, FULL), 201)
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("/id", {"id": "rwd_0Ab1Cd2Ef3G"}),
        ("/version", {"version": 2}),
        ("/stock/mode", {"stock": {"mode": "unlimited"}}),
        ("/stock/units", {"stock": {"mode": "counted", "units": 10}}),
    ]
    for pointer, change in wrong:
        reply = put(mall, reward["id"], FULL | change)
        assert (reply.status, reply.code, reply.pointers()) == (422, "invalid", [pointer])
    assert mall.marketing.get(f"/admin/rewards/{reward['id']}").json == reward


def test_an_unknown_or_malformed_id_is_not_found(mall: Mall) -> None:
    for reward in ("rwd_00000000000", "rwd_1", "x", "%00", "HEAD"):
        assert mall.marketing.get(f"/admin/rewards/{reward}").code == "not_found"
        assert put(mall, reward, FULL).code == "not_found"


def test_a_price_holds_from_the_next_request_on(mall: Mall) -> None:
    lin = mall.member(points=1000)
    reward = mall.reward(300)
    assert lin.post("/orders", {"reward_id": reward}, key="a")["points"] == 300
    made(put(mall, reward, a_reward(400)), 200)
    assert lin.post("/orders", {"reward_id": reward}, key="b")["points"] == 400


def test_every_change_is_in_the_audit_log(mall: Mall) -> None:
    mall.clock.advance(seconds=1)
    reward = made(create(mall, FULL), 201)["id"]
    mall.clock.advance(seconds=1)
    made(put(mall, reward, FULL | {"brand": "New"}), 200)
    by = MARKETING.subject
    assert audited(mall)[-2:] == [("reward.create", by, reward), ("reward.change", by, reward)]
    row = mall.support.get("/admin/audit")["items"][0]
    assert (row["before"]["brand"], row["after"]["brand"]) == (FULL["brand"], "New")


def test_a_cursor_of_another_list_is_refused(mall: Mall) -> None:
    for _ in range(3):
        mall.reward()
    cursor = mall.marketing.get("/admin/rewards?limit=1")["next_cursor"]
    assert mall.marketing.get(f"/catalog?limit=1&cursor={cursor}").pointers() == ["/cursor"]
    assert mall.marketing.get(f"/admin/rewards?limit=2&cursor={cursor}").status == 200


def test_without_a_key_every_listing_is_a_reward_of_its_own(mall: Mall) -> None:
    body = a_reward(100)
    first = made(mall.marketing.post("/admin/rewards", body), 201)
    again = made(mall.marketing.post("/admin/rewards", body), 201)
    assert first["id"] != again["id"]

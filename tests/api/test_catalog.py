"""The shelf as anybody sees it: in which language, in which pages, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from chalicelib.kernel.clock import rfc3339
from tests.api.shelf import all_pages, calls, ids
from tests.events import Api, Json
from tests.mall import Mall, a_reward, made

CHINESE: Final = {"Accept-Language": "zh-CN"}


@pytest.fixture
def visitor(mall: Mall) -> Api:
    """Return somebody without a token."""
    return Api(mall.app, None)


def stocked(mall: Mall, number: int, **fields: object) -> list[str]:
    """Return the ids of new rewards, newest first, made a second apart."""
    ids = []
    for _ in range(number):
        ids.append(mall.reward(**fields))  # type: ignore[arg-type]
        mall.clock.advance(seconds=1)
    return ids[::-1]


def within(mall: Mall, opens: float | None, closes: float | None) -> Json:
    """Return a window in seconds from now."""

    def instant(seconds: float | None) -> str | None:
        return None if seconds is None else rfc3339(mall.clock.now() + timedelta(seconds=seconds))

    return {"from": instant(opens), "until": instant(closes)}


def test_an_empty_shelf_is_an_empty_page(visitor: Api) -> None:
    assert made(visitor.get("/catalog"), 200) == {"items": [], "next_cursor": None}


def test_a_new_reward_is_on_the_shelf_at_once_told_in_the_language_asked_for(
    mall: Mall, visitor: Api
) -> None:
    label = {"zh": "大杯", "en": "Large"}
    reward = mall.reward(
        description={"zh": "很大", "en": "Big"},
        options=[{"points": 300, "label": label}, {"points": 500}],
        audience={"standing": "silver"},
        limits=[{"per": "day", "units": 1}],
        category="cups",
    )
    told = made(visitor.get("/catalog"), 200)["items"][0]
    assert told == {
        "id": reward,
        "kind": "goods",
        "title": "Mug",
        "description": "Big",
        "brand": None,
        "picture": None,
        "category": "cups",
        "options": [
            {"points": 300, "cash": None, "label": "Large"},
            {"points": 500, "cash": None, "label": None},
        ],
        "stock": "in_stock",
        "audience": {"standing": "silver", "plan": None, "tags": []},
        "limits": [{"per": "day", "units": 1}],
        "redeemable": None,
    }
    assert visitor.get(f"/rewards/{reward}").json == told
    chinese = visitor.get("/catalog", headers=CHINESE)["items"][0]
    assert (chinese["title"], chinese["description"]) == ("马克杯", "很大")
    assert chinese["options"][0]["label"] == "大杯"
    assert visitor.get(f"/rewards/{reward}", headers=CHINESE).json == chinese


def test_the_shelf_is_told_newest_first_in_pages(mall: Mall, visitor: Api) -> None:
    expected = stocked(mall, 7)
    for limit in (1, 2, 3, 7, 100):
        assert all_pages(visitor, f"/catalog?limit={limit}") == expected
    assert visitor.get("/catalog?limit=7")["next_cursor"] is None


def test_a_category_is_a_shelf_of_its_own(mall: Mall, visitor: Api) -> None:
    tea = stocked(mall, 3, category="tea")
    stocked(mall, 2, category="tea-pots")
    stocked(mall, 1)
    assert all_pages(visitor, "/catalog?category=tea&limit=2") == tea
    for nobodys in ("coffee", "Tea", "", "a%20b", "tea%23", "x" * 500):
        told = made(visitor.get(f"/catalog?category={nobodys}"), 200)
        assert told == {"items": [], "next_cursor": None}
    with calls() as impossible:
        assert ids(visitor.get(f"/catalog?category={'x' * 2000}")) == []
    assert impossible == ["BatchGetItem"]
    assert len(ids(visitor.get("/catalog"))) == 6


def test_an_edit_moves_a_reward_to_its_new_category_and_keeps_its_place(
    mall: Mall, visitor: Api
) -> None:
    old, new = stocked(mall, 2, category="tea")[::-1]
    path = f"/admin/rewards/{old}"
    tagged = {"If-Match": '"1"'}
    made(mall.marketing.put(path, a_reward(category="cups"), headers=tagged), 200)
    assert ids(visitor.get("/catalog?category=tea")) == [new]
    assert ids(visitor.get("/catalog?category=cups")) == [old]
    assert ids(visitor.get("/catalog")) == [new, old]
    made(mall.marketing.put(path, a_reward(), headers={"If-Match": '"2"'}), 200)
    assert ids(visitor.get("/catalog?category=cups")) == []
    assert ids(visitor.get("/catalog")) == [new, old]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=x", "/limit"),
        ("cursor=x", "/cursor"),
        ("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/cursor"),
        ("rotation=spring", "/rotation"),
        ("affordable=true", "/affordable"),
    ],
)
def test_a_query_is_refused_where_it_is_wrong(visitor: Api, query: str, pointer: str) -> None:
    reply = visitor.get(f"/catalog?{query}")
    assert (reply.status, reply.code, reply.pointers()) == (422, "invalid", [pointer])


def test_a_cursor_goes_on_with_its_own_query_and_no_other(mall: Mall, visitor: Api) -> None:
    stocked(mall, 3, category="tea")
    cursor = visitor.get("/catalog?limit=1")["next_cursor"]
    assert visitor.get(f"/catalog?limit=2&cursor={cursor}").status == 200
    for tampered in (
        f"{cursor}&category=tea",
        cursor[:-1],
        f"A{cursor[1:]}",
        cursor + "A",
        f"!{cursor}",
    ):
        assert visitor.get(f"/catalog?cursor={tampered}").pointers() == ["/cursor"]
    lin, bo = mall.member(), mall.member()
    mine = lin.get("/me/catalog?limit=1")["next_cursor"]
    assert lin.get(f"/me/catalog?cursor={mine}").status == 200
    assert bo.get(f"/me/catalog?cursor={mine}").pointers() == ["/cursor"]
    assert lin.get(f"/me/catalog?affordable=true&cursor={mine}").pointers() == ["/cursor"]


def test_a_window_turns_on_time_with_nothing_running(mall: Mall, visitor: Api) -> None:
    reward = mall.reward(shown=within(mall, 10, 20))
    path = f"/rewards/{reward}"

    def seen() -> tuple[int, int]:
        return len(ids(visitor.get("/catalog"))), visitor.get(path).status

    assert seen() == (0, 404)
    mall.clock.advance(seconds=9.999)
    assert seen() == (0, 404)
    mall.clock.advance(seconds=0.001)
    assert seen() == (1, 200)
    mall.clock.advance(seconds=9.999)
    assert seen() == (1, 200)
    mall.clock.advance(seconds=0.001)
    assert seen() == (0, 404)
    assert mall.marketing.get(f"/admin/rewards/{reward}").status == 200


def test_a_page_may_be_kept_for_five_seconds_and_never_past_the_next_turn(
    mall: Mall, visitor: Api
) -> None:
    def kept(path: str) -> str:
        return visitor.get(path).headers["cache-control"]

    forever = mall.reward()
    assert kept("/catalog") == kept(f"/rewards/{forever}") == "public, max-age=5"
    mall.reward(shown=within(mall, 60, None))
    assert kept("/catalog") == "public, max-age=5"
    mall.clock.advance(seconds=56.5)
    assert kept("/catalog") == "public, max-age=3"
    assert kept(f"/rewards/{forever}") == "public, max-age=5"
    mall.clock.advance(seconds=3.4)
    assert kept("/catalog") == "public, max-age=0"
    mall.clock.advance(seconds=0.1)
    assert kept("/catalog") == "public, max-age=5"


def test_who_has_the_page_already_is_told_so_until_it_changes(mall: Mall, visitor: Api) -> None:
    reward = mall.reward()
    for path in ("/catalog", f"/rewards/{reward}"):
        first = visitor.get(path)
        assert "Accept-Language" in first.headers["vary"]
        known = {"If-None-Match": first.headers["etag"]}
        again = visitor.get(path, headers=known)
        assert (again.status, again.text) == (304, "")
        assert visitor.get(path, headers=known | CHINESE).status == 200
        tag = mall.marketing.get(f"/admin/rewards/{reward}").headers["etag"]
        edit = a_reward(int(tag.strip('"')) * 1000)
        made(mall.marketing.put(f"/admin/rewards/{reward}", edit, headers={"If-Match": tag}), 200)
        changed = visitor.get(path, headers=known)
        assert changed.status == 200
        assert changed.headers["etag"] != first.headers["etag"]


def test_an_unknown_or_malformed_reward_is_not_found(visitor: Api) -> None:
    for reward in ("rwd_00000000000", "rwd_1", "x", "%2e%2e"):
        assert visitor.get(f"/rewards/{reward}").code == "not_found"


@pytest.mark.parametrize(("units", "hint"), [(0, "sold_out"), (1, "low"), (2, "in_stock")])
def test_the_shelf_hints_at_what_is_left(mall: Mall, visitor: Api, units: int, hint: str) -> None:
    reward = mall.reward(1, stock={"mode": "counted", "units": units})
    assert visitor.get("/catalog")["items"][0]["stock"] == hint
    assert visitor.get(f"/rewards/{reward}")["stock"] == hint


def test_a_hint_is_remembered_and_an_order_is_not_misled_by_it(mall: Mall, visitor: Api) -> None:
    lin = mall.member(points=100)
    reward = mall.reward(1, stock={"mode": "counted", "units": 1})
    made(lin.post("/orders", {"reward_id": reward}, key="a"), 201)
    assert lin.post("/orders", {"reward_id": reward}, key="b").code == "sold_out"
    path = f"/admin/rewards/{reward}/stock"
    made(mall.marketing.post(path, {"add": 20}, key="k"), 200)
    assert lin.post("/orders", {"reward_id": reward}, key="b").status == 201
    assert visitor.get(f"/rewards/{reward}")["stock"] == "in_stock"


def test_a_warm_page_costs_one_read_and_a_cold_one_costs_the_same_for_any_catalog(
    mall: Mall, visitor: Api
) -> None:
    stocked(mall, 10)
    with calls() as few:
        made(visitor.get("/catalog?limit=5"), 200)
    stocked(mall, 50)
    with calls() as many:
        made(visitor.get("/catalog?limit=5"), 200)
    with calls() as warm:
        made(visitor.get("/catalog?limit=5"), 200)
    assert few == many == ["BatchGetItem", "Query"]
    assert warm == ["BatchGetItem"]


def test_a_page_that_hides_much_goes_on_behind_it_and_misses_nothing(
    mall: Mall, visitor: Api
) -> None:
    shown = []
    for number in range(24):
        later = None if number % 8 == 0 else within(mall, 3600, None)
        reward = mall.reward(shown=later)
        shown += [] if later else [reward]
        mall.clock.advance(seconds=1)
    for limit in (1, 2, 3, 20):
        assert all_pages(visitor, f"/catalog?limit={limit}") == shown[::-1]

"""The shelf as a member sees it: what is affordable, and what is locked and why."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.api.shelf import all_pages, calls, copies, ids
from tests.events import Api, a_caller
from tests.mall import Mall, a_reward, made


def test_my_catalog_says_what_i_can_afford(mall: Mall) -> None:
    lin = mall.member(points=300)
    dear, cheap = mall.reward(301), mall.reward(300)
    both = mall.reward(options=[{"points": 900}, {"points": 10}])
    told = {reward["id"]: reward for reward in made(lin.get("/me/catalog"), 200)["items"]}
    assert {name: reward["affordable"] for name, reward in told.items()} == {
        dear: False,
        cheap: True,
        both: True,
    }
    assert told[dear]["locked_by"] == [{"what": "points", "missing_points": 1}]
    assert told[cheap]["locked_by"] == []
    assert set(ids(lin.get("/me/catalog?affordable=true"))) == {cheap, both}
    assert ids(lin.get("/me/catalog?affordable=false")) == [dear]
    assert told[cheap]["title"] == "Mug"


def test_affordable_is_about_the_points_of_today(mall: Mall) -> None:
    lin = mall.member(points=300)
    reward = mall.reward(300)
    assert ids(lin.get("/me/catalog?affordable=true")) == [reward]
    mall.clock.advance(days=741)
    assert ids(lin.get("/me/catalog?affordable=true")) == []


def test_a_filtered_list_goes_on_behind_its_last_reward_and_misses_nothing(mall: Mall) -> None:
    lin = mall.member(points=100)
    kept = []
    for number in range(20):
        points = 100 if number % 3 == 0 else 101
        reward = mall.reward(points)
        kept += [reward] if points == 100 else []
        mall.clock.advance(seconds=1)
    for limit in (1, 2, 3, 20):
        assert all_pages(lin, f"/me/catalog?affordable=true&limit={limit}") == kept[::-1]


def test_the_one_reward_in_hundreds_that_i_can_afford_is_on_the_first_page(mall: Mall) -> None:
    lin = mall.member(points=100)
    cheap = mall.reward(100)
    mall.clock.advance(seconds=1)
    copies(mall, mall.reward(101), count=120)
    page = lin.get("/me/catalog?affordable=true&limit=2")
    assert (ids(page), page["next_cursor"]) == ([cheap], None)


def test_a_page_goes_on_behind_its_last_reward_and_not_behind_what_was_looked_at(
    mall: Mall,
) -> None:
    lin = mall.member(points=100)
    kept = []
    for points in (100, 101, 100, 101, 100):
        kept += [mall.reward(points)] if points == 100 else []
        mall.clock.advance(seconds=1)
    first = lin.get("/me/catalog?affordable=true&limit=2")
    assert ids(first) == [kept[2], kept[1]]
    made(mall.marketing.post("/admin/rewards", a_reward(1), key="newer"), 201)
    rest = lin.get(f"/me/catalog?affordable=true&limit=2&cursor={first['next_cursor']}")
    assert (ids(rest), rest["next_cursor"]) == ([kept[0]], None)


def test_my_catalog_says_what_locks_a_reward_in_the_order_an_order_is_judged(mall: Mall) -> None:
    lin = mall.member(points=10)
    reward = mall.reward(
        10,
        limits=[{"per": "month", "units": 1}, {"per": "day", "units": 1}],
    )
    made(lin.post("/orders", {"reward_id": reward}, key="k"), 201)
    path = f"/admin/rewards/{reward}"
    body = mall.marketing.get(path).json
    body["audience"] = {"standing": "gold", "plan": "plus", "tags": ["staff", "press"]}
    made(mall.marketing.put(path, body, headers={"If-Match": '"1"'}), 200)
    told = lin.get("/me/catalog")["items"][0]
    assert told["locked_by"] == [
        {"what": "standing", "standing": "gold"},
        {"what": "plan", "plan": "plus"},
        {"what": "tags", "tags": ["staff", "press"]},
        {
            "what": "limit",
            "limit": 1,
            "per": "month",
            "used": 1,
            "resets_at": "2026-11-30T16:00:00Z",
        },
        {"what": "points", "missing_points": 10},
    ]


def test_a_limit_stops_locking_when_its_period_ends(mall: Mall) -> None:
    lin = mall.member(points=100)
    reward = mall.reward(10, limits=[{"per": "day", "units": 1}])
    made(lin.post("/orders", {"reward_id": reward}, key="k"), 201)

    def locked() -> list[str]:
        return [lock["what"] for lock in lin.get("/me/catalog")["items"][0]["locked_by"]]

    assert locked() == ["limit"]
    mall.clock.advance(hours=11, minutes=59, seconds=59)
    assert locked() == ["limit"]
    mall.clock.advance(seconds=1)
    assert locked() == []


def test_my_catalog_is_private_and_never_kept(mall: Mall) -> None:
    lin = mall.member()
    first = lin.get("/me/catalog")
    assert "private" in first.headers["cache-control"]
    assert "Authorization" in first.headers["vary"]
    assert lin.get("/me/catalog", headers={"If-None-Match": first.headers["etag"]}).status == 304


def test_my_catalog_reads_one_batch_and_counters_only_where_there_are_limits(mall: Mall) -> None:
    lin = mall.member()
    mall.reward()
    lin.get("/me/catalog")
    with calls() as warm:
        lin.get("/me/catalog")
    assert warm == ["BatchGetItem"]
    mall.reward(limits=[{"per": "day", "units": 1}])
    lin.get("/me/catalog")
    with calls() as limited:
        lin.get("/me/catalog")
    assert limited == ["BatchGetItem", "BatchGetItem"]


def test_my_catalog_is_for_members_who_have_enrolled(mall: Mall) -> None:
    visitor = Api(mall.app, None)
    assert visitor.get("/me/catalog").code == "unauthenticated"
    assert mall.marketing.get("/me/catalog").code == "forbidden"
    stranger = Api(mall.app, a_caller("member", subject="stranger"))
    assert (stranger.get("/me/catalog").status, stranger.get("/me/catalog").code) == (
        404,
        "not_enrolled",
    )


def test_use_soon_is_what_points_alone_would_pay_that_is_there_and_may_be_had_by_now(
    mall: Mall,
) -> None:
    """A smaller price with cash beside it pays nothing by itself, nor counts in the order."""
    lin = mall.member("lin", points=100)
    dear = {"points": 10, "cash": {"amount": 500, "currency": "cny"}}
    mixed = mall.reward(options=[dear, {"points": 90}])
    never = {
        "cash": mall.reward(options=[dear]),
        "cash or too many points": mall.reward(options=[dear, {"points": 101}]),
        "not yet": mall.reward(5, redeemable={"from": "2028-11-20T00:00:00Z"}),
        "over": mall.reward(5, redeemable={"until": "2028-11-10T00:00:00Z"}),
    }
    last, gone = (mall.reward(80, stock={"mode": "counted", "units": 1}) for _ in range(2))
    mall.clock.instant = datetime(2028, 11, 15, 4, tzinfo=UTC)
    made(mall.member(points=80).post("/orders", {"reward_id": gone}, key="k"), 201)
    assert ids(lin.get("/me/catalog?use_soon=true")) == [last, mixed]
    assert set(ids(lin.get("/me/catalog?use_soon=false"))) == {gone, *never.values()}
    told = made(lin.get("/me/catalog"), 200)["items"]
    assert {reward["id"] for reward in told if reward["use_soon"]} == {last, mixed}

"""Campaigns over HTTP: edited live, kept by version, spent by purchases, taken back by refunds."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.kernel.clock import rfc3339
from chalicelib.storage.work import Work
from chalicelib.tiers.campaigns import service as campaigns
from tests.campaigns import SENTENCE, begun, doubling, edited, giving
from tests.events import Api, Json, a_caller
from tests.faults import Fault, faults
from tests.invariants import check_all
from tests.mall import CHANNEL_NAME, Mall, a_purchase, id_of, made

BIRTHDAY = "2000-11-30"


def buy(mall: Mall, subject: str, yuan: int, **more: object) -> Json:
    """Report a purchase, and see that the quote of a moment before agrees with it."""
    body = {**a_purchase(subject, yuan, f"p-{next(mall.numbers)}"), **more}
    quote = made(mall.till.post("/earn/quote", body), 200)
    answer = made(mall.till.post("/purchases", body), 201)
    assert (quote["points"], quote["explanation"]) == (answer["points"], answer["explanation"])
    assert sum(line["points"] for line in answer["explanation"]) == answer["points"]
    again = made(mall.till.post("/purchases", body), 200)
    assert again == answer
    return {**answer, "id": body["purchase_id"], "quote": quote}


def take_back(mall: Mall, bought: Json, fen: int, refund_id: str = "r") -> int:
    """Refund a part of a purchase; return the points that this took."""
    path = f"/purchases/{CHANNEL_NAME}/{bought['id']}/refunds"
    body = {"refund_id": refund_id, "amount": fen}
    return int(made(mall.till.post(path, body), 201)["points_clawed_back"])


@pytest.fixture(autouse=True)
def books(mall: Mall) -> object:
    """Look at the whole table behind every test."""
    yield
    check_all(Work(mall.clock.now()))


def test_a_campaign_holds_from_the_next_request_on_and_so_does_its_change(mall: Mall) -> None:
    mall.member("lin")
    assert buy(mall, "lin", 100)["points"] == 100
    spring = begun(mall, doubling())
    bought = buy(mall, "lin", 100)
    assert bought["explanation"][1] == {
        "rule": spring,
        "text": "Double in spring: 100 points more.",
        "points": 100,
    }
    edited(mall, spring, multiplier_bp=30_000)
    assert buy(mall, "lin", 100)["points"] == 300
    edited(mall, spring, window={"from": None, "until": rfc3339(mall.clock.now())})
    assert buy(mall, "lin", 100)["points"] == 100


def test_a_late_purchase_is_judged_by_the_rules_of_its_own_instant(mall: Mall) -> None:
    mall.member("lin")
    days: list[datetime] = []
    spring = begun(mall, doubling(window={"from": "2027-01-01T00:00:00Z", "until": None}))
    for rate, effect in ((1, 20_000), (2, 30_000), (3, 40_000)):
        mall.clock.advance(days=1)
        read = mall.marketing.get("/admin/program")
        tag = {"If-Match": read.headers["etag"]}
        body = {**read.json, "points_per_unit": rate}
        made(mall.marketing.put("/admin/program", body, headers=tag), 200)
        edited(mall, spring, multiplier_bp=effect, window={"from": None, "until": None})
        days.append(mall.clock.now())
    mall.clock.advance(hours=1)
    before = timedelta(microseconds=1)
    for at, points in (
        (days[0] - before, 100),
        (days[0], 200),
        (days[1] - before, 200),
        (days[1], 600),
        (days[2] - before, 600),
        (days[2], 1200),
    ):
        bought = buy(mall, "lin", 100, occurred_at=rfc3339(at))
        assert bought["points"] == points
        assert take_back(mall, bought, 5_000, "r-1") == points // 2
        assert take_back(mall, bought, 5_000, "r-2") == points // 2


def test_a_member_buys_in_the_month_of_the_birthday_and_on_the_member_day(mall: Mall) -> None:
    made(mall.till.post("/members", {"subject": "lin", "birthday": BIRTHDAY}), 201)
    mall.member("mei")
    birthday = begun(mall, doubling(birthday_month=True))
    begun(mall, doubling(member_day=22, multiplier_bp=30_000, wins_over=[birthday]))
    assert buy(mall, "lin", 100)["points"] == 200
    told = buy(mall, "mei", 100)
    assert told["points"] == 100
    reasons = {item["reason"] for item in told["quote"]["not_applied"]}
    assert reasons == {"birthday", "day"}
    (hint,) = told["quote"]["hints"]
    assert hint["text"] == "Double in spring: the next day is 2026-11-22."
    made(mall.till.post("/members", {"subject": "wei", "birthday": "1990-03-08"}), 201)
    # In which month a birthday is no till is told.
    assert buy(mall, "wei", 100)["quote"]["hints"] == [hint]
    wei = Api(mall.app, a_caller("member", subject="wei"))
    own = wei.post("/earn/quote", {"paid": {"amount": 10_000, "currency": "cny"}})["hints"]
    march = "Double in spring: the next day is 2027-03-01."
    assert {one["text"] for one in own} == {hint["text"], march}
    mall.clock.advance(days=1)
    assert buy(mall, "lin", 100)["points"] == buy(mall, "mei", 100)["points"] == 300


def test_a_quote_tells_a_member_what_would_earn_more_in_the_language_asked(mall: Mall) -> None:
    lin = mall.member("lin")
    begun(mall, giving(200, yuan=500))
    asked = {"paid": {"amount": 48_800, "currency": "cny"}}
    quote = lin.post("/earn/quote", asked, headers={"Accept-Language": "zh-CN"})
    assert quote["hints"][0]["text"] == "春季双倍：再消费 ¥12.00 即可享受，得 +200 积分。"
    assert quote["not_applied"][0]["reason"] == "threshold"


def test_a_cap_of_a_member_is_kept_to_the_point_and_begins_anew(mall: Mall) -> None:
    mall.member("lin")
    begun(mall, doubling(per_member={"points": 150, "per": "day"}))
    assert [buy(mall, "lin", 100)["points"] for _ in range(3)] == [200, 150, 100]
    mall.clock.advance(days=1)
    capped = buy(mall, "lin", 200)
    assert capped["explanation"][1]["text"] == (
        "Double in spring: 150 points more, as one member gets at most 150 points a day."
    )
    assert take_back(mall, capped, 10_000, "r-1") == 150
    assert take_back(mall, capped, 10_000, "r-2") == 200


def test_a_budget_is_spent_to_the_point_and_then_the_line_says_so(mall: Mall) -> None:
    mall.member("lin")
    spring = begun(mall, doubling(budget=250))
    assert [buy(mall, "lin", yuan)["points"] for yuan in (200, 100, 50)] == [400, 100, 100]
    told = buy(mall, "lin", 100)
    assert told["explanation"][1]["text"] == "Double in spring: its points are used up."
    assert mall.marketing.get(f"/admin/campaigns/{spring}")["spent"] == 250
    assert edited(mall, spring, budget=350)["spent"] == 250
    assert buy(mall, "lin", 100)["points"] == 200


def test_what_is_given_back_to_a_budget_that_was_removed_is_there_when_it_comes_back(
    mall: Mall,
) -> None:
    spring = begun(mall, doubling(budget=250))
    assert campaigns.take(Work(mall.clock.now()), spring, points=100, mark="of a lost purchase")
    edited(mall, spring, budget=None)
    campaigns.give_back({spring: 100})
    told = edited(mall, spring, budget=350)
    assert (told["spent"], told["budget"]) == (0, 350)


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.CONFLICT, Fault.THROTTLED])
def test_a_purchase_that_goes_wrong_once_takes_from_a_budget_once(mall: Mall, fault: Fault) -> None:
    mall.member("lin")
    spring = begun(mall, doubling(budget=1_000))
    with faults({0: fault}, only="TransactWriteItems"):
        made(mall.till.post("/purchases", a_purchase("lin", 100, "p")), 201)
    assert mall.marketing.get(f"/admin/campaigns/{spring}")["spent"] == 100


def test_a_refused_purchase_takes_nothing_from_a_budget(mall: Mall) -> None:
    mall.member("lin")
    spring = begun(mall, doubling(budget=1_000))
    bought = buy(mall, "lin", 100)
    for changed, code in (
        ({"member_id": "mem_00000000000"}, "not_found"),
        ({"occurred_at": "2026-01-01T00:00:00Z"}, "occurred_at_out_of_range"),
        ({"purchase_id": bought["id"]}, "purchase_conflict"),
    ):
        body = {**a_purchase("lin", 99, "refused"), **changed}
        assert mall.till.post("/purchases", body).code == code
    assert mall.marketing.get(f"/admin/campaigns/{spring}")["spent"] == 100


def test_own_dates_are_kept_apart_and_taken_back_from_their_own_dates_first(mall: Mall) -> None:
    lin = mall.member("lin", points=70)
    begun(mall, doubling(validity_days=10))
    bought = buy(mall, "lin", 100)
    lots = lin.get("/me/wallet")["lots"]
    assert [(lot["expires_on"], lot["points"]) for lot in lots] == [
        ("2026-12-01", 100),
        ("2028-11-30", 170),
    ]
    assert take_back(mall, bought, 5_000, "r-1") == 100
    lots = lin.get("/me/wallet")["lots"]
    assert [lot["points"] for lot in lots] == [50, 120]
    mall.clock.advance(days=11)
    # What has expired is not taken back; the rest is.
    assert take_back(mall, bought, 5_000, "r-2") == 50
    assert [lot["points"] for lot in lin.get("/me/wallet")["lots"]] == [70]


def test_lines_decide_what_a_category_gives_and_refunds_take_their_share(mall: Mall) -> None:
    mall.member("lin")
    begun(mall, doubling(categories=["tea"]))
    lines = [{"category": "tea", "amount": 4_000}, {"category": "mug", "amount": 6_000}]
    bought = buy(mall, "lin", 100, lines=lines)
    assert bought["points"] == 140
    assert [take_back(mall, bought, 2_500, f"r-{n}") for n in range(4)] == [35] * 4


def test_a_guests_purchase_is_claimed_by_the_rules_of_its_day(mall: Mall) -> None:
    lin = mall.member("lin")
    spring = begun(mall, doubling(validity_days=30, budget=150))
    begun(mall, giving(40, yuan=10, per_member={"points": 40, "per": "ever"}))
    sale = {**a_purchase("lin", 100, "guest"), "member_id": None}
    told = made(mall.till.post("/purchases", sale), 201)
    assert told["points"] == 200
    edited(mall, spring, multiplier_bp=50_000)
    assert take_back(mall, {"id": "guest"}, 1_000) == 20
    mall.clock.advance(days=5)
    body = {"claim_code": told["claim_code"]}
    claimed = made(lin.post("/me/claims", body, key="k"), 201)
    assert (claimed["points"], claimed["expires_on"]) == (180, "2028-11-30")
    assert sum(line["points"] for line in claimed["explanation"]) == 180
    assert lin.post("/me/claims", body, key="k").json == claimed
    # The claim's lines have dates, and the report's stay as they were.
    again = made(mall.till.post("/purchases", sale), 200)
    assert again["explanation"] == told["explanation"]
    assert [lines["explanation"][1]["text"] for lines in (told, claimed)] == [
        "Double in spring: 100 points more, valid for 30 days from their claim.",
        "Double in spring: 100 points more, valid through 2026-12-26.",
    ]
    lots = lin.get("/me/wallet")["lots"]
    assert [(lot["expires_on"], lot["points"]) for lot in lots] == [
        ("2026-12-26", 90),
        ("2028-11-30", 90),
    ]
    assert take_back(mall, {"id": "guest"}, 9_000, "r-2") == 180
    assert lin.get("/me/wallet")["available"] == 0


def test_members_read_one_sentence_in_each_language(mall: Mall) -> None:
    mall.member("lin")
    begun(mall, doubling())
    body = a_purchase("lin", 100, "p")
    for language, text in (("en", SENTENCE["en"]), ("zh-CN", SENTENCE["zh"])):
        reply = mall.till.post("/purchases", body, headers={"Accept-Language": language})
        assert reply["explanation"][1]["text"].startswith(text)
    assert id_of("lin") == body["member_id"]

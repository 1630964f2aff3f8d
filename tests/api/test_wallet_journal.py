"""A member's points, and what happened to them, over HTTP."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chalicelib.ledger.wallets import service
from chalicelib.ledger.wallets.model import NEVER
from chalicelib.storage.work import Work
from tests.events import Api, a_caller
from tests.mall import CHANNEL_NAME, Mall, a_purchase, id_of, made
from tests.orders import cancel, placed
from tests.postings import claw_back, credit

LIN = "sub-lin"
SOON = date(2026, 12, 31)


def work(mall: Mall) -> Work:
    """Return the circumstances of now."""
    return Work(mall.clock.now())


@pytest.fixture
def lin(mall: Mall) -> Api:
    """Return a member without points."""
    return mall.member(LIN)


def of_lin(call: str = "") -> str:
    """Return an operator's path about Lin."""
    return f"/admin/members/{id_of(LIN)}{call}"


def test_a_new_wallet_is_empty(lin: Api) -> None:
    empty = {"available": 0, "held": 0, "debt": 0, "lots": [], "next_expiry": None}
    assert lin.get("/me/wallet").json == empty


def test_a_wallet_shows_its_dates_soonest_first_and_never_as_null(mall: Mall, lin: Api) -> None:
    credit(work(mall), id_of(LIN), points=5, expires_on=NEVER)
    credit(work(mall), id_of(LIN), points=7, expires_on=SOON)
    shown = lin.get("/me/wallet").json
    assert (shown["available"], shown["next_expiry"]) == (12, "2026-12-31")
    assert shown["lots"] == [
        {"expires_on": "2026-12-31", "usable_through": "2026-12-31", "points": 7},
        {"expires_on": None, "usable_through": None, "points": 5},
    ]
    assert mall.support.get(of_lin("/wallet")).json == shown
    dates = [entry["dates"] for entry in lin.get("/me/journal")["items"]]
    assert dates[0] == [{"expires_on": "2026-12-31", "points": 7}]
    assert dates[1:] == [[{"expires_on": None, "points": 5}], []]


def test_no_balance_shows_points_past_their_day_though_nothing_swept_them(
    mall: Mall, lin: Api
) -> None:
    credit(work(mall), id_of(LIN), points=7, expires_on=mall.clock.now().date())
    mall.clock.advance(hours=11, minutes=59, seconds=59)
    assert lin.get("/me/wallet")["available"] == 7
    mall.clock.advance(seconds=1)
    assert lin.get("/me/wallet").json["lots"] == []
    assert (lin.get("/me/wallet")["available"], lin.get("/me/wallet")["next_expiry"]) == (0, None)
    assert mall.support.get(of_lin("/verify"))["intact"] is True


def test_an_exemption_moves_the_last_day_of_use_and_not_the_date(mall: Mall, lin: Api) -> None:
    credit(work(mall), id_of(LIN), points=7, expires_on=SOON)
    service.exempt(work(mall), id_of(LIN), until=SOON)
    shown = lin.get("/me/wallet").json
    assert shown["lots"][0]["expires_on"] == "2026-12-31"
    assert shown["lots"][0]["usable_through"] == shown["next_expiry"] == "2027-01-30"
    service.exempt(work(mall), id_of(LIN), until=SOON)
    assert [entry["reason"] for entry in lin.get("/me/journal")["items"]] == [
        "exemption",
        "purchase",
        "enrolled",
    ]
    service.exempt(work(mall), id_of(LIN), until=None)
    assert lin.get("/me/wallet")["next_expiry"] == "2026-12-31"
    assert mall.support.get(of_lin("/verify"))["intact"] is True


def test_the_journal_tells_every_change_newest_first(mall: Mall, lin: Api) -> None:
    mall.clock.advance(seconds=1)
    credit(work(mall), id_of(LIN), points=10, expires_on=SOON, purchase="store-1/p-1")
    claw_back(
        work(mall), id_of(LIN), points=15, own_date=SOON, purchase="store-1/p-1", refund="r-1"
    )
    newest, middle, first = lin.get("/me/journal")["items"]
    assert middle["at"] == "2026-11-21T04:00:01Z"
    assert (middle["reason"], middle["points"], middle["balance_after"]) == ("purchase", 10, 10)
    assert middle["legs"] == {"issued": -10, "available": 10}
    assert middle["purchase"] == {"channel": "store-1", "purchase_id": "p-1", "refund_id": None}
    assert (newest["reason"], newest["points"], newest["balance_after"]) == (
        "purchase_refund",
        -15,
        0,
    )
    assert (newest["debt"], newest["order_id"]) == (5, None)
    assert newest["legs"] == {"clawed_back": 15, "available": -10, "debt": -5}
    assert newest["purchase"]["refund_id"] == "r-1"
    assert (first["reason"], first["previous_hash"]) == ("enrolled", "")
    assert [newest["previous_hash"], middle["previous_hash"]] == [middle["hash"], first["hash"]]
    assert [entry["version"] for entry in (newest, middle, first)] == [3, 2, 1]
    assert lin.get("/me/wallet")["debt"] == 5


def test_the_journal_speaks_the_readers_language(lin: Api) -> None:
    in_english = lin.get("/me/journal")["items"][0]["text"]
    in_chinese = lin.get("/me/journal", headers={"Accept-Language": "zh-CN"})["items"][0]["text"]
    assert (in_english, in_chinese) == ("You joined the program.", "您加入了积分计划。")


def test_the_journal_agrees_with_every_answer_though_points_had_expired(
    mall: Mall, lin: Api
) -> None:
    """Each of these writes finds 500 points that ended yesterday, and books them, too."""
    told: list[tuple[int, int]] = []

    def look(answered: int) -> None:
        entry, before = lin.get("/me/journal?limit=2")["items"]
        told.append((entry["points"], entry["expired"]))
        assert told[-1] == (answered, 500), entry
        moved = sum(line["points"] for line in entry["lines"])
        assert entry["balance_after"] == before["balance_after"] + moved
        assert entry["balance_after"] == lin.get("/me/wallet")["available"]
        assert made(lin.get("/me/export?limit=1"), 200)["journal"] == [entry]
        assert mall.support.get(of_lin("/journal?limit=1"))["items"] == [entry]
        lose()

    def lose() -> None:
        ended = mall.clock.now().date() - timedelta(days=1)
        credit(work(mall), id_of(LIN), points=500, expires_on=ended)

    mug = mall.reward(40)
    lose()
    look(made(mall.till.post("/purchases", a_purchase(LIN, 100, "p")), 201)["points"])
    back = {"refund_id": "r", "amount": 3_000}
    refunds = f"/purchases/{CHANNEL_NAME}/p/refunds"
    look(-made(mall.till.post(refunds, back), 201)["points_clawed_back"])
    order = placed(lin, mug)
    look(-order["points"])
    look(made(cancel(lin, order), 200)["returned"]["points"])
    look(made(lin.post("/me/check-ins", key="k"), 201)["points"])
    made(mall.support.post(of_lin("/freeze"), {"reason": "lost"}), 200)
    look(0)
    assert [points for points, _ in told] == [100, -30, -40, 40, 10, 0]


def test_an_entry_names_the_order_behind_it(mall: Mall, lin: Api) -> None:
    credit(work(mall), id_of(LIN), points=10, expires_on=SOON, order="ord_0Ab1Cd2Ef3G123456789")
    assert lin.get("/me/journal")["items"][0]["order_id"] == "ord_0Ab1Cd2Ef3G123456789"


def test_a_journal_is_read_page_by_page(mall: Mall, lin: Api) -> None:
    for _ in range(4):
        credit(work(mall), id_of(LIN), points=1, expires_on=SOON)
    first = lin.get("/me/journal?limit=2")
    second = lin.get(f"/me/journal?limit=2&cursor={first['next_cursor']}")
    third = lin.get(f"/me/journal?limit=100&cursor={second['next_cursor']}")
    pages = [[entry["version"] for entry in page["items"]] for page in (first, second, third)]
    assert pages == [[5, 4], [3, 2], [1]]
    assert third["next_cursor"] is None
    other = mall.member("sub-wei").get(f"/me/journal?cursor={first['next_cursor']}")
    assert (other.status, other.pointers()) == (422, ["/cursor"])
    assert [
        entry["version"] for entry in mall.support.get(of_lin("/journal?limit=3"))["items"]
    ] == [5, 4, 3]


@pytest.mark.parametrize("asked", ["limit=0", "limit=101", "limit=x", "cursor=x", "order=asc"])
def test_a_wrong_page_is_refused(lin: Api, asked: str) -> None:
    refused = lin.get(f"/me/journal?{asked}")
    assert (refused.status, refused.pointers()) == (422, ["/" + asked.partition("=")[0]])


def test_who_has_not_joined_has_neither_wallet_nor_journal(mall: Mall) -> None:
    stranger = mall.till.by(a_caller("member", subject="sub-nobody"))
    for path in ("/me/wallet", "/me/journal"):
        assert (stranger.get(path).status, stranger.get(path).code) == (404, "not_enrolled")


def test_a_wallet_of_seventy_two_dates_takes_a_seventy_third(mall: Mall, lin: Api) -> None:
    assert lin.get("/me").status == 200
    for number in range(73):
        credit(
            work(mall), id_of(LIN), points=1_000_000, expires_on=SOON + timedelta(days=31 * number)
        )
    shown = lin.get("/me/wallet").json
    assert (len(shown["lots"]), shown["available"]) == (72, 73_000_000)
    assert mall.support.get(of_lin("/verify"))["intact"] is True

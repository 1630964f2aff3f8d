"""A member is told everything that we know about them, and is forgotten when they ask for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import app
from chalicelib.ledger.members.store import ProfileItem
from chalicelib.outreach.privacy.rules import LEFT_OUT, TOLD
from chalicelib.storage.table import Item
from chalicelib.storage.work import Work
from tests.books import read_books, scan
from tests.disputes import CODED, fetch
from tests.events import Api, a_caller
from tests.invariants import check_all, snapshot
from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import ADDRESS, placed, refund
from tests.privacy import (
    PHONE,
    SECRETS,
    a_full_life,
    erased,
    in_a_campaign,
    told_anywhere,
    verified,
)
from tests.roles import ALLOWED, MEMBERS


@pytest.fixture(autouse=True)
def checked(mall: Mall) -> Iterator[None]:
    """Look at every invariant after each test."""
    yield
    check_all(Work(mall.clock.now()))


def test_an_export_tells_every_item_of_the_member_or_says_why_not(mall: Mall) -> None:
    lin = a_full_life(mall)
    in_a_campaign(mall)
    told = made(lin.get("/me/export", headers={"Accept-Language": "en"}), 200)
    sorts = {item["s"]["S"] for item in scan() if item["p"]["S"] == id_of("lin")}
    sorts -= set(TOLD)
    left = [sort for sort in TOLD if sort.endswith("#")] + [
        one.sort for one in LEFT_OUT if one.sort
    ]
    assert {sort[:2] for sort in sorts} == set(left)
    about = told["about"]
    assert (about["profile"]["name"], about["profile"]["phone"]) == ("林小雨", PHONE)
    kept = ProfileItem.get_attributes().keys() - Item.get_attributes().keys()
    assert kept - about["profile"].keys() == {"mark", "device", "language_assumed"}
    assert (about["wallet"], about["preferences"]["sms"]) == (lin.get("/me/wallet").json, True)
    assert [one["about"] for one in about["notices"]] == ["order_settled"]
    assert [(one["period"], one["units"]) for one in about["limits"]] == [("2026-11-21", 1)]
    assert [(one["period"], one["points"]) for one in about["campaigns"]] == [("2026-11", 50)]
    played = about["activities"]
    assert (played["streak"]["days"], played["streak"]["last_on"]) == (1, "2026-11-21")
    assert {(one["what"], one["period"], one["times"]) for one in played["counted"]} == {
        ("task/share", "2026-11-21", 1),
        ("referral", "2026-11", 1),
    }
    friend = id_of("friend-of-lin")
    (brought,) = played["referrals"]
    assert (brought["member_id"], brought["outcome"], brought["points"]) == (friend, "paid", 500)
    assert set(brought) == {"member_id", "outcome", "points", "debt_paid", "expires_on"}
    left_out = {one["what"] for one in about["left_out"]}
    assert left_out == {one.what.en for one in LEFT_OUT}
    assert "A digest of the device that you joined with" in left_out
    journal = made(lin.get("/me/journal?limit=100"), 200)["items"]
    assert (told["journal"], told["next_cursor"]) == (journal, None)
    rows = read_books(Work(mall.clock.now()))
    assert sorted(one["id"] for one in told["orders"]) == [r["s"][2:] for r in rows.of("order")]
    assert {one["address"]["line1"] for one in told["orders"]} == {ADDRESS["line1"]}
    assert {one["purchase_id"] for one in told["purchases"]} >= {"p-capped"}
    bought_by = [row.get("m") for row in rows.of("purchase")]
    assert len(told["purchases"]) == bought_by.count(id_of("lin")) == 2
    (back,) = told["purchase_refunds"]
    assert (back["refund_id"], back["points_clawed_back"]) == ("r-1", 20)
    (five,) = told["adjustments"]
    assert (five["points"], five["reason"]) == (5, "Miscounted.")


def test_the_pages_of_an_export_are_those_of_the_journal_and_only_the_first_tells_who(
    mall: Mall,
) -> None:
    lin = a_full_life(mall)
    whole = made(lin.get("/me/export"), 200)
    pages, cursor = [made(lin.get("/me/export?limit=2"), 200)], ""
    while cursor := pages[-1]["next_cursor"]:
        pages.append(made(lin.get(f"/me/export?limit=2&cursor={cursor}"), 200))
    assert [page["about"] is not None for page in pages] == [True] + [False] * (len(pages) - 1)
    assert [entry for page in pages for entry in page["journal"]] == whole["journal"]
    named = {order["id"] for page in pages for order in page["orders"]}
    assert named == {order["id"] for order in whole["orders"]}
    assert lin.get("/me/export?limit=100").status == 200
    assert lin.get("/me/export?limit=101").pointers() == ["/limit"]
    mei = mall.member("mei")
    assert mei.get(f"/me/export?cursor={pages[0]['next_cursor']}").pointers() == ["/cursor"]


def test_an_export_shows_codes_to_nobody_but_says_that_they_were_seen(mall: Mall) -> None:
    lin, tea = mall.member("lin", points=500), mall.reward(100, stock=CODED)
    mall.marketing.post(f"/admin/rewards/{tea}/codes", {"csv": "TEA-1\nTEA-2"}, key="i")
    (ready,) = mall.marketing.get(f"/admin/rewards/{tea}/codes").json["items"]
    made(mall.marketing.post(f"/admin/rewards/{tea}/codes/{ready['id']}/execute"), 200)
    seen, unseen = placed(lin, tea, key="seen"), placed(lin, tea, key="unseen")
    made(fetch(lin, seen), 200)
    reply = lin.get("/me/export")
    shown = {order["id"]: order["codes_shown"] for order in reply["orders"]}
    assert shown == {seen["id"]: True, unseen["id"]: False}
    assert "TEA" not in reply.text


def test_an_erased_member_leaves_nothing_personal_in_any_text_of_the_table(mall: Mall) -> None:
    lin = a_full_life(mall)
    assert told_anywhere() == set(SECRETS)
    balance = lin.get("/me/wallet")["available"]
    assert erased(lin)["points_expired"] == balance > 0
    assert told_anywhere() == set()
    assert verified(mall)
    told = made(mall.support.get(f"/admin/members/{id_of('lin')}"), 200)
    assert (told["name"], told["phone"], told["referred_by"]) == (None, None, None)
    assert told["erased_at"] is not None
    newest = mall.support.get(f"/admin/members/{id_of('lin')}/journal")["items"][0]
    assert (newest["reason"], newest["points"], newest["balance_after"]) == ("erased", -balance, 0)
    assert newest["legs"] == {"available": -balance, "expired": balance}


def test_every_call_of_an_erased_member_is_refused(mall: Mall) -> None:
    lin = a_full_life(mall)
    order = placed(lin, mall.reward(10), key="again")
    code = made(lin.get("/me/code"), 200)["code"]
    journal = made(lin.get("/me/journal?limit=1"), 200)["next_cursor"]
    export = made(lin.get("/me/export?limit=1"), 200)["next_cursor"]
    erased(lin)
    before = snapshot(Work(mall.clock.now()))
    names = {"{id}": order["id"], "{task}": "share"}
    own = [endpoint.operation for endpoint in app.endpoints()]
    for operation in [one for one in own if "member" in one.roles]:
        path = operation.path.removeprefix("/v1")
        for name, instead in names.items():
            path = path.replace(name, instead)
        body = dict(operation.example) or None
        reply = lin.call(operation.method, path, body=body, key="again")
        expected = (403, "account_erased") if operation.route == "POST /v1/me" else None
        assert (reply.status, reply.code) == (expected or (401, "unauthenticated")), operation.route
        assert operation.roles == ("member",) or operation.route == "POST /v1/earn/quote"
    for page in (f"/me/journal?cursor={journal}", f"/me/export?cursor={export}"):
        assert lin.get(page).status == 401
    assert {one.route for one in own if one.roles == ("member",)} == {
        route for route, roles in ALLOWED.items() if roles == MEMBERS
    }
    assert mall.till.post("/members/resolve", {"code": code}).status == 404
    assert mall.till.post("/members/resolve", {"phone": PHONE}).status == 404
    assert snapshot(Work(mall.clock.now())) == before


def test_tills_find_nobody_and_the_phone_is_free_again(mall: Mall) -> None:
    lin = a_full_life(mall)
    mine = mall.earn("lin", 10)
    erased(lin)
    assert mall.till.post("/purchases", a_purchase("lin", 10, "late")).code == "not_found"
    asked = {"member_id": id_of("lin"), "paid": {"amount": 1000, "currency": "cny"}}
    assert mall.till.post("/earn/quote", asked).code == "not_found"
    referred = {"subject": "new", "referred_by": id_of("lin")}
    assert mall.till.post("/members", referred).code == "not_found"
    assert mall.till.post("/members", {"subject": "lin"}).code == "subject_taken"
    assert made(mall.till.post("/members", {"phone": PHONE}), 201)["id"] != id_of("lin")
    assert mine["points"] == 10


def test_a_purchase_reported_before_is_answered_as_before(mall: Mall) -> None:
    lin = mall.member("lin")
    first = made(mall.till.post("/purchases", a_purchase("lin", 10, "p")), 201)
    erased(lin)
    assert made(mall.till.post("/purchases", a_purchase("lin", 10, "p")), 200) == first


def test_a_refund_after_an_erasure_takes_nothing_because_the_points_have_ended(mall: Mall) -> None:
    lin = mall.member("lin")
    made(mall.till.post("/purchases", a_purchase("lin", 100, "p")), 201)
    made(lin.post("/orders", {"reward_id": mall.reward(30)}, key="k"), 201)
    assert erased(lin)["points_expired"] == 70
    body = {"refund_id": "r", "amount": {"amount": 10_000, "currency": "cny"}}
    told = made(mall.till.post("/purchases/store-1/p/refunds", body), 201)
    assert (told["points_clawed_back"], told["debt"]) == (0, 0)
    assert mall.support.get(f"/admin/members/{id_of('lin')}/wallet")["debt"] == 0
    assert verified(mall)


def test_points_that_come_back_to_an_erased_member_pay_what_is_owed_and_the_rest_ends(
    mall: Mall,
) -> None:
    lin = mall.member("lin")
    made(mall.till.post("/purchases", a_purchase("lin", 100, "p")), 201)
    order = placed(lin, mall.reward(90))
    body = {"refund_id": "r", "amount": {"amount": 7_000, "currency": "cny"}}
    assert made(mall.till.post("/purchases/store-1/p/refunds", body), 201)["debt"] == 60
    erased(lin)
    back = made(refund(mall, order, quantity=1), 201)
    assert (back["points"], back["debt_paid"]) == (90, 60)
    wallet = mall.support.get(f"/admin/members/{id_of('lin')}/wallet").json
    assert (wallet["available"], wallet["debt"], wallet["lots"]) == (0, 0, [])
    newest = mall.support.get(f"/admin/members/{id_of('lin')}/journal")["items"][0]
    assert newest["legs"] == {"redeemed": -90, "debt": 60, "expired": 30}
    assert verified(mall)


def test_what_is_under_way_stands_against_being_erased(mall: Mall) -> None:
    lin = mall.member("lin", points=500)
    pending = placed(lin, mall.reward(10), address=ADDRESS)
    refused = lin.delete("/me")
    assert (refused.status, refused.code) == (409, "orders_open")
    assert (refused["orders"], refused["points_held"]) == ([pending["id"]], 0)
    assert made(lin.get(f"/orders/{pending['id']}"), 200)["address"] is not None
    made(lin.post(f"/orders/{pending['id']}/cancel", key="c"), 200)
    assert lin.delete("/me", {"confirm": False}).pointers() == ["/confirm"]
    assert made(lin.delete("/me"), 200)["id"] == id_of("lin")


def test_debt_and_frost_do_not_stand_against_being_erased(mall: Mall) -> None:
    lin = mall.member("lin")
    made(mall.till.post("/purchases", a_purchase("lin", 100, "p")), 201)
    placed(lin, mall.reward(90))
    body = {"refund_id": "r", "amount": {"amount": 10_000, "currency": "cny"}}
    made(mall.till.post("/purchases/store-1/p/refunds", body), 201)
    made(mall.support.post(f"/admin/members/{id_of('lin')}/freeze", {"reason": "theft"}), 200)
    assert erased(lin)["points_expired"] == 0
    newest = mall.support.get(f"/admin/members/{id_of('lin')}/journal")["items"][0]
    assert (newest["reason"], newest["legs"]) == ("erased", {})
    for call in ("freeze", "thaw"):
        path = f"/admin/members/{id_of('lin')}/{call}"
        assert mall.support.post(path, {"reason": "over"}).code == "not_found"
    assert verified(mall)


def test_somebody_who_never_joined_has_nothing_to_erase(mall: Mall) -> None:
    stranger = Api(mall.app, a_caller("member", subject="stranger"))
    assert stranger.delete("/me").code == "not_enrolled"
    assert stranger.get("/me/export").code == "not_enrolled"

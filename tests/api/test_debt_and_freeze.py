"""Debt and freezing from end to end: what stops, what goes on, and what is paid first."""

from __future__ import annotations

import pytest

from chalicelib.ledger.adjustments.model import Adjustment
from chalicelib.storage.work import Work
from tests.api.test_claims import claim, guests, is_intact, refund, taken
from tests.corrections import adjust
from tests.events import Api, Json, Reply
from tests.mall import Mall, a_purchase, id_of, made


def wallet(api: Api) -> tuple[int, int]:
    """Return what a member can use, and what is owed."""
    told = api.get("/me/wallet").json
    return told["available"], told["debt"]


def order(api: Api, reward: str, *, key: str) -> Reply:
    """Redeem a reward."""
    return api.post("/orders", {"reward_id": reward}, key=key)


def earn(mall: Mall, purchase_id: str, yuan: int) -> Json:
    """Let lin earn points by a purchase."""
    return made(mall.till.post("/purchases", a_purchase("lin", yuan, purchase_id)), 201)


def newest(api: Api) -> Json:
    """Return what was written last into a member's journal."""
    entry: Json = api.get("/me/journal")["items"][0]
    return entry


@pytest.fixture
def owing(mall: Mall) -> Api:
    """Return lin, who has spent 70 of 100 points and then given the purchase back."""
    lin = mall.member("lin")
    earn(mall, "first", 100)
    made(order(lin, mall.reward(70), key="spend"), 201)
    assert taken(refund(mall, "r-1", 10_000, purchase_id="first")) == (201, 100, 70)
    return lin


def freeze(mall: Mall, *, how: str = "freeze") -> None:
    """Freeze or thaw lin."""
    path = f"/admin/members/{id_of('lin')}/{how}"
    made(mall.support.post(path, {"reason": "The card was lost."}), 200)


def test_a_refund_beyond_the_balance_leaves_debt_that_the_journal_tells(owing: Api) -> None:
    assert wallet(owing) == (0, 70)
    entry = newest(owing)
    assert (entry["reason"], entry["points"], entry["debt"]) == ("purchase_refund", -100, 70)
    assert entry["legs"] == {"available": -30, "clawed_back": 100, "debt": -70}


def test_while_something_is_owed_nothing_new_is_spent(mall: Mall, owing: Api) -> None:
    mug = mall.reward(1)
    for refused in (
        order(owing, mug, key="k"),
        owing.post("/orders/quote", {"reward_id": mug}),
    ):
        assert (refused.status, refused.code, refused["debt"]) == (422, "debt_open", 70)
    # What is not spent does not go away; the same request succeeds once the debt is paid.
    earn(mall, "pays", 71)
    assert wallet(owing) == (1, 0)
    made(order(owing, mug, key="k"), 201)
    assert wallet(owing) == (0, 0)
    assert is_intact(mall)


def test_the_next_purchase_pays_first_and_says_how_much(mall: Mall, owing: Api) -> None:
    half = earn(mall, "half", 50)
    assert (half["points"], half["debt_paid"]) == (50, 50)
    assert wallet(owing) == (0, 20)
    assert (newest(owing)["points"], newest(owing)["debt"]) == (50, -50)
    rest = earn(mall, "rest", 50)
    assert (rest["points"], rest["debt_paid"]) == (50, 20)
    assert wallet(owing) == (30, 0)
    assert is_intact(mall)


def test_a_claim_pays_first_and_says_so_again(mall: Mall, owing: Api) -> None:
    reported = guests(mall)
    claimed = claim(owing, reported["claim_code"])
    assert (claimed["points"], claimed["debt_paid"]) == (128, 70)
    assert wallet(owing) == (58, 0)
    earn(mall, "more", 10)
    again = claim(owing, reported["claim_code"])
    assert (again.status, again.json) == (201, claimed.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert guests(mall).json == reported.json
    assert is_intact(mall)


def test_a_claimed_purchase_that_is_given_back_leaves_debt(mall: Mall, owing: Api) -> None:
    made(claim(owing, guests(mall)["claim_code"]), 201)
    made(order(owing, mall.reward(58), key="all"), 201)
    assert taken(refund(mall, "r-2", 12_850)) == (201, 128, 128)
    assert wallet(owing) == (0, 128)
    assert is_intact(mall)


def test_an_adjustment_pays_first(mall: Mall, owing: Api) -> None:
    given = Adjustment(id_of("lin"), 100, "A tray fell on her coat.", by="op-mei", key="k")
    adjust(Work(mall.clock.now()), given)
    assert wallet(owing) == (30, 0)
    assert newest(owing)["legs"] == {"issued": -100, "available": 30, "debt": 70}
    assert is_intact(mall)


def test_frozen_a_member_spends_nothing_and_earns_on(mall: Mall) -> None:
    lin = mall.member("lin")
    earn(mall, "first", 100)
    mug = mall.reward(10)
    freeze(mall)
    for refused in (order(lin, mug, key="k"), lin.post("/orders/quote", {"reward_id": mug})):
        assert (refused.status, refused.code) == (403, "member_frozen")
    earn(mall, "second", 100)
    made(claim(lin, guests(mall)["claim_code"]), 201)
    assert taken(refund(mall, "r-1", 10_000, purchase_id="second")) == (201, 100, 0)
    assert wallet(lin) == (228, 0)
    freeze(mall, how="thaw")
    made(order(lin, mug, key="k"), 201)
    assert wallet(lin) == (218, 0)
    assert is_intact(mall)


def test_freezing_is_said_before_debt_and_a_frozen_member_pays_it(mall: Mall, owing: Api) -> None:
    mug = mall.reward(1)
    freeze(mall)
    assert order(owing, mug, key="k").code == "member_frozen"
    assert earn(mall, "pays", 70)["debt_paid"] == 70
    freeze(mall, how="thaw")
    assert order(owing, mug, key="k").code == "insufficient_points"
    assert wallet(owing) == (0, 0)

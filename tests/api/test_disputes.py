"""Disputes: what was given already is owed, the rest is kept back until somebody has decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.storage.work import Work
from tests.cash import bought, look
from tests.disputes import CODED, WORTH, dear, decide, fetch, question, worth
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.orders import ADDRESS, cancel, newest, refund, send, units, wallet
from tests.stripes import LocalStripe, taking_money
from tests.webhooks import tell_all


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
        check_all(Work(mall.clock.now()))


def test_an_open_dispute_keeps_back_what_was_not_given(mall: Mall, stripe: LocalStripe) -> None:
    lin, tea = mall.member(points=500), dear(mall, CODED)
    order = bought(lin, stripe, tea, address=ADDRESS)
    question(stripe, order)
    tell_all(mall, stripe)
    assert (look(lin, order)["dispute"], look(lin, order)["status"]) == ("open", "settled")
    assert made(lin.get("/orders"), 200)["items"][0]["dispute"] == "open"
    for reply in (cancel(lin, order), refund(mall, order), send(mall, order), fetch(lin, order)):
        assert (reply.status, reply.code, reply["dispute"]) == (409, "order_disputed", "open")
        assert "TEA" not in reply.text
    assert worth(lin) == (400, 0)
    assert newest(lin)["reason"] == "order_paid"


def test_an_inquiry_freezes_nothing_until_it_becomes_a_dispute(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, tea = mall.member(points=500), dear(mall, CODED)
    order = bought(lin, stripe, tea)
    inquiry = question(stripe, order, is_inquiry=True)
    tell_all(mall, stripe)
    assert look(lin, order)["dispute"] is None
    evidence = {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}}
    stripe.client().v1.disputes.update(inquiry, evidence)  # type: ignore[arg-type]
    tell_all(mall, stripe)
    assert fetch(lin, order).code == "order_disputed"
    other = bought(lin, stripe, tea, key="other")
    closed = question(stripe, other, is_inquiry=True)
    decide(stripe, closed, won=False)
    tell_all(mall, stripe)
    assert made(fetch(lin, other), 200)["codes"] == ["TEA-2"]


def test_a_dispute_that_is_won_gives_the_order_back(mall: Mall, stripe: LocalStripe) -> None:
    lin, tea = mall.member(points=500), dear(mall, CODED)
    order = bought(lin, stripe, tea)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    decide(stripe, dispute, won=True)
    tell_all(mall, stripe)
    assert look(lin, order)["dispute"] == "won"
    assert made(fetch(lin, order), 200)["codes"] == ["TEA-1"]
    assert worth(lin) == (400, 0)


def test_a_dispute_that_is_lost_gives_points_and_units_back(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = bought(lin, stripe, mug, quantity=2, address=ADDRESS)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    assert units(mall, mug)["free"] == 1
    mall.clock.advance(days=30)
    decide(stripe, dispute, won=False)
    tell_all(mall, stripe)
    told = look(lin, order)
    assert (told["dispute"], told["status"], told["fulfilment"]) == ("lost", "refunded", "none")
    assert (told["returned"]["quantity"], told["returned"]["points"]) == (2, 200)
    assert (worth(lin), units(mall, mug)["free"]) == ((500, 0), 3)
    entry = newest(lin)
    assert (entry["reason"], entry["points"], entry["order_id"]) == (
        "dispute_lost",
        200,
        order["id"],
    )
    assert refund(mall, order).code in {"order_disputed", "order_not_settled"}


def test_codes_that_nobody_saw_are_sold_again_when_a_dispute_is_lost(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, tea = mall.member(points=500), dear(mall, CODED)
    order = bought(lin, stripe, tea)
    decide(stripe, question(stripe, order), won=False)
    tell_all(mall, stripe)
    assert look(lin, order)["status"] == "refunded"
    assert fetch(lin, order).code in {"order_disputed", "order_not_settled"}
    assert units(mall, tea) == {"made": 2, "free": 2, "taken": 0, "withdrawn": 0}


@pytest.mark.parametrize("used", ["fetched", "sent"])
def test_what_was_used_is_clawed_back_at_once_and_won_back_to_the_date(
    mall: Mall, stripe: LocalStripe, used: str
) -> None:
    lin = mall.member("lin", points=2000)
    mall.clock.advance(days=40)
    stripe.clock.instant = mall.clock.instant
    mall.earn("lin", 3000)
    order = bought(lin, stripe, dear(mall, CODED), address=ADDRESS)
    made(fetch(lin, order) if used == "fetched" else send(mall, order), 200)
    before = wallet(lin)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    assert worth(lin) == (4900 - WORTH, 0)
    entry = newest(lin)
    assert (entry["reason"], entry["points"]) == ("payment_disputed", -WORTH)
    assert [day["points"] for day in entry["dates"]] == [-1900, -1090]
    assert fetch(lin, order).code == "order_disputed"
    decide(stripe, dispute, won=True)
    tell_all(mall, stripe)
    assert wallet(lin) == before
    assert (newest(lin)["reason"], newest(lin)["points"]) == ("dispute_won", WORTH)
    assert look(lin, order)["dispute"] == "won"


def test_what_was_used_stays_clawed_back_when_a_dispute_is_lost(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, tea = mall.member(points=5000), dear(mall, CODED)
    order = bought(lin, stripe, tea)
    made(fetch(lin, order), 200)
    decide(stripe, question(stripe, order), won=False)
    tell_all(mall, stripe)
    assert worth(lin) == (4900 - WORTH, 0)
    told = look(lin, order)
    assert (told["dispute"], told["status"]) == ("lost", "settled")
    assert refund(mall, order)["dispute"] == "lost"
    assert units(mall, tea)["free"] == 1


def test_after_a_full_refund_the_cash_that_goes_back_twice_is_clawed_back(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member(points=5000), dear(mall)
    order = bought(lin, stripe, mug)
    made(refund(mall, order, restock=True), 201)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    told = look(lin, order)
    assert (told["status"], told["dispute"]) == ("refunded", "open")
    assert worth(lin) == (5000 - WORTH, 0)
    decide(stripe, dispute, won=True)
    tell_all(mall, stripe)
    assert worth(lin) == (5000, 0)
    assert units(mall, mug)["free"] == 3


def test_after_a_partial_refund_only_what_goes_back_twice_is_clawed_back(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member(points=5000), dear(mall)
    order = bought(lin, stripe, mug, quantity=3)
    made(refund(mall, order, quantity=1), 201)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    assert worth(lin) == (4800 - WORTH, 0)
    decide(stripe, dispute, won=False)
    tell_all(mall, stripe)
    told = look(lin, order)
    assert (told["status"], told["returned"]["points"]) == ("refunded", 300)
    assert worth(lin) == (5000 - WORTH, 0)
    assert units(mall, mug)["free"] == 2


def test_an_order_that_its_member_cancelled_can_be_disputed(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member(points=5000), dear(mall)
    order = bought(lin, stripe, mug)
    made(cancel(lin, order), 200)
    decide(stripe, question(stripe, order), won=False)
    tell_all(mall, stripe)
    told = look(lin, order)
    assert (told["status"], told["dispute"]) == ("cancelled", "lost")
    assert worth(lin) == (5000 - WORTH, 0)


def test_a_claw_back_beyond_the_balance_is_owed_and_won_back_whoever_paid_it_meanwhile(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin = mall.member("lin", points=600)
    order = bought(lin, stripe, dear(mall, CODED))
    made(fetch(lin, order), 200)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    assert worth(lin) == (0, WORTH - 500)
    mall.clock.advance(days=40)
    assert mall.earn("lin", 1000)["debt_paid"] == 1000
    assert lin.post("/orders", {"reward_id": mall.reward(1)}, key="x").code == "debt_open"
    decide(stripe, dispute, won=True)
    tell_all(mall, stripe)
    told = wallet(lin)
    assert (told["available"], told["debt"]) == (1500, 0)
    dates = [(lot["expires_on"], lot["points"]) for lot in told["lots"]]
    assert dates == [("2028-11-30", 500), ("2028-12-31", 1000)]


def test_a_dispute_won_lowers_what_is_still_owed_of_it(mall: Mall, stripe: LocalStripe) -> None:
    lin = mall.member("lin", points=600)
    order = bought(lin, stripe, dear(mall, CODED))
    made(fetch(lin, order), 200)
    dispute = question(stripe, order)
    tell_all(mall, stripe)
    decide(stripe, dispute, won=True)
    tell_all(mall, stripe)
    assert worth(lin) == (500, 0)
    assert newest(lin)["debt"] == 500 - WORTH

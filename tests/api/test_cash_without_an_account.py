"""A program without a Stripe account: it sells for points, and takes no cash."""

from __future__ import annotations

from pathlib import Path

from chalicelib.storage.work import Work
from tests.cash import CASH
from tests.invariants import check_all
from tests.mall import Mall
from tests.orders import placed, review_above, units, wallet
from tests.rows import everything
from tests.stripes import taking_money


def test_without_an_account_cash_is_refused_before_anything_is_reserved(
    mall: Mall, tmp_path: Path
) -> None:
    options = [{"points": 100, "cash": CASH}, {"points": 200}]
    mug = mall.reward(options=options, stock={"mode": "counted", "units": 3})
    lin, body = mall.member("lin", points=500), {"reward_id": mug}
    before = everything()
    for reply in (lin.post("/orders", body, key="k"), lin.post("/orders/quote", body)):
        assert (reply.status, reply.code) == (503, "unavailable")
        assert reply.headers["retry-after"] == "1"
    assert everything() == before
    assert placed(lin, mug, option=1, key="points")["status"] == "settled"
    with taking_money(mall, tmp_path):
        assert placed(lin, mug)["status"] == "awaiting_payment"
    assert (wallet(lin)["available"], wallet(lin)["held"]) == (200, 100)
    assert units(mall, mug)["free"] == 1
    check_all(Work(mall.clock.now()))


def test_without_an_account_cash_that_would_be_looked_at_first_is_refused_too(mall: Mall) -> None:
    mug = mall.reward(options=[{"points": 100, "cash": CASH}])
    lin = mall.member("lin", points=500)
    review_above(mall, yuan=0)
    before = everything()
    reply = lin.post("/orders", {"reward_id": mug}, key="k")
    assert (reply.status, reply.code) == (503, "unavailable")
    assert everything() == before

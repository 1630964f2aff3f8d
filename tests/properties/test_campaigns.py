"""Purchases in campaigns over HTTP: a quote agrees with its purchase, and refunds take it all back.

Every purchase meets what the earlier ones left of caps and budgets.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.kernel.clock import rfc3339
from chalicelib.storage.work import Work
from tests.campaigns import begun, doubling, giving
from tests.invariants import check_all
from tests.mall import CHANNEL_NAME, Mall, a_purchase, made

FEN_MAX: Final = 100_000
MEMBERS: Final = ("lin", "mei", "")
"""The last one is a guest."""


@st.composite
def sales(draw: st.DrawFn) -> dict[str, Any]:
    """Return what is bought, by whom and when, and in which parts it goes back."""
    fen = draw(st.integers(0, FEN_MAX))
    tea = draw(st.integers(0, fen))
    cuts = sorted(draw(st.sets(st.integers(1, fen - 1), max_size=3))) if fen > 1 else []
    steps = [after - before for before, after in zip([0, *cuts], [*cuts, fen], strict=True)]
    return {
        "subject": draw(st.sampled_from(MEMBERS)),
        "fen": fen,
        "lines": draw(st.sampled_from([None, [{"category": "tea", "amount": tea}]])),
        "minutes": draw(st.integers(0, 120)),
        "refunds": [step for step in steps if step],
    }


def open_campaigns(mall: Mall) -> None:
    """Begin campaigns of every sort, one hour ago, and change the rate in between."""
    tea = begun(mall, doubling(categories=["tea"], validity_days=30, budget=2_000))
    cap = {"points": 3_000, "per": "day"}
    begun(mall, doubling(multiplier_bp=15_000, per_member=cap, wins_over=[tea]))
    begun(mall, giving(50, yuan=200, validity_days=9, budget=300))
    mall.clock.advance(hours=1)
    read = mall.marketing.get("/admin/program")
    tag = {"If-Match": read.headers["etag"]}
    body = {**read.json, "points_per_unit": 3}
    made(mall.marketing.put("/admin/program", body, headers=tag), 200)
    begun(mall, giving(7, yuan=1))


def test_a_quote_agrees_and_any_refunds_take_everything_back(mall: Mall) -> None:
    mall.member("lin")
    mall.member("mei")
    open_campaigns(mall)

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(sales())
    def agrees(sale: dict[str, Any]) -> None:
        name = f"sale-{next(mall.numbers)}"
        at = mall.clock.now() - timedelta(minutes=sale["minutes"])
        body = {
            **a_purchase(sale["subject"], 0, name),
            "paid": {"amount": sale["fen"], "currency": "cny"},
            "lines": sale["lines"],
            "occurred_at": rfc3339(at),
        }
        if not sale["subject"]:
            body["member_id"] = None
        quote = made(mall.till.post("/earn/quote", body), 200)
        bought = made(mall.till.post("/purchases", body), 201)
        assert bought["explanation"] == quote["explanation"]
        assert sum(line["points"] for line in bought["explanation"]) == bought["points"]
        path, taken = f"/purchases/{CHANNEL_NAME}/{name}/refunds", 0
        for number, amount in enumerate(sale["refunds"]):
            refund = {"refund_id": f"r-{number}", "amount": amount}
            taken += made(mall.till.post(path, refund), 201)["points_clawed_back"]
        assert taken == bought["points"]

    agrees()
    check_all(Work(mall.clock.now()))

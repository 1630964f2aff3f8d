"""Refunds of one order at once, on the real engine and a real socket: never more than was paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from chalicelib.storage.work import Work
from tests.cash import amounts, bought, dear, given_back, look
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.orders import refund, wallet
from tests.stripes import taking_money

THREADS: Final = 6
PART: Final = 700


def test_concurrent_partial_refunds_never_exceed_what_was_paid(mall: Mall, tmp_path: Path) -> None:
    with taking_money(mall, tmp_path) as stripe:
        lin = mall.member("lin", points=500)
        order = bought(lin, stripe, dear(mall))

        def back(number: int) -> str:
            while True:
                reply = refund(mall, order, key=f"r{number}", amount=PART)
                if reply.status != 503:
                    return str(reply.code)

        with ThreadPoolExecutor(THREADS) as threads:
            told = list(threads.map(back, range(THREADS)))
        assert sorted(told) == [""] * 4 + ["cash_refund_exceeds_order"] * 2
        assert amounts(given_back(mall, order)) == [PART] * 4
        rest = made(refund(mall, order, key="rest"), 201)
        assert (rest["cash"]["amount"], look(lin, order)["status"]) == (190, "refunded")
        assert (sum(amounts(given_back(mall, order))), wallet(lin)["available"]) == (2990, 500)
    check_all(Work(mall.clock.now()))

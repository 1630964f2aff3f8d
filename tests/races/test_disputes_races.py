"""A dispute opens while something is given or given back: whoever is first, nobody gets both.

Each meeting is tried at every call to the table: one request stands still there, and the other one
runs from its beginning to its end.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from chalicelib.storage.work import Work
from tests.cash import look
from tests.disputes import WORTH, dear, fetch, follow, question
from tests.events import Api, Json, Reply
from tests.invariants import check_all
from tests.mall import Mall
from tests.orders import ADDRESS, cancel, load_codes, placed, refund, send, wallet
from tests.races.test_claims_races import between_reads
from tests.stripes import LocalStripe, taking_money

CODES: Final = 40
CALLS_MAX: Final = 12
"""More than any of the requests makes."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A mall with a member who orders codes for points and cash."""

    mall: Mall
    stripe: LocalStripe
    lin: Api
    tea: str
    numbers: Iterator[int]

    def disputed(self) -> tuple[Json, str]:
        """Return an order that is settled, and a dispute of it that nobody has followed yet."""
        order = placed(self.lin, self.tea, key=f"k{next(self.numbers)}", address=ADDRESS)
        self.stripe.pay_order(order["id"])
        look(self.lin, order)
        return order, question(self.stripe, order)


@pytest.fixture
def desk(mall: Mall, tmp_path: Path) -> Iterator[Desk]:
    """Return a desk where everything adds up in the end."""
    with taking_money(mall, tmp_path) as stripe:
        tea = dear(mall, {"mode": "coded"})
        load_codes(mall, tea, [f"TEA-{number}" for number in range(CODES)])
        lin = mall.member("lin", points=500_000)
        yield Desk(mall, stripe, lin, tea, itertools.count())
        check_all(Work(mall.clock.now()))


def meet(desk: Desk, ask: Callable[[Json], Reply], *, dispute_first: bool) -> Iterator[Json]:
    """Yield how each meeting ended: the order, with the answer and what the member lost."""
    for number in range(CALLS_MAX):
        order, dispute = desk.disputed()
        before, replies, met = wallet(desk.lin)["available"], list[Reply](), list[bool]()

        def asked(order: Json = order, replies: list[Reply] = replies) -> None:
            replies.append(ask(order))

        def followed(dispute: str = dispute) -> None:
            follow(desk.mall, dispute)

        waits, comes = (followed, asked) if dispute_first else (asked, followed)
        with between_reads(lambda c=comes, m=met: (m.append(True), c()), before=number):  # type: ignore[misc]
            waits()
        if not met:
            return
        told = look(desk.lin, order)
        assert told["dispute"] == "open"
        lost = before - wallet(desk.lin)["available"]
        yield {"status": replies[0].status, "order": told, "lost": lost}
    raise AssertionError("a request makes more calls than are tried")


def ends(desk: Desk, ask: Callable[[Json], Reply]) -> set[tuple[int, int]]:
    """Return how the meetings end, whoever stands still: the answers, and the points lost."""
    met = (meet(desk, ask, dispute_first=first) for first in (True, False))
    return {(end["status"], end["lost"]) for ended in met for end in ended}


def test_codes_are_told_and_paid_for_or_neither(desk: Desk) -> None:
    assert ends(desk, lambda order: fetch(desk.lin, order)) == {(200, WORTH), (409, 0)}


def test_an_order_is_sent_and_paid_for_or_neither(desk: Desk) -> None:
    assert ends(desk, lambda order: send(desk.mall, order)) == {(200, WORTH), (409, 0)}


def test_what_a_member_cancels_comes_back_or_is_disputed(desk: Desk) -> None:
    # Who cancels first has the points back; the cash is with the bank, so its refund fails.
    found = ends(desk, lambda order: cancel(desk.lin, order, key=order["id"]))
    assert found == {(200, -100), (409, 0)}


def test_what_support_refunds_comes_back_or_is_disputed(desk: Desk) -> None:
    found = ends(desk, lambda order: refund(desk.mall, order, key=order["id"]))
    assert found == {(201, -100), (409, 0)}


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_that_two_follow_at_once_is_followed_once(desk: Desk, *, won: bool) -> None:
    for number in range(CALLS_MAX):
        order, dispute = desk.disputed()
        fetch(desk.lin, order)
        before, met = wallet(desk.lin)["available"], list[bool]()
        if number % 2:
            follow(desk.mall, dispute)
        desk.stripe.lever(f"disputes/{dispute}", {"is_done": won})

        def comes(dispute: str = dispute, met: list[bool] = met) -> None:
            met.append(True)
            follow(desk.mall, dispute)

        with between_reads(comes, before=number // 2):
            follow(desk.mall, dispute)
        lost = before - wallet(desk.lin)["available"]
        assert (look(desk.lin, order)["dispute"], lost) == (("won", 0) if won else ("lost", WORTH))
        if not met:
            return
    raise AssertionError("a request makes more calls than are tried")

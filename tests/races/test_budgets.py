"""Budgets while they are cut, while answers are lost, and when nothing comes of a purchase."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import pytest

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended, Unavailable
from chalicelib.kernel.money import Money
from chalicelib.storage.work import Work
from chalicelib.tiers.campaigns import service as campaigns
from chalicelib.tiers.earning import service as earning
from chalicelib.tiers.earning.model import Booked, Sale
from tests.campaigns import begun, doubling, edited, giving
from tests.events import CHANNEL, Json
from tests.faults import Fault, Plan, faults
from tests.invariants import check_all
from tests.mall import CHANNEL_NAME, Mall, a_purchase, id_of, made

ALWAYS: Final = range(400)
"""More calls than anybody's patience lasts for."""


def spent(mall: Mall, campaign_id: str) -> int:
    return int(mall.marketing.get(f"/admin/campaigns/{campaign_id}")["spent"])


def buys(mall: Mall, name: str = "p", *, yuan: int = 100, at: datetime | None = None) -> Json:
    """Report a purchase of lin's, and see that the quote of a moment before agrees with it."""
    body = {**a_purchase("lin", yuan, name), "occurred_at": rfc3339(at) if at else None}
    quote = made(mall.till.post("/earn/quote", body), 200)
    bought = made(mall.till.post("/purchases", body), 201)
    assert at is None or quote["explanation"] == bought["explanation"]
    return bought


def booked(mall: Mall) -> Booked:
    """Book a purchase of lin's in a process whose patience lasts for three calls."""
    seconds = itertools.count()
    work = Work(mall.clock.now(), pause=lambda _: None, elapsed=lambda: float(next(seconds)))
    sale = Sale(CHANNEL_NAME, "p", id_of("lin"), Money(10_000, "cny"), None)
    return earning.report(work, sale, client=CHANNEL.client, fingerprint=b"f")


@pytest.fixture(autouse=True)
def books(mall: Mall) -> object:
    """Let lin join, and look at the whole table behind every test."""
    mall.member("lin")
    yield
    check_all(Work(mall.clock.now()))


def cut(mall: Mall, campaign_id: str, budget: int | None) -> None:
    edited(mall, campaign_id, budget=budget)


def end(mall: Mall, campaign_id: str) -> None:
    edited(mall, campaign_id, window={"from": None, "until": rfc3339(mall.clock.now())})


def run_out(mall: Mall, campaign_id: str) -> None:
    """Let a campaign end by itself; the next one that begins takes it out of the set."""
    ends = mall.clock.now() + timedelta(minutes=1)
    edited(mall, campaign_id, window={"from": None, "until": rfc3339(ends)})
    mall.clock.advance(minutes=2)
    begun(mall, giving(5, yuan=100_000))


@pytest.mark.parametrize("close", [end, run_out])
@pytest.mark.parametrize("before", [None, 1_000])
def test_late_purchases_spend_a_budget_of_now_also_once_its_campaign_is_over(
    mall: Mall, before: int | None, close: Callable[[Mall, str], None]
) -> None:
    spring = begun(mall, doubling(budget=before))
    held: datetime = mall.clock.now()
    mall.clock.advance(hours=1)
    edited(mall, spring, budget=150)
    mall.clock.advance(hours=1)
    assert buys(mall, "p-1", at=held)["points"] == 200
    mall.clock.advance(hours=1)
    close(mall, spring)
    mall.clock.advance(hours=1)
    assert buys(mall, "p-2", at=held)["points"] == 100
    assert buys(mall, "p-3", yuan=50, at=held)["points"] == 100
    assert spent(mall, spring) == 150


def test_cutting_a_budget_binds_a_purchase_that_is_on_its_way(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=1_000))
    with faults({0: lambda: cut(mall, spring, 99)}, only="UpdateItem"):
        bought = buys(mall)
    assert bought["points"] == 100
    assert bought["explanation"][1]["text"] == (
        "Double in spring: it has too few points left to reward this purchase."
    )
    assert spent(mall, spring) == 0


def test_a_budget_that_is_taken_away_binds_nobody_on_their_way(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=150))
    with faults({0: lambda: cut(mall, spring, None)}, only="UpdateItem"):
        assert buys(mall)["points"] == 200
    assert edited(mall, spring, budget=150)["spent"] == 0
    assert edited(mall, spring, budget=None)["spent"] is None


def test_a_budget_cut_below_what_was_taken_gives_nothing_until_it_is_raised_above(
    mall: Mall,
) -> None:
    spring = begun(mall, doubling(budget=1_000))
    buys(mall, "p-1", yuan=500)
    assert edited(mall, spring, budget=100)["spent"] == 500
    mall.clock.advance(seconds=1)
    told = buys(mall, "p-2")
    assert told["explanation"][1]["text"] == "Double in spring: its points are used up."
    edited(mall, spring, budget=600)
    assert buys(mall, "p-3")["points"] == 200
    assert spent(mall, spring) == 600


@pytest.mark.parametrize("budget", [150, 1_000])
def test_a_taking_whose_answer_is_lost_is_known_again_and_taken_once(
    mall: Mall, budget: int
) -> None:
    spring = begun(mall, doubling(budget=budget))
    with faults({0: Fault.LOST}, only="UpdateItem"):
        assert buys(mall)["points"] == 200
    assert spent(mall, spring) == 100


def test_where_nobody_can_tell_what_was_taken_nothing_is_booked_and_the_rest_given_back(
    mall: Mall,
) -> None:
    spring = begun(mall, doubling(budget=1_000))
    bonus = begun(mall, giving(50, yuan=100, budget=100))
    mall.member("mei")

    def mei_buys() -> None:
        made(mall.till.post("/purchases", a_purchase("mei", 100, "m")), 201)

    with faults({1: Fault.LOST, 2: mei_buys}, only="UpdateItem"):
        refused = mall.till.post("/purchases", a_purchase("lin", 100, "p"))
    assert (refused.status, refused.code) == (503, "unavailable")
    # Of the bonus mei has 50 points, and 50 are nobody's.
    assert (spent(mall, spring), spent(mall, bonus)) == (100, 100)
    again = buys(mall)
    assert [line["points"] for line in again["explanation"]] == [100, 100, 0]


def test_a_report_that_came_before_takes_nothing_at_all(mall: Mall) -> None:
    begun(mall, doubling(budget=1_000))
    first = buys(mall)
    with faults() as calls:
        again = mall.till.post("/purchases", a_purchase("lin", 100, "p"))
    assert (again.status, again.json) == (200, first)
    assert "UpdateItem" not in calls.made


def test_what_conflicts_for_too_long_gives_back_what_it_took(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=1_000))
    conflicts = dict.fromkeys(ALWAYS, Fault.CONFLICT)
    with faults(conflicts, only="TransactWriteItems"), pytest.raises(Contended):
        booked(mall)
    assert spent(mall, spring) == 0


def test_what_may_have_been_booked_gives_back_nothing(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=1_000))
    unsent = dict.fromkeys(ALWAYS, Fault.UNSENT)
    with faults(unsent, only="TransactWriteItems"), pytest.raises(Unavailable):
        booked(mall)
    assert spent(mall, spring) == 100


def test_a_purchase_that_was_booked_by_a_lost_answer_knows_itself_by_its_mark(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=1_000))
    plan = {0: Fault.LOST} | dict.fromkeys(ALWAYS[1:], Fault.CONFLICT)
    with faults(plan, only="TransactWriteItems"):
        assert booked(mall).purchase.points == 200
    assert spent(mall, spring) == 100


def test_a_twin_that_is_booked_meanwhile_leaves_the_other_what_it_took(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=1_000))
    with faults({0: lambda: made_first(mall)}, only="TransactWriteItems"):
        again = mall.till.post("/purchases", a_purchase("lin", 100, "p"))
    assert (again.status, again["points"], spent(mall, spring)) == (200, 200, 100)


def made_first(mall: Mall) -> None:
    """Book the purchase that somebody else is about to book."""
    made(mall.till.post("/purchases", a_purchase("lin", 100, "p")), 201)


def test_what_is_given_back_makes_no_budget_where_there_is_none_any_more(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=1_000))

    def unbind() -> Fault:
        edited(mall, spring, budget=None)
        return Fault.CONFLICT

    plan: Plan = {**dict.fromkeys(ALWAYS, Fault.CONFLICT), 0: unbind}
    with faults(plan, only="TransactWriteItems"), pytest.raises(Contended):
        booked(mall)
    assert campaigns.budgets_now(Work(mall.clock.now()), [spring])[spring].left is None
    assert buys(mall, yuan=500)["points"] == 1_000

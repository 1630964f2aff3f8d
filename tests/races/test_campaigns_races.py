"""Many buyers and one budget, one cap, one report: never a point too much, and nobody sent away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import pytest

from chalicelib.storage.work import Work
from tests.campaigns import begun, doubling
from tests.events import Reply
from tests.faults import Crashed, Fault, faults
from tests.invariants import check_all
from tests.mall import Mall, a_purchase, made

THREADS: Final = 64
EACH: Final = 7
"""Points that a purchase gets of the campaign."""


def spent(mall: Mall, campaign_id: str) -> int:
    return int(mall.marketing.get(f"/admin/campaigns/{campaign_id}")["spent"])


def at_once(reports: Sequence[Callable[[], Reply]]) -> list[Reply]:
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(lambda report: report(), reports))


def test_64_buyers_spend_a_budget_to_the_point_and_nobody_is_sent_away(mall: Mall) -> None:
    paid_for = 40
    budget = EACH * paid_for + EACH - 1
    spring = begun(mall, doubling(budget=budget))
    for number in range(THREADS):
        mall.member(f"buyer-{number}")

    def report(number: int) -> Reply:
        return mall.till.post("/purchases", a_purchase(f"buyer-{number}", EACH, f"p-{number}"))

    reports = [partial(report, number) for number in range(THREADS)]
    replies = at_once(reports)
    assert {reply.status for reply in replies} == {201}
    granted = [reply["points"] - EACH for reply in replies]
    assert sorted(granted) == [0] * (THREADS - paid_for) + [EACH] * paid_for
    assert spent(mall, spring) == EACH * paid_for
    assert [reply.status for reply in at_once(reports)] == [200] * THREADS
    assert spent(mall, spring) == EACH * paid_for
    check_all(Work(mall.clock.now()))


def test_one_report_sent_by_many_at_once_takes_from_a_budget_once(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=10_000))
    mall.member("lin")
    body = a_purchase("lin", 100, "p")
    replies = at_once([lambda: mall.till.post("/purchases", body)] * 16)
    assert sorted(reply.status for reply in replies) == [200] * 15 + [201]
    assert len({reply["points"] for reply in replies}) == 1
    assert spent(mall, spring) == 100
    check_all(Work(mall.clock.now()))


def test_one_members_purchases_at_once_stay_within_the_cap(mall: Mall) -> None:
    spring = begun(mall, doubling(budget=10_000, per_member={"points": 250, "per": "day"}))
    mall.member("lin")

    def report(number: int) -> Reply:
        body = a_purchase("lin", 100, f"p-{number}")
        while (reply := mall.till.post("/purchases", body)).status == 503:
            pass
        return reply

    replies = at_once([partial(report, number) for number in range(8)])
    assert sorted(reply["points"] - 100 for reply in replies) == [0] * 5 + [50, 100, 100]
    assert spent(mall, spring) == 250
    check_all(Work(mall.clock.now()))


@pytest.mark.parametrize(
    ("fault", "lost"), [(Fault.CRASH_BEFORE, 100), (Fault.CRASH_AFTER, 0), (Fault.CONFLICT, 0)]
)
def test_what_a_crash_leaves_taken_is_lost_to_the_campaign_and_never_spent_twice(
    mall: Mall, fault: Fault, lost: int
) -> None:
    spring = begun(mall, doubling(budget=350))
    mall.member("lin")
    body = a_purchase("lin", 100, "p-0")
    with faults({0: fault}, only="TransactWriteItems"):
        try:
            mall.till.post("/purchases", body)
        except Crashed:
            assert lost or fault is Fault.CRASH_AFTER
    again = mall.till.post("/purchases", body)
    assert again["points"] == 200
    assert spent(mall, spring) == 100 + lost
    for number in (1, 2, 3):
        made(mall.till.post("/purchases", a_purchase("lin", 100, f"p-{number}")), 201)
    assert spent(mall, spring) == 300
    check_all(Work(mall.clock.now()))


def test_of_operators_who_edit_one_campaign_at_once_one_does(mall: Mall) -> None:
    path = f"/admin/campaigns/{begun(mall, doubling())}"
    tag = {"If-Match": '"1"'}

    def edit(number: int) -> Reply:
        return mall.marketing.put(path, doubling(budget=1 + number), headers=tag)

    replies = at_once([partial(edit, number) for number in range(8)])
    assert sorted(reply.status for reply in replies) == [200] + [412] * 7
    (won,) = [reply for reply in replies if reply.status == 200]
    assert mall.marketing.get(path).json == won.json


def test_campaigns_that_begin_at_once_are_all_in_the_set_or_refused(mall: Mall) -> None:
    def begin(_: int) -> Reply:
        return mall.marketing.post("/admin/campaigns", doubling())

    replies = at_once([partial(begin, number) for number in range(8)])
    assert sorted(reply.status for reply in replies) == [201] + [422] * 7
    assert len(mall.marketing.get("/admin/campaigns")["items"]) == 1

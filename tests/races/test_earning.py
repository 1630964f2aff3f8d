"""Purchases and refunds reported by many threads at once: one effect each, and never too much."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.till import Till, a_till, meanwhile
from tests.events import Reply

LOST_ONCE = ["…", "TransactWriteItems", "TransactWriteItems"]
LOST_TWICE = [*LOST_ONCE, "TransactWriteItems"]
"""The purchase's compare-and-swap speaks first, the wallet's the next time; nothing is read."""


@pytest.fixture
def till(table: str) -> Till:  # noqa: ARG001 - the till works on it
    return a_till()


def insisted(report: Callable[[], Reply]) -> Reply:
    """Report until nobody says to come back."""
    while (reply := report()).status == 503:
        pass
    return reply


def test_twenty_reports_at_once_have_one_effect_and_equal_answers(till: Till) -> None:
    with ThreadPoolExecutor(20) as threads:
        replies = list(threads.map(lambda _: till.purchase(), range(20)))
    assert sorted(reply.status for reply in replies) == [200] * 19 + [201]
    assert all(reply.json == replies[0].json for reply in replies)
    assert till.wallet().available == 128
    assert till.wallet().version == 2
    assert till.faults() == ()


def test_different_purchases_at_once_all_count(till: Till) -> None:
    def report(number: int) -> Reply:
        return insisted(lambda: till.purchase(f"p-{number}", amount=100))

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(report, range(16)))
    assert {reply.status for reply in replies} <= {200, 201}
    assert till.wallet().available == 16
    assert till.faults() == ()


def test_refunds_at_once_never_give_back_more_than_was_paid(till: Till) -> None:
    till.purchase(amount=10_000)

    def report(number: int) -> Reply:
        return insisted(lambda: till.refund(f"r-{number}", 1_500))

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(report, range(12)))
    booked = [reply for reply in replies if reply.status in (200, 201)]
    refused = [reply for reply in replies if reply.code == "refund_exceeds_purchase"]
    assert (len(booked), len(refused)) == (6, 6)
    assert sum(reply["points_clawed_back"] for reply in booked) == 90
    assert till.wallet().available == 10
    assert till.faults() == ()


def test_one_refund_reported_twenty_times_at_once_has_one_effect(till: Till) -> None:
    till.purchase()

    def report(_: int) -> Reply:
        return insisted(lambda: till.refund("r-1", 12850))

    with ThreadPoolExecutor(20) as threads:
        replies = list(threads.map(report, range(20)))
    assert sorted(reply.status for reply in replies) == [200] * 19 + [201]
    assert all(reply.json == replies[0].json for reply in replies)
    assert (till.wallet().available, till.wallet().version) == (0, 3)
    assert till.faults() == ()


def test_a_purchase_that_loses_the_wallet_goes_on_from_what_it_was_shown(till: Till) -> None:
    till.purchase("p-0", amount=100)
    with meanwhile(lambda: till.purchase("p-2", amount=100)) as made:
        reply = till.purchase("p-1", amount=200)
    assert (reply.status, reply["points"]) == (201, 2)
    assert made == ["BatchGetItem", *LOST_ONCE]
    assert till.wallet().available == 4
    assert till.faults() == ()


def test_a_purchase_reported_twice_at_once_gets_the_winners_answer(till: Till) -> None:
    till.purchase("p-0", amount=100)
    with meanwhile(till.purchase) as made:
        reply = till.purchase()
    assert (reply.status, reply["points"]) == (200, 128)
    assert made == ["BatchGetItem", "…", "TransactWriteItems"]


def test_a_refund_that_loses_goes_on_from_what_it_was_shown(till: Till) -> None:
    till.purchase(amount=10_000)
    with meanwhile(lambda: till.refund("r-2", 50)) as made:
        reply = till.refund("r-1", 9_950)
    assert (reply.status, reply["points_clawed_back"]) == (201, 99)
    assert made == ["BatchGetItem", "BatchGetItem", *LOST_TWICE]
    assert till.wallet().available == 0
    assert till.faults() == ()


def test_a_refund_that_lost_what_was_left_is_refused_by_what_it_was_shown(till: Till) -> None:
    till.purchase(amount=10_000)
    with meanwhile(lambda: till.refund("r-2", 51)):
        reply = till.refund("r-1", 9_950)
    assert (reply.status, reply["refundable"]) == (422, 9_949)


def test_a_refund_reported_twice_at_once_gets_the_winners_answer(till: Till) -> None:
    till.purchase()
    with meanwhile(lambda: till.refund("r-1", 12850)):
        reply = till.refund("r-1", 12850)
    assert (reply.status, reply["points_clawed_back"]) == (200, 128)

"""Which orders somebody looks at first, at the threshold and one beyond it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.kernel.money import Money
from chalicelib.program.documents.model import Program, ReviewPolicy
from chalicelib.redeem.orders.model import Concern, Status
from chalicelib.redeem.review.rules import (
    REVIEW_WITHIN,
    ROLLING,
    OrderNotInReview,
    concerns,
    counted_redemptions,
    refuse_decided,
)
from tests.unit.orders import an_order


def a_program(often: int | None = None, worth: int | None = None, **fields: object) -> Program:
    """Return a program that looks at orders by these thresholds."""
    return Program(review=ReviewPolicy(often, worth), **fields)  # type: ignore[arg-type]


def test_a_look_takes_three_days_at_most_and_redemptions_count_for_an_hour() -> None:
    assert timedelta(days=3) == REVIEW_WITHIN
    assert timedelta(minutes=60) == ROLLING


def test_without_a_policy_or_a_threshold_no_order_is_looked_at() -> None:
    assert concerns(Program(), 10**12, cash=None, recent=10**6) == ()
    assert concerns(a_program(), 10**12, cash=None, recent=10**6) == ()


@pytest.mark.parametrize(
    ("program", "counted"), [(Program(), 0), (a_program(worth=5), 0), (a_program(3), 3)]
)
def test_recent_orders_are_counted_only_up_to_where_they_matter(
    program: Program, counted: int
) -> None:
    assert counted_redemptions(program) == counted


@pytest.mark.parametrize(
    ("recent", "found"), [(0, ()), (2, ()), (3, (Concern.FREQUENCY,)), (4, (Concern.FREQUENCY,))]
)
def test_with_three_an_hour_the_fourth_within_it_waits(
    recent: int, found: tuple[Concern, ...]
) -> None:
    assert concerns(a_program(3), 10**12, cash=None, recent=recent) == found


def test_where_none_may_go_unseen_the_first_waits() -> None:
    assert concerns(a_program(0), 1, cash=None, recent=0) == (Concern.FREQUENCY,)


@pytest.mark.parametrize(
    ("program", "most"),
    [
        # 100 points are worth ¥1.00, so a point is worth a fen.
        (a_program(worth=5_000), 5_000),
        (a_program(worth=0), 0),
        # 7 points are worth ¥1.00: 350 are worth ¥50.00, and the 351st is too much.
        (a_program(worth=5_000, worth_points=7), 350),
        # 3 points are worth $1.00, and a point 33⅓ cents: nothing is rounded.
        (a_program(worth=100, worth_points=3, currency="usd"), 3),
        (a_program(worth=99, worth_points=3, currency="usd"), 2),
        # A yen has no smaller unit, a Kuwaiti dinar a thousand.
        (a_program(worth=50, currency="jpy"), 5_000),
        (a_program(worth=50_000, currency="kwd"), 5_000),
    ],
)
def test_at_the_worth_an_order_settles_and_a_point_beyond_it_waits(
    program: Program, most: int
) -> None:
    assert concerns(program, most, cash=None, recent=0) == ()
    assert concerns(program, most + 1, cash=None, recent=0) == (Concern.WORTH,)


def test_the_cash_part_counts_toward_the_worth_of_an_order() -> None:
    """100 points are worth ¥1 by default: 2,000 points and ¥30.00 are what 5,000 points are."""
    program = a_program(worth=50 * 100)
    assert concerns(program, 2_000, cash=Money(3_000, "cny"), recent=0) == ()
    assert concerns(program, 2_000, cash=Money(3_001, "cny"), recent=0) == (Concern.WORTH,)


def test_an_order_that_is_too_often_and_too_much_says_both() -> None:
    program = a_program(3, 5_000)
    assert concerns(program, 5_001, cash=None, recent=3) == (Concern.FREQUENCY, Concern.WORTH)
    assert concerns(program, 5_000, cash=None, recent=2) == ()


@pytest.mark.parametrize("status", Status)
def test_only_an_order_that_waits_is_decided(status: Status) -> None:
    order = an_order(status=status)
    if status is Status.IN_REVIEW:
        refuse_decided(order)
        return
    with pytest.raises(OrderNotInReview) as refused:
        refuse_decided(order)
    assert refused.value.facts == {"order_status": status.value}

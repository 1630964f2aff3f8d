"""How an order moves: what comes back of it, from which end, and what it keeps then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from chalicelib.ledger.journal.model import Account
from chalicelib.ledger.wallets.model import Lot, Lots
from chalicelib.redeem.orders.model import Fulfilment, Order, Parcel, Status
from chalicelib.redeem.orders.rules import (
    HOLDING,
    AlreadySo,
    OrderNotSettled,
    account_of,
    ended,
    is_overdue,
    numbers_of,
    part,
    refuse_not_settled,
    settled,
    whole,
    without,
)
from tests.builders import LATER, NOW, SOON, TODAY
from tests.unit.orders import an_order

INSTANT: Final = timedelta(microseconds=1)
DUE: Final = NOW + timedelta(hours=72)


def waiting(**changes: Any) -> Order:
    """Return an order that somebody looks at."""
    fields: dict[str, Any] = {"status": Status.IN_REVIEW, "settled_at": None, "deadline": DUE}
    return an_order(**fields | changes)


@pytest.mark.parametrize("status", Status)
def test_only_what_is_settled_even_in_part_can_be_given_back_or_sent(status: Status) -> None:
    order = an_order(status=status)
    assert (status in HOLDING) is (status in {Status.SETTLED, Status.PARTLY_REFUNDED})
    if status in HOLDING:
        refuse_not_settled(order)
        return
    with pytest.raises(OrderNotSettled) as refused:
        refuse_not_settled(order)
    assert refused.value.facts == {"order_status": status.value}


def test_an_order_is_overdue_from_its_deadline_on_and_never_without_one() -> None:
    assert not is_overdue(waiting(), DUE - INSTANT)
    assert is_overdue(waiting(), DUE)
    assert is_overdue(waiting(), DUE + INSTANT)
    assert not is_overdue(an_order(), DUE)


@pytest.mark.parametrize("status", Status)
def test_points_lie_in_escrow_while_an_order_waits_and_are_redeemed_then(status: Status) -> None:
    waits = status in {Status.IN_REVIEW, Status.AWAITING_PAYMENT}
    held = Account.ESCROW if waits else Account.REDEEMED
    assert account_of(an_order(status=status)) is held


def test_whoever_finds_a_step_taken_is_told_the_order_as_it_is() -> None:
    order = an_order()
    already = AlreadySo(order)
    assert already.order is order
    assert already.args == (order.id,)


def test_the_whole_is_all_points_by_date_and_all_units_from_where_they_came() -> None:
    parcel = whole(an_order(3))
    assert parcel == Parcel(3, (Lot(SOON, 7), Lot(LATER, 23)), {0: 1, 3: 2})
    assert parcel.worth == 30


@pytest.mark.parametrize(
    ("quantity", "points", "units"),
    [
        (0, (), {}),
        (1, (Lot(LATER, 10),), {3: 1}),
        (2, (Lot(LATER, 20),), {3: 2}),
        (3, (Lot(SOON, 7), Lot(LATER, 23)), {0: 1, 3: 2}),
    ],
)
def test_the_latest_dates_and_the_last_units_come_back_first(
    quantity: int, points: Lots, units: dict[int, int]
) -> None:
    assert part(an_order(3), quantity) == Parcel(quantity, points, units)


def test_a_date_that_holds_more_than_comes_back_is_split() -> None:
    taken = (Lot(TODAY, 5), Lot(SOON, 16), Lot(LATER, 9))
    assert part(an_order(3, taken=taken), 1).points == (Lot(SOON, 1), Lot(LATER, 9))
    exact = (Lot(SOON, 20), Lot(LATER, 10))
    assert part(an_order(3, taken=exact), 1).points == (Lot(LATER, 10),)


def test_points_that_come_back_stay_whole_numbers() -> None:
    """The table tells 10 from 10.0, which Python does not."""
    assert [type(lot.points) for lot in part(an_order(3), 3).points] == [int, int]
    assert type(part(an_order(3), 1).worth) is int


def test_units_are_ordered_by_their_number_whatever_order_they_are_kept_in() -> None:
    order = an_order(3, units={9: 1, 2: 1, 5: 1})
    assert part(order, 1).units == {9: 1}
    assert part(order, 2).units == {5: 1, 9: 1}
    assert numbers_of(order) == [2, 5, 9]


def test_a_second_part_begins_where_the_first_ended() -> None:
    """Units that were not restocked stay on the order, and are passed over."""
    once = without(an_order(3), part(an_order(3), 1), restock=False)
    assert once.units == {0: 1, 3: 2}
    assert part(once, 1).units == {3: 1}
    assert part(once, 2).units == {0: 1, 3: 1}
    assert whole(once) == Parcel(2, (Lot(SOON, 7), Lot(LATER, 13)), {0: 1, 3: 1})
    drop = an_order(3, units={2: 1, 5: 1, 9: 1}, quantity_returned=1)
    assert part(drop, 1).units == {5: 1}
    assert numbers_of(drop) == [2, 5]


def test_more_than_was_taken_never_comes_back() -> None:
    with pytest.raises(AssertionError, match="more comes back than was taken"):
        part(an_order(2, taken=(Lot(LATER, 9),)), 1)
    with pytest.raises(AssertionError):
        part(an_order(2, taken=()), 1)


def test_what_is_left_is_the_next_version_with_less_of_everything() -> None:
    before = an_order(3, returned=0, version=4)
    left = without(before, part(before, 1), restock=True)
    assert left == replace(
        before,
        version=5,
        taken=(Lot(SOON, 7), Lot(LATER, 13)),
        units={0: 1, 3: 1},
        quantity_returned=1,
        returned=10,
    )
    last = without(left, whole(left), restock=True)
    assert last == replace(before, version=6, taken=(), units={}, quantity_returned=3, returned=30)


def test_a_date_that_is_gone_leaves_nothing_and_the_others_stay() -> None:
    order = an_order(2, taken=(Lot(SOON, 9), Lot(LATER, 11)))
    left = without(order, Parcel(1, (Lot(LATER, 11),), {3: 1}), restock=True)
    assert left.taken == (Lot(SOON, 9),)


def test_what_is_not_restocked_keeps_the_units_where_they_were() -> None:
    order = an_order(2)
    left = without(order, whole(order), restock=False)
    assert (left.units, left.quantity_kept, left.taken) == ({0: 1, 3: 1}, 0, ())
    assert order.units == {0: 1, 3: 1}
    without(order, whole(order), restock=True)
    assert order.units == {0: 1, 3: 1}


@pytest.mark.parametrize(
    ("before", "quantity", "after"),
    [
        (Fulfilment.PENDING, 1, Fulfilment.PENDING),
        (Fulfilment.PENDING, 2, Fulfilment.NONE),
        (Fulfilment.SENT, 2, Fulfilment.SENT),
        (Fulfilment.NONE, 2, Fulfilment.NONE),
    ],
)
def test_an_order_of_which_nothing_is_left_is_not_to_be_sent_any_more(
    before: Fulfilment, quantity: int, after: Fulfilment
) -> None:
    order = an_order(2, fulfilment=before)
    assert without(order, part(order, quantity), restock=True).fulfilment is after


def test_a_cancelled_order_holds_nothing_waits_for_nothing_and_is_counted_by_no_limit() -> None:
    order = waiting(periods=("d261121",), fulfilment=Fulfilment.PENDING)
    assert ended(order, Status.CANCELLED) == replace(
        order,
        version=2,
        status=Status.CANCELLED,
        fulfilment=Fulfilment.NONE,
        taken=(),
        units={},
        periods=(),
        deadline=None,
        quantity_returned=2,
        returned=20,
    )


def test_a_settled_order_is_what_it_was_from_that_instant_and_waits_no_more() -> None:
    order = waiting(version=3)
    at = NOW + timedelta(hours=1)
    assert settled(order, at) == replace(
        order, version=4, status=Status.SETTLED, settled_at=at, deadline=None
    )


def test_the_first_numbers_are_those_that_an_order_keeps() -> None:
    order = an_order(3, units={7: 1, 1: 1, 3: 1})
    kept = [numbers_of(replace(order, quantity_returned=gone)) for gone in range(4)]
    assert kept == [[1, 3, 7], [1, 3], [1], []]

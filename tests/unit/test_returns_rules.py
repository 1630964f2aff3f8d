"""When an order may come back, up to the instant and up to the unit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from chalicelib.kernel.errors import InvalidFields
from chalicelib.kernel.money import Money
from chalicelib.ledger.wallets.model import Lot
from chalicelib.redeem.orders.model import Fulfilment, Order, Parcel, Status
from chalicelib.redeem.orders.rules import OrderNotSettled
from chalicelib.redeem.returns.model import RefundRequest
from chalicelib.redeem.returns.rules import (
    CANCEL_WITHIN,
    CashRefundExceedsOrder,
    OrderNotCancellable,
    RefundExceedsOrder,
    refundable,
    refunded,
    refuse_not_cancellable,
)
from tests.builders import LATER, NOW, SOON
from tests.unit.orders import an_order

INSTANT: Final = timedelta(microseconds=1)
LAST: Final = NOW + timedelta(minutes=30)


def test_a_member_may_cancel_for_half_an_hour_and_the_last_instant_counts() -> None:
    assert timedelta(minutes=30) == CANCEL_WITHIN
    refuse_not_cancellable(an_order(), NOW)
    refuse_not_cancellable(an_order(), LAST)
    assert reason_against(an_order(), LAST + INSTANT) == "too_late"


def test_the_half_hour_runs_from_settling_not_from_placing() -> None:
    order = an_order(settled_at=NOW + timedelta(hours=5))
    refuse_not_cancellable(order, LAST + timedelta(hours=5))
    assert reason_against(order, LAST + timedelta(hours=5) + INSTANT) == "too_late"


def test_an_order_that_somebody_looks_at_may_be_cancelled_at_any_time() -> None:
    order = an_order(status=Status.IN_REVIEW, settled_at=None, is_fetched=True)
    refuse_not_cancellable(order, NOW + timedelta(days=3))


@pytest.mark.parametrize("status", [Status.PARTLY_REFUNDED, Status.REFUNDED, Status.CANCELLED])
def test_what_went_another_way_is_past_cancelling_and_its_state_says_why(status: Status) -> None:
    assert reason_against(an_order(status=status), NOW) == status.value
    assert reason_against(an_order(status=status, is_fetched=True), LAST + INSTANT) == status.value


def test_a_settled_order_that_does_not_say_since_when_is_past_cancelling() -> None:
    assert reason_against(an_order(settled_at=None), NOW) == "settled"


def test_codes_seen_and_goods_sent_cannot_be_taken_back() -> None:
    fetched = an_order(is_fetched=True)
    assert reason_against(fetched, NOW) == "codes_fetched"
    assert reason_against(an_order(fulfilment=Fulfilment.SENT), NOW) == "sent"
    refuse_not_cancellable(an_order(fulfilment=Fulfilment.PENDING), NOW)


def test_of_several_reasons_the_most_lasting_one_is_told() -> None:
    late = LAST + INSTANT
    both = an_order(is_fetched=True, fulfilment=Fulfilment.SENT)
    assert reason_against(both, late) == "codes_fetched"
    assert reason_against(replace(both, is_fetched=False), late) == "sent"


def test_whoever_may_not_cancel_is_told_why_and_how_the_order_stands() -> None:
    with pytest.raises(OrderNotCancellable) as refused:
        refuse_not_cancellable(an_order(), LAST + INSTANT)
    assert refused.value.facts == {"reason": "too_late", "order_status": "settled"}


def test_so_many_units_come_back_or_all_that_are_left() -> None:
    once = an_order(3, quantity_returned=1, returned=10, taken=(Lot(SOON, 7), Lot(LATER, 13)))
    everything = Parcel(2, (Lot(SOON, 7), Lot(LATER, 13)), {0: 1, 3: 1})
    assert refundable(once, wanted()) == everything
    assert refundable(once, wanted(2)) == everything
    assert refundable(once, wanted(1)) == Parcel(1, (Lot(LATER, 10),), {3: 1})


@pytest.mark.parametrize(("returned", "asked"), [(0, 4), (1, 3), (2, 20)])
def test_one_unit_more_than_is_left_is_refused_and_told_how_many_are(
    returned: int, asked: int
) -> None:
    with pytest.raises(RefundExceedsOrder) as refused:
        refundable(an_order(3, quantity_returned=returned), wanted(asked))
    left = 3 - returned
    assert refused.value.facts == {"refundable": left}
    assert refused.value.sentence("en").startswith(f"At most {left} units")
    assert refused.value.sentence("zh-CN") == f"该订单最多还可退 {left} 件。"


@pytest.mark.parametrize("status", [Status.IN_REVIEW, Status.REFUNDED, Status.CANCELLED])
@pytest.mark.parametrize("asked", [None, 1, 9])
def test_nothing_is_refunded_of_an_order_that_does_not_hold_anything(
    status: Status, asked: int | None
) -> None:
    with pytest.raises(OrderNotSettled):
        refundable(an_order(status=status), wanted(asked))


def test_the_last_unit_makes_a_refund_whole() -> None:
    order = an_order(2)
    once = refunded(order, refundable(order, wanted(1)), restock=True)
    assert (once.status, once.quantity_kept, once.version) == (Status.PARTLY_REFUNDED, 1, 2)
    assert (once.returned, once.units) == (10, {0: 1})
    last = refunded(once, refundable(once, wanted()), restock=True)
    assert (last.status, last.quantity_kept, last.version) == (Status.REFUNDED, 0, 3)
    assert (last.returned, last.taken, last.units) == (20, (), {})


@pytest.mark.parametrize(("restock", "units"), [(True, {0: 1}), (False, {0: 1, 3: 1})])
def test_units_leave_the_order_only_to_be_sold_again(
    *, restock: bool, units: dict[int, int]
) -> None:
    order = an_order(2)
    assert refunded(order, refundable(order, wanted(1)), restock=restock).units == units


def test_parts_of_the_cash_bring_points_in_proportion_and_add_up_to_the_whole() -> None:
    order = an_order(2, cash=Money(1_000, "cny"))
    back = []
    for amount in (333, 333, 334):
        parcel = refundable(order, wanted(amount=amount))
        back.append((parcel.worth, parcel.cash, parcel.quantity))
        order = refunded(order, parcel, restock=False)
    assert back == [(6, 333, 0), (7, 333, 0), (7, 334, 0)]
    assert (order.status, order.returned, order.cash_returned) == (Status.REFUNDED, 20, 1_000)


def test_units_bring_cash_in_proportion_and_what_went_back_already_counts() -> None:
    order = an_order(3, cash=Money(1_000, "cny"))
    order = refunded(order, refundable(order, wanted(amount=500)), restock=False)
    one = refundable(order, wanted(1))
    assert (one.worth, one.cash) == (0, 0)
    order = refunded(order, one, restock=True)
    rest = refundable(order, wanted())
    assert (rest.worth, rest.cash, rest.quantity) == (15, 500, 2)
    assert refunded(order, rest, restock=True).status is Status.REFUNDED


def test_one_minor_unit_more_than_is_left_is_refused_and_told_how_many_are() -> None:
    order = an_order(2, cash=Money(1_000, "cny"), cash_returned=400, returned=8)
    assert refundable(order, wanted(amount=600)).cash == 600
    with pytest.raises(CashRefundExceedsOrder) as refused:
        refundable(order, wanted(amount=601))
    assert refused.value.facts == {"refundable": 600}


def test_an_order_without_cash_is_refunded_by_quantity_only() -> None:
    with pytest.raises(InvalidFields):
        refundable(an_order(), wanted(amount=1))


def wanted(quantity: int | None = None, *, amount: int | None = None) -> RefundRequest:
    """Return what support asks for."""
    return RefundRequest(quantity, restock=True, amount=amount)


def reason_against(order: Order, now: datetime) -> object:
    """Return why an order may not be cancelled."""
    with pytest.raises(OrderNotCancellable) as refused:
        refuse_not_cancellable(order, now)
    return refused.value.facts["reason"]

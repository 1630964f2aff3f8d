"""What differs where somebody gave cash back at Stripe's dashboard, and an order owed it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from chalicelib.kernel.money import Money
from chalicelib.redeem.orders.model import Status
from chalicelib.redeem.reconciliation.model import Kind
from chalicelib.redeem.reconciliation.rules import compare
from chalicelib.redeem.statements.model import Sides
from tests.builders import NOW
from tests.unit.test_reconciliation_rules import SECOND, back, differs, order, owed, paid

BY_HAND: Final = back(id="re_9", cash=Money(400, "cny"), mark=None)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            {
                "order": order(status=Status.REFUNDED, cash_returned=2990),
                "owed": (owed(asked=600),),
                "refunds": (back(cash=Money(600, "cny")), BY_HAND),
            },
            [],
        ),
        (
            {
                "order": order(status=Status.REFUNDED, cash_returned=2990),
                "owed": (owed(asked=599),),
                "refunds": (back(cash=Money(599, "cny")), BY_HAND),
            },
            [(Kind.REFUND_AMOUNT, "rfd_1")],
        ),
        (
            {
                "order": order(status=Status.REFUNDED, cash_returned=2990),
                "owed": (owed(asked=600),),
                "refunds": (back(cash=Money(600, "cny")), replace(BY_HAND, intent_id="pi_2")),
            },
            [(Kind.REFUND_AMOUNT, "rfd_1")],
        ),
        (
            {
                "order": order(cash_returned=2590),
                "owed": (owed(asked=0, stripe_id=None),),
                "refunds": (replace(BY_HAND, cash=Money(1000, "cny")),),
            },
            [(Kind.REFUND_UNBOOKED, "re_9")],
        ),
        (
            {"order": order(cash_returned=2990), "refunds": (BY_HAND,)},
            [],
        ),
    ],
)
def test_what_covered_a_refund_is_no_difference_and_what_did_not_is_one(
    facts: dict[str, Any], expected: list[tuple[Kind, str]]
) -> None:
    assert differs(**facts) == expected


def test_of_refunds_by_hand_what_the_order_has_left_is_to_be_booked_the_oldest_first() -> None:
    later = replace(BY_HAND, id="re_1", created_at=NOW + SECOND)
    sides = Sides(order().id, order(cash_returned=2490), (), (paid(),), (later, BY_HAND))
    found = [(one.about, one.cash.amount) for one in compare(sides, NOW)]
    assert found == [("re_9", 400), ("re_1", 100)]

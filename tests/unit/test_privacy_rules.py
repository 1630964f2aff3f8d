"""What stands against being erased, and what of a journal an export looks up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.ledger.journal.model import Entry, Reason
from chalicelib.outreach.privacy.rules import (
    ORDERS_TOLD_MAX,
    OrdersOpen,
    is_open,
    named,
    refuse_open,
)
from chalicelib.redeem.orders.model import Fulfilment, Status
from tests.unit.orders import an_order
from tests.unit.test_notices_rules import an_entry


def entries(*refers: dict[str, str]) -> list[Entry]:
    """Return entries that refer to these."""
    return [replace(an_entry(Reason.REFUND), refers=told) for told in refers]


@pytest.mark.parametrize(
    ("changes", "is_so"),
    [
        ({}, False),
        ({"fulfilment": Fulfilment.SENT}, False),
        ({"fulfilment": Fulfilment.PENDING}, True),
        ({"fulfilment": Fulfilment.PENDING, "status": Status.CANCELLED}, False),
        ({"status": Status.IN_REVIEW}, True),
        ({"status": Status.AWAITING_PAYMENT}, True),
    ],
)
def test_an_order_is_open_while_it_waits_or_is_still_to_be_sent(
    changes: dict[str, Any], *, is_so: bool
) -> None:
    assert is_open(an_order(**changes)) is is_so


def test_points_that_are_held_stand_against_it_even_where_no_order_is_open() -> None:
    with pytest.raises(OrdersOpen) as refused:
        refuse_open([an_order()], held=7)
    assert refused.value.facts == {"orders": [], "points_held": 7}
    refuse_open([an_order()], held=0)


def test_of_many_orders_twenty_are_named() -> None:
    waiting = [an_order(id=f"ord_{n}", status=Status.IN_REVIEW) for n in range(21)]
    with pytest.raises(OrdersOpen) as refused:
        refuse_open(waiting, held=0)
    names = [f"ord_{n}" for n in range(20)]
    assert refused.value.facts == {"orders": names, "points_held": 0}
    assert len(names) == ORDERS_TOLD_MAX


def test_what_entries_name_is_looked_up_once_and_only_where_they_name_all_of_it() -> None:
    of_refunds = entries(
        {"purchase": "a/1", "refund": "r-1"},
        {"purchase": "a/1"},
        {"order": "ord_1"},
        {"purchase": "a/1", "refund": "r-2"},
        {"purchase": "a/1", "refund": "r-1"},
    )
    assert named(of_refunds, "purchase", "refund") == [("a/1", "r-1"), ("a/1", "r-2")]
    assert named(of_refunds, "purchase") == [("a/1",)]

"""What stands against taking an order back, and what is left of one that was."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.kernel.money import Money
from chalicelib.redeem.amends.rules import CannotAmend, taken_back
from chalicelib.redeem.orders.model import Fulfilment, Order, Status
from tests.unit.orders import an_order


def order(**changes: Any) -> Order:
    """Return a settled order with a cash part."""
    return an_order(**{"cash": Money(2990, "cny"), "intent_id": "pi_1", **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"is_fetched": True}, "has the codes or the parcel"),
        ({"fulfilment": Fulfilment.SENT}, "has the codes or the parcel"),
        ({"status": Status.CANCELLED}, "is cancelled"),
    ],
)
def test_what_was_used_or_has_ended_is_not_taken_back(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CannotAmend, match=said):
        taken_back(order(**changes))


def test_what_was_never_paid_is_taken_back_whole_and_without_cash() -> None:
    parcel, after = taken_back(order(periods=("d261121",)))
    assert (parcel.quantity, parcel.worth, parcel.cash) == (2, 20, 0)
    assert (after.status, after.cash_returned, after.returned) == (Status.CANCELLED, 0, 20)
    assert after.periods == ()

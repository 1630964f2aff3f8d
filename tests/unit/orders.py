"""An order for unit tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.catalog.stock.model import Mode
from chalicelib.redeem.orders.model import Fulfilment, Order, Status
from tests.builders import LATER, MEMBER_ID, NOW, REWARD_ID, SOON, a_lot


def an_order(quantity: int = 2, **changes: Any) -> Order:
    """Return a settled order of 10 points a unit, paid by two dates, of units of two shards."""
    points = 10 * quantity
    order = Order(
        id="ord_0Ab1Cd2Ef3G4Hi5Jk6L7",
        member_id=MEMBER_ID,
        reward_id=REWARD_ID,
        reward_version=1,
        option=0,
        quantity=quantity,
        points=points,
        status=Status.SETTLED,
        fulfilment=Fulfilment.NONE,
        placed_at=NOW,
        taken=(a_lot(7, SOON), a_lot(points - 7, LATER)),
        program_version=1,
        fingerprint=b"f",
        mode=Mode.COUNTED,
        units={0: 1, 3: quantity - 1} if quantity > 1 else {0: 1},
        settled_at=NOW,
    )
    return replace(order, **changes)

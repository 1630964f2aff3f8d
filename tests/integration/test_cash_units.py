"""What reserving and releasing an order with cash cost; settling is in `test_webhook_units`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mall import Mall, made
from tests.meter import metered
from tests.orders import placed
from tests.reconciled import dear, later
from tests.stripes import LocalStripe, taking_money

RESERVE_MAX, RELEASE_MAX = 14, 12
"""The budget table of the house."""


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money."""
    with taking_money(mall, tmp_path) as local:
        yield local


def test_reserving_stays_within_its_budget_findable_by_time_included(
    mall: Mall, stripe: LocalStripe
) -> None:
    assert stripe.base
    lin, mug = mall.member(points=500), dear(mall)
    placed(lin, mug, key="warm")
    with metered() as meter:
        placed(lin, mug)
    assert meter.writes <= RESERVE_MAX


def test_releasing_stays_within_its_budget(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = placed(lin, mug)
    later(mall, stripe, minutes=15)
    with metered() as meter:
        told = made(lin.get(f"/orders/{order['id']}"), 200)
    assert told["status"] == "expired"
    assert meter.writes <= RELEASE_MAX

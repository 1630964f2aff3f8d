"""What it costs to hear that an order was paid, to claim that, and to settle the order."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.mall import Mall
from tests.meter import metered
from tests.orders import placed
from tests.queues import drain
from tests.stripes import taking_money
from tests.webhooks import events, tell

HEARD: Final = 2
CLAIMED: Final = 2
SETTLED_MAX: Final = 10
"""The house's budget for wallet, entry, order and event."""


def test_settling_stays_within_its_budget_with_the_events_end_in_it(
    mall: Mall, tmp_path: Path
) -> None:
    with taking_money(mall, tmp_path) as stripe:
        options = [{"points": 100, "cash": {"amount": 2990, "currency": "cny"}}]
        order = placed(mall.member("lin", points=500), mall.reward(options=options))
        stripe.pay_order(order["id"])
        event = events(stripe)[-1]
        with metered() as heard:
            assert tell(mall, event).status == 200
        with metered() as worked:
            drain(mall)
        assert heard.writes == HEARD
        assert worked.calls.count("TransactWriteItems") == 2, "claimed, and settled with its end"
        assert worked.writes - CLAIMED <= SETTLED_MAX
        with metered() as again:
            assert tell(mall, event).status == 200
            drain(mall)
        assert again.writes == 0

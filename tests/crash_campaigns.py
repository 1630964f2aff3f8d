"""What the clients of the crash matrix send of campaigns: operators, and tills whose sales count.

All purchases share one campaign with a budget and a cap that none of them reaches; what it spent,
the invariants add up. Of two campaigns that operators begin, the first has ended before the second
one is judged, so that nobody has to win.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.kernel.clock import rfc3339
from tests.campaigns import begun, doubling
from tests.crash_requests import POINTS, Clients
from tests.crashes import Send
from tests.events import Json
from tests.mall import a_purchase

PLENTY: Final = 1_000_000_000
CAPPED: Final[Json] = {"points": POINTS, "per": "month"}


def begin(clients: Clients) -> Send:
    body, key = _brief(clients), clients.key()
    return lambda: clients.mall.marketing.post("/admin/campaigns", body, key=key)


def edit(clients: Clients) -> Send:
    body = _brief(clients)
    path = f"/admin/campaigns/{begun(clients.mall, body)}"
    tag = {"If-Match": '"1"'}
    changed = {**body, "multiplier_bp": 30_000, "budget": PLENTY - 1}
    return lambda: clients.mall.marketing.put(path, changed, headers=tag)


def buy(clients: Clients) -> Send:
    if not clients.mall.marketing.get("/admin/campaigns")["items"]:
        begun(clients.mall, doubling(budget=PLENTY, per_member=CAPPED, validity_days=90))
    body = a_purchase(clients.subject(), POINTS, f"purchase-{next(clients.numbers)}")
    return lambda: clients.mall.till.post("/purchases", body)


def _brief(clients: Clients) -> Json:
    clients.mall.clock.advance(seconds=2)
    ends = clients.mall.clock.now() + timedelta(seconds=1)
    return doubling(window={"from": None, "until": rfc3339(ends)}, budget=PLENTY)

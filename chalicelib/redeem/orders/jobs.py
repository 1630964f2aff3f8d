"""Orders that wait for something are ended when it does not come in time."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.redeem.orders import service
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs, each

jobs = Jobs()


@jobs.every("rate(5 minutes)", name="order-deadlines")
def end_overdue_orders(work: Work) -> Mapping[str, int]:
    """End every order that is past its deadline; looking at one would have done so too."""
    return each(service.overdue(work), lambda order_id: service.find(work, order_id))

"""Orders that wait for something are ended when it does not come in time."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.gateways.payments.port import Payments
from chalicelib.redeem.orders import service as orders
from chalicelib.redeem.progress.service import current
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs
from chalicelib.web.sweeping import in_a_row

jobs = Jobs()


@jobs.every("rate(5 minutes)", name="order-deadlines")
def end_overdue_orders(work: Work, payments: Payments) -> Mapping[str, int]:
    """End every order that is past its deadline; looking at one would have done so too."""

    def end(order_id: str) -> Mapping[str, int]:
        current(work, payments, order=orders.find(work, order_id))
        return {}

    return in_a_row(orders.overdue(work), act=end)

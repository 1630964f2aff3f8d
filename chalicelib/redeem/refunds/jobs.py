"""Cash that is owed goes back, however often that has to be tried."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.gateways.payments.port import Payments
from chalicelib.redeem.refunds import service
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs
from chalicelib.web.sweeping import in_a_row

jobs = Jobs()


@jobs.every("rate(5 minutes)", name="unfinished-refunds")
def finish_refunds(work: Work, payments: Payments) -> Mapping[str, int]:
    """Go on with every refund whose money is not back yet."""

    def go_on(refund_id: str) -> Mapping[str, int]:
        service.resume(work, payments, refund_id=refund_id)
        return {}

    return in_a_row(service.pending(work), act=go_on)

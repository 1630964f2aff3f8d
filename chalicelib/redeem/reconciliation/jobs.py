"""Once a day our orders are held against what Stripe says, and made to follow it."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.gateways.payments.port import Payments
from chalicelib.redeem.reconciliation import service
from chalicelib.storage.work import Work
from chalicelib.web.jobs import Jobs

jobs = Jobs()


@jobs.every("rate(1 day)", name="reconciliation")
def reconcile_with_stripe(work: Work, payments: Payments) -> Mapping[str, int]:
    """Mend what following Stripe mends, and wake somebody for the rest."""
    return service.run(work, payments)

"""What this area answers to: its rooms' routes and background functions, for `app.py` to open."""

from __future__ import annotations

from typing import Final

from chalicelib.redeem.checkout import routes as checkout
from chalicelib.redeem.fulfilment import routes as fulfilment
from chalicelib.redeem.progress import jobs as progress_jobs
from chalicelib.redeem.progress import routes as progress
from chalicelib.redeem.reconciliation import jobs as reconciliation_jobs
from chalicelib.redeem.refunds import jobs as refunds_jobs
from chalicelib.redeem.returns import routes as returns
from chalicelib.redeem.review import routes as review
from chalicelib.redeem.webhooks import jobs as webhooks_jobs
from chalicelib.redeem.webhooks import routes as webhooks
from chalicelib.web.jobs import Jobs
from chalicelib.web.routes import Routes

DOORS: Final[tuple[Routes | Jobs, ...]] = (
    checkout.routes,
    fulfilment.routes,
    progress.routes,
    progress_jobs.jobs,
    reconciliation_jobs.jobs,
    refunds_jobs.jobs,
    returns.routes,
    review.routes,
    webhooks.routes,
    webhooks_jobs.jobs,
)

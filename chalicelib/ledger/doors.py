"""What this area answers to: its rooms' routes and background functions, for `app.py` to open."""

from __future__ import annotations

from typing import Final

from chalicelib.ledger.adjustments import routes as adjustments
from chalicelib.ledger.expiry import jobs as expiry_jobs
from chalicelib.ledger.expiry import routes as expiry
from chalicelib.ledger.journal import routes as journal
from chalicelib.ledger.members import routes as members
from chalicelib.ledger.wallets import routes as wallets
from chalicelib.web.jobs import Jobs
from chalicelib.web.routes import Routes

DOORS: Final[tuple[Routes | Jobs, ...]] = (
    adjustments.routes,
    expiry.routes,
    expiry_jobs.jobs,
    journal.routes,
    members.routes,
    wallets.routes,
)

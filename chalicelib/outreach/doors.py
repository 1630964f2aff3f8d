"""What this area answers to: its rooms' routes and background functions, for `app.py` to open."""

from __future__ import annotations

from typing import Final

from chalicelib.outreach.notices import jobs as notices_jobs
from chalicelib.outreach.notices import routes as notices
from chalicelib.outreach.privacy import routes as privacy
from chalicelib.outreach.relay import jobs as relay_jobs
from chalicelib.outreach.relay import routes as relay
from chalicelib.web.jobs import Jobs
from chalicelib.web.routes import Routes

DOORS: Final[tuple[Routes | Jobs, ...]] = (
    notices.routes,
    notices_jobs.jobs,
    privacy.routes,
    relay.routes,
    relay_jobs.jobs,
)

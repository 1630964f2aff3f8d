"""What this area answers to: its rooms' routes, for `app.py` to open."""

from __future__ import annotations

from typing import Final

from chalicelib.tiers.activities import routes as activities
from chalicelib.tiers.amending import routes as amending
from chalicelib.tiers.claims import routes as claims
from chalicelib.tiers.earning import routes as earning
from chalicelib.tiers.marketing import routes as marketing
from chalicelib.tiers.quotes import routes as quotes
from chalicelib.web.routes import Routes

DOORS: Final[tuple[Routes, ...]] = (
    activities.routes,
    amending.routes,
    claims.routes,
    earning.routes,
    marketing.routes,
    quotes.routes,
)

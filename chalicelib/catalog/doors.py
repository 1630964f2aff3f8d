"""What this area answers to: its rooms' routes, for `app.py` to open."""

from __future__ import annotations

from typing import Final

from chalicelib.catalog.codes import routes as codes
from chalicelib.catalog.restock import routes as restock
from chalicelib.catalog.rewards import routes as rewards
from chalicelib.catalog.shelf import routes as shelf
from chalicelib.web.routes import Routes

DOORS: Final[tuple[Routes, ...]] = (
    codes.routes,
    restock.routes,
    rewards.routes,
    shelf.routes,
)

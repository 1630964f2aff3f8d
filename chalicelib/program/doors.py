"""What this area answers to: its rooms' routes, for `app.py` to open."""

from __future__ import annotations

from typing import Final

from chalicelib.program.audit import routes as audit
from chalicelib.program.documents import routes as documents
from chalicelib.web.routes import Routes

DOORS: Final[tuple[Routes, ...]] = (
    audit.routes,
    documents.routes,
)

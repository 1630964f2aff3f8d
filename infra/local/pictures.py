"""The demo mall's pictures: drawings in a folder, served as they are and cacheable.

Only a plain name with `.svg` behind it reaches the file system, so no path leads out of the
folder. A drawing may not run scripts, even when somebody opens it by itself.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from chalicelib.kernel.errors import MethodNotAllowed, NotFound, Refusal
from chalicelib.web.headers import is_known
from infra.local.exchange import Reply, Request
from infra.local.problems import problem

PREFIX: Final = "/pictures"
HOME: Final = Path(__file__).resolve().parent / "demo" / "pictures"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.svg")
KEPT_SECONDS: Final = 3600
"""Drawings change with the code, and a page of the mall shows dozens."""


def answer(request: Request) -> Reply:
    """Return a picture of the demo mall, 304 for one that the caller holds, or a problem."""
    try:
        return _picture(request)
    except Refusal as refusal:
        return problem(refusal, accept_language=request.header("Accept-Language"))


def _picture(request: Request) -> Reply:
    if request.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(allow="GET, HEAD")
    drawing = _drawing(request.path.removeprefix(PREFIX + "/"))
    tag = f'"{hashlib.sha256(drawing).hexdigest()[:32]}"'
    headers = (
        ("Content-Type", "image/svg+xml"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
        ("Cache-Control", f"public, max-age={KEPT_SECONDS}"),
        ("ETag", tag),
        ("X-Content-Type-Options", "nosniff"),
    )
    if is_known(tag, request.header("If-None-Match")):
        return Reply(304, headers)
    return Reply(200, headers, drawing)


def _drawing(name: str) -> bytes:
    """Return a file of the folder by its plain name."""
    if not NAME.fullmatch(name):
        raise NotFound
    try:
        return (HOME / name).read_bytes()
    except FileNotFoundError:
        raise NotFound from None

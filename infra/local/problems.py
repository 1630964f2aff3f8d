"""The local stack's own refusals, in the form and with the codes that the program gives its own."""

from __future__ import annotations

import json
import uuid
from typing import Final

from chalicelib.kernel.errors import Refusal, TooLarge
from chalicelib.web.headers import language_of
from chalicelib.web.problems import HEADERS_ALWAYS, PROBLEM_TYPE, STATUS, headers_of, members
from infra.local.exchange import Reply

HEADERS_TOO_LARGE: Final = 431


class HeadersTooLarge(TooLarge):
    """A request line and headers beyond what the gateway takes."""


def problem(
    refusal: Refusal, *, accept_language: str = "", request_id: str = "", status: int = 0
) -> Reply:
    """Return a refusal as a problem answer; `status` is for those that the program never gives."""
    request_id = request_id or str(uuid.uuid4())
    if isinstance(refusal, HeadersTooLarge):
        status = HEADERS_TOO_LARGE
    status = status or STATUS[refusal.kind]
    language = language_of(accept_language)
    headers = {
        **HEADERS_ALWAYS,
        "Content-Type": PROBLEM_TYPE,
        "Content-Language": language,
        "X-Request-Id": request_id,
        **headers_of(refusal),
    }
    told = {**members(refusal, language=language, request_id=request_id), "status": status}
    return Reply(status, tuple(headers.items()), json.dumps(told, ensure_ascii=False).encode())

"""Who vouches for a webhook: HMAC-SHA256 over the bytes as they came, with a secret of ours.

Stripe's header is `t=seconds,v1=signature,v1=…`: one signature for each secret while one is rolled.
Here, too, every current secret is tried, so a roll has no moment at which an event is refused. The
time in the header is part of what is signed; it has to lie within five minutes of the program's
clock, before or after. Only then is the body read, and from it no more than what says which object
to fetch: whatever else it tells may be old by the time it comes.

The library's own `construct_event` takes one secret a call, accepts times that lie ahead, and goes
by the machine's clock; its import would cost this function a tenth of a second. A test holds the
two against each other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.gateways.payments.model import Mark, Notice
from chalicelib.gateways.payments.reading import instant_of, mark_of

TOLERANCE: Final = timedelta(minutes=5)
"""Stripe's own default."""
SCHEME: Final = "v1"
HEADER_CHARS_MAX: Final = 2048
"""A signature has 64 digits; this is room for two dozen."""
SECONDS_CHARS_MAX: Final = 11
PAYLOAD_BYTES_MAX: Final = 256 * 1024
"""Events of ours have 2 to 6 KB."""


class NotVouchedFor(Exception):
    """A webhook that nobody with our secret signed just now, or that is no event.

    The reason is for the log. It never goes to the sender, and quotes nothing.
    """


def verify(payload: bytes, header: str, *, secrets: Sequence[str], now: datetime) -> Notice:
    """Return what a webhook tells, or raise `NotVouchedFor`."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise NotVouchedFor("too long")
    seconds, signatures = _read_header(header)
    told = str(seconds).encode() + b"." + payload
    if not any(_is_signed(told, secret, signatures=signatures) for secret in secrets if secret):
        raise NotVouchedFor("no signature of ours")
    if abs(now.timestamp() - seconds) > TOLERANCE.total_seconds():
        raise NotVouchedFor("not of this moment")
    return _read_notice(payload)


def _read_header(header: str) -> tuple[int, list[str]]:
    """Return the time and the signatures in a header."""
    if len(header) > HEADER_CHARS_MAX:
        raise NotVouchedFor("the header is too long")
    items = [item.strip().partition("=") for item in header.split(",")]
    times = [value for name, _, value in items if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdecimal()):
        raise NotVouchedFor("no time")
    if len(times[0]) > SECONDS_CHARS_MAX or str(int(times[0])) != times[0]:
        raise NotVouchedFor("no time")
    return int(times[0]), [value for name, _, value in items if name == SCHEME]


def _is_signed(told: bytes, secret: str, *, signatures: Sequence[str]) -> bool:
    ours = hmac.new(secret.encode(), told, hashlib.sha256).hexdigest().encode()
    return any(hmac.compare_digest(ours, theirs.encode(errors="replace")) for theirs in signatures)


def _read_notice(payload: bytes) -> Notice:
    try:
        event = json.loads(payload)
        thing = event["data"]["object"]
        read = Notice(
            id=_text(event["id"]),
            type=_text(event["type"]),
            object_kind=_text(thing["object"]),
            object_id=_text(thing["id"]),
            intent_id=_intent_id(thing),
            mark=_mark(thing),
            is_live=event["livemode"] is True,
            created_at=instant_of(event["created"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, OSError):
        raise NotVouchedFor("no event") from None
    return read


def _intent_id(thing: dict[str, Any]) -> str | None:
    found = thing["id"] if thing["object"] == "payment_intent" else thing.get("payment_intent")
    return None if found is None else _text(found)


def _mark(thing: dict[str, Any]) -> Mark | None:
    metadata = thing.get("metadata")
    return mark_of(metadata) if isinstance(metadata, dict) else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value

"""Cursors: opaque, tamper-proof, and bound to the query they continue.

A cursor is base64url(position || first 16 bytes of HMAC-SHA256(secret, query, position)).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from chalicelib.kernel.errors import InvalidFields
from chalicelib.kernel.ids import keyed_digest

PAGE_DEFAULT: Final = 20
PAGE_MAX: Final = 100
MAC_BYTES: Final = 16

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page and where the next begins (None at the end)."""

    items: Sequence[T]
    next_position: str | None


def seal(secret: bytes, *, query: str, position: str) -> str:
    """Return the cursor that continues `query` after `position`."""
    mac = keyed_digest(secret, purpose="cursor", message=f"{query}\n{position}")[:MAC_BYTES]
    return base64.urlsafe_b64encode(position.encode() + mac).decode().rstrip("=")


def unseal(secret: bytes, *, query: str, cursor: str) -> str:
    """Return the position in a cursor; refuse one that is not ours or of another query.

    What counts is the cursor that we would give: base64 also reads others as the same bytes.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = raw[:-MAC_BYTES].decode()
    except (binascii.Error, ValueError):
        raise _not_ours() from None
    ours = seal(secret, query=query, position=position)
    if not hmac.compare_digest(ours.encode(), cursor.encode()):
        raise _not_ours()
    return position


def _not_ours() -> InvalidFields:
    return InvalidFields.at("/cursor", "not a cursor of this list", zh="不是本列表的游标")

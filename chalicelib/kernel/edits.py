"""Editing what was read: refused in the same order for every document with an If-Match.

Whether the version that was read still holds comes first, because an edit of a stale one is only to
be read again; then what the body says of itself, which may be sent along as it was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.kernel.errors import InvalidFields, Stale


@dataclass(frozen=True, slots=True)
class Edit:
    """What the body of an edit says that it is an edit of; None where it does not."""

    id: str | None = None
    version: int | None = None


SILENT: Final = Edit()


def refuse_edit(read: int, *, present: int, address: str = "", told: Edit = SILENT) -> None:
    """Refuse an edit of another version than the present one, or of what its body says is another.

    `read` is the version of If-Match, `address` the id in the address. Raises `Stale`, then
    `InvalidFields`.
    """
    if read != present:
        raise Stale
    if told.id not in {None, address}:
        raise InvalidFields.at("/id", "not the id in this address", zh="与地址中的编号不符")
    if told.version not in {None, read}:
        wrong = "not the version of If-Match"
        raise InvalidFields.at("/version", wrong, zh="与 If-Match 的版本不符")

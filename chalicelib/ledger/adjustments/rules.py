"""Which corrections may be asked for, and how long points are good that one gives."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Final

from chalicelib.kernel.clock import end_of_month_after
from chalicelib.kernel.errors import InvalidFields, KeyInvalid
from chalicelib.kernel.ids import KEY_PATTERN
from chalicelib.kernel.points import POINTS_MAX
from chalicelib.ledger.adjustments.model import Adjustment
from chalicelib.program.documents.model import Program

BASIC: Final = "basic"
"""Points that are given by hand are good for as long as everybody's, whatever the standing."""
TEXT_CHARS_MAX: Final = 200
"""A sentence, so that an audit row stays small."""


def refuse_invalid(asked: Adjustment) -> None:
    """Raise `InvalidFields` for a correction that cannot be made of anybody."""
    if not 1 <= abs(asked.points) <= POINTS_MAX:
        told = f"an adjustment is of 1 to {POINTS_MAX} points, more or less"
        raise InvalidFields.at("/points", told, zh=f"应为增加或减少 1 至 {POINTS_MAX} 积分")
    for pointer, text in (("/reason", asked.reason), ("/by", asked.by)):
        if not _is_text(text):
            told = f"{pointer[1:]} has 1 to {TEXT_CHARS_MAX} printable characters"
            raise InvalidFields.at(pointer, told, zh=f"应为 1 至 {TEXT_CHARS_MAX} 个可打印字符")
    if not KEY_PATTERN.fullmatch(asked.key):
        raise KeyInvalid


def expiry_of(program: Program, today: date) -> date:
    """Return the date of points that are given today."""
    return end_of_month_after(today, program.validity_months[BASIC])


def fingerprint_of(asked: Adjustment) -> bytes:
    """Return what makes two corrections under one key the same."""
    told = json.dumps([asked.member_id, asked.points, asked.reason, asked.by])
    return hashlib.sha256(told.encode()).digest()


def _is_text(text: str) -> bool:
    return bool(text.strip()) and len(text) <= TEXT_CHARS_MAX and text.isprintable()

"""What besides their dates decides until when points are good, and when to look after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.program.documents.model import Longer


@dataclass(frozen=True, slots=True)
class Terms:
    """What moves last days, the day that a wallet names by now, and that of its last reminder."""

    exempt_until: date | None
    longer: Sequence[Longer]
    wakes_on: date | None
    reminded_on: date | None

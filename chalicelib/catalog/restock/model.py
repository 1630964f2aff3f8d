"""What an operator adds to a reward's stock or withdraws from it, and what the answer says."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.catalog.stock.model import Left


@dataclass(frozen=True, slots=True)
class Units:
    """Units added or withdrawn, as the audit log keeps them."""

    units: int


@dataclass(frozen=True, slots=True)
class Restocked:
    """A reward's stock after units were added or withdrawn, now or before."""

    left: Left
    replayed: bool

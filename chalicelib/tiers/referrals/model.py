"""New members whom somebody referred, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What came of a new member, once for ever."""

    PAID = "paid"
    CLOSED = "closed"
    """Nothing was to be had: the month was full, or over too long, or no points were promised."""
    KNOWN = "known"
    """They share a phone, an address or a device with somebody who has brought points before."""
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Referred:
    """A new member of somebody's, by the purchase that decided.

    `at` is when it was booked, by which months count, and `program_version` the settings that held
    then. The points were given with a last day, and are told also where they were taken back.
    """

    member_id: str
    purchase: str
    at: datetime
    outcome: Outcome
    program_version: int
    points: int = 0
    debt_paid: int = 0
    expires_on: date | None = None

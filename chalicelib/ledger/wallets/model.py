"""What a wallet is: dated lots, what is held and owed, and the head of its journal's chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from chalicelib.ledger.journal.model import Entry
from chalicelib.program.documents.model import Longer

NEVER: Final = date.max
"""The `expires_on` of points that never expire; sorts last, and is shown as null."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A wallet's points of one `expires_on`, the last day of use without exemption."""

    expires_on: date
    points: int


Lots = tuple[Lot, ...]
"""Lots with different dates, soonest first."""
Merged = tuple[tuple[date, date], ...]
"""First and last: which lots stand for every date from the first on, their own being the last."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """A member's points as of one version; `available` still counts what a sweep has not booked.

    `held` points are in escrow, `debt` is owed, `exempt_until` is the exemption's last day,
    `exempt_since` the day it began (None: before any date that matters), `chain` is the hash of the
    newest entry. From `wakes_on` on somebody has to look after its dates (None: there are none),
    and `reminded_on` is the day of the last reminder; no entry tells of these two. The member of an
    `erased` one is gone for good: what still comes in pays what is owed, and the rest ends at once.
    `merged` remembers which dates became a later one for want of room, until all of them passed.
    `longer` is the program's, and stored there: what longer validities gave to dates like its own.
    """

    member_id: str
    version: int
    available: int
    held: int
    debt: int
    lots: Lots
    exempt_until: date | None
    frozen: bool
    chain: bytes
    exempt_since: date | None = None
    wakes_on: date | None = None
    reminded_on: date | None = None
    erased: bool = False
    merged: Merged = ()
    longer: Sequence[Longer] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A wallet before and after one entry."""

    before: Wallet | None
    after: Wallet
    entry: Entry


@dataclass(frozen=True, slots=True)
class ClawBack:
    """What a claw-back took in all, how much of it the wallet now owes, and the rest by date."""

    points: int
    debt: int
    taken: Lots = ()


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Of points that came back: those that paid a debt, and those that were past their date."""

    debt_paid: int
    expired: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """What the audit log says of a member before a freeze or a thaw."""

    frozen: bool


@dataclass(frozen=True, slots=True)
class Freezing:
    """What the audit log says of a member who is frozen or thawed, and why."""

    frozen: bool
    reason: str

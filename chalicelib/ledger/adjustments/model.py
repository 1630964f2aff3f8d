"""A correction of a wallet: as it is asked for, proposed and decided, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.kernel.approval import Stage


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points given (more than 0) or taken back (less), by whom and why.

    `key` names the deed: under the same key it is done once. `evidence` says where the reason can
    be looked up: a ticket, a receipt.
    """

    member_id: str
    points: int
    reason: str
    by: str
    key: str
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What the audit log says of a wallet before and after: points to use, and points owed.

    After it, also which correction made it so, of how many points, why, and where that stands.
    """

    available: int
    debt: int
    points: int | None = None
    reason: str | None = None
    evidence: str | None = None
    adjustment: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request to decide: who sent it, its route and key, and its fingerprint."""

    by: str
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Decision:
    """What the second person said, when and why."""

    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A correction that somebody asked for.

    A small one is made at once and has no `decision`; any other waits for a second person.
    """

    id: str
    member_id: str
    points: int
    reason: str
    evidence: str | None
    by: str
    at: datetime
    stage: Stage
    decision: Decision | None
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """A proposal as it is now, and whether this very request had been carried out before."""

    proposal: Proposal
    replayed: bool

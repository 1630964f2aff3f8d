"""A correction of a wallet, as it is asked for, as the audit log keeps it, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.ledger.wallets.model import Wallet


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points given (more than 0) or taken back (less), by whom and why.

    `key` names the deed: under the same key it is done once.
    """

    member_id: str
    points: int
    reason: str
    by: str
    key: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What the audit log says of a wallet before and after: points to use, and points owed."""

    available: int
    debt: int
    points: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A wallet after its correction; `again` when that had been made before.

    `available` points can be used today.
    """

    wallet: Wallet
    available: int
    again: bool

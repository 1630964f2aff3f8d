"""How much of a limit a member has used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.catalog.rewards.model import Limit


@dataclass(frozen=True, slots=True)
class Used:
    """Units of a reward that count for a member in a period, whatever the limit is by now.

    The period is told as people write it: `2026-11-21`, `2026-W47`, `2026-11`, or `ever`.
    """

    reward_id: str
    period: str
    units: int


@dataclass(frozen=True, slots=True)
class Counter:
    """One limit of one reward for one member, in the period that holds now.

    `partition` and `sort` are the key of its item; `period` is the last part of `sort`. `resets_at`
    is when the next period begins, None for ever. `used` units count against it, None as long as
    nobody has read it.
    """

    partition: str
    sort: str
    limit: Limit
    resets_at: datetime | None
    used: int | None = None

    @property
    def period(self) -> str:
        """Return the name of the period that it counts in: what an order remembers of it."""
        return self.sort.rpartition("#")[2]

    @property
    def key(self) -> tuple[str, str]:
        """Return the key of its item."""
        return (self.partition, self.sort)

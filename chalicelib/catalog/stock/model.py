"""What stock is: a plan that says how a reward is supplied, and the shards that hold its units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PEAK_DEFAULT: Final = 16
"""Sales a second that a reward is prepared for when nobody says: four shards."""


class Mode(StrEnum):
    """How a reward is supplied."""

    UNLIMITED = "unlimited"
    COUNTED = "counted"


class Hint(StrEnum):
    """What the shelf says of a reward's stock."""

    IN_STOCK = "in_stock"
    LOW = "low"
    SOLD_OUT = "sold_out"


@dataclass(frozen=True, slots=True)
class StockPlan:
    """How one reward is supplied.

    `units` it began with, `peak_per_second` sales are expected at most; `shards` have been opened
    so far, numbered from 0. The last three are 0 where stock is unlimited.
    """

    reward_id: str
    mode: Mode
    units: int = 0
    peak_per_second: int = 0
    shards: int = 0


@dataclass(frozen=True, slots=True)
class Shard:
    """Part of a reward's units: made = free + taken."""

    made: int
    free: int


@dataclass(frozen=True, slots=True)
class Left:
    """All shards of a reward, by number, as of one consistent read."""

    shards: Mapping[int, Shard]

    @property
    def made(self) -> int:
        """Units that were ever put on the shelf."""
        return sum(shard.made for shard in self.shards.values())

    @property
    def free(self) -> int:
        """Units that can be taken."""
        return sum(shard.free for shard in self.shards.values())

    @property
    def taken(self) -> int:
        """Units that went into orders."""
        return self.made - self.free

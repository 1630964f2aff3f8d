"""What stock is: a plan that says how a reward is supplied, and the parts that hold its units."""

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
    NUMBERED = "numbered"
    """A limited drop, each unit with its number: no. 17 of 100."""
    CODED = "coded"
    """Each unit is one voucher code; numbered too, with holes where an import left some."""


Taken = Mapping[int, int]
"""What an order took, so that exactly this can be returned: units by shard where units are
counted, 1 by number where they are numbered, nothing where stock is unlimited."""


class Hint(StrEnum):
    """What the shelf says of a reward's stock."""

    IN_STOCK = "in_stock"
    LOW = "low"
    SOLD_OUT = "sold_out"


@dataclass(frozen=True, slots=True)
class StockPlan:
    """How one reward is supplied.

    `units` it began with. Where they are counted, `peak_per_second` sales are expected at most, and
    `shards` have been opened so far, numbered from 0. Where they are numbered, `made` numbers have
    been given out so far, from 0; where they are codes, `reserved` have been promised to imports,
    of which `made` is the part that may be sold. What does not apply is 0.
    """

    reward_id: str
    mode: Mode
    units: int = 0
    peak_per_second: int = 0
    shards: int = 0
    made: int = 0
    reserved: int = 0

    @property
    def is_numbered(self) -> bool:
        """Tell whether each unit has a number of its own."""
        return self.mode in {Mode.NUMBERED, Mode.CODED}


@dataclass(frozen=True, slots=True)
class Shard:
    """Part of a reward's units: made = free + taken + withdrawn."""

    made: int
    free: int
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """All shards of a reward, by number, as of one consistent read; or all blocks of numbers."""

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
        return self.made - self.free - self.withdrawn

    @property
    def withdrawn(self) -> int:
        """Units that will never be sold."""
        return sum(shard.withdrawn for shard in self.shards.values())

"""What somebody looking at the shelf sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.rewards.model import Lacks, Reward
from chalicelib.catalog.stock.model import Hint
from chalicelib.kernel.pages import Page


@dataclass(frozen=True, slots=True)
class Ask:
    """Which part of the shelf: a category or all of it, so many rewards, behind a position."""

    category: str | None
    limit: int
    after: str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member wants to see only: what it has, or has not, the points for (`affordable`).

    `use_soon` is about those of its points that end soon. None: whichever.
    """

    affordable: bool | None
    use_soon: bool | None = None


@dataclass(frozen=True, slots=True)
class Purse:
    """The points that a member has, and how many of them end soon."""

    points: int
    ending: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A reward on the shelf and a hint at its stock."""

    reward: Reward
    hint: Hint


@dataclass(frozen=True, slots=True)
class Locks:
    """What keeps a member from redeeming: what the audience asks, a limit, points missing."""

    lacks: Lacks
    limit: Counter | None
    missing_points: int


@dataclass(frozen=True, slots=True)
class Mine:
    """A reward on the shelf as one member sees it.

    `use_soon`: points that end soon would pay a unit of it, without cash, and now.
    """

    shown: Shown
    locks: Locks
    use_soon: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of the shelf, and the next instant at which a window may change it."""

    page: Page[Shown]
    turns_at: datetime | None

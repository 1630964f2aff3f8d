"""What is on the shelf at an instant, until when that holds, and what is locked for whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.limits.rules import reached
from chalicelib.catalog.rewards.model import Reward, Taker
from chalicelib.catalog.rewards.rules import missing, next_turn
from chalicelib.catalog.shelf.model import Locks, Purse, Wish

POSITION_DIGITS: Final = 20
"""More than a price has, so that positions sort as prices do."""
SECONDS_MAX: Final = 5
"""How long a page of the shelf may be kept (the rules of the program)."""


def turns_at(rewards: Iterable[Reward], now: datetime) -> datetime | None:
    """Return the next instant at which a window of any of the rewards opens or closes."""
    turns = (next_turn(reward, now) for reward in rewards)
    return min((turn for turn in turns if turn is not None), default=None)


def seconds_to_keep(turns: datetime | None, now: datetime) -> int:
    """Return for how many whole seconds a page may be kept: never past the next turn."""
    if turns is None:
        return SECONDS_MAX
    return max(0, min(SECONDS_MAX, int((turns - now).total_seconds())))


def locks_of(reward: Reward, taker: Taker, *, counters: Sequence[Counter], points: int) -> Locks:
    """Return what keeps a member with so many points from redeeming one unit."""
    short = max(0, reward.points_from - points)
    return Locks(missing(reward, taker), reached(counters, 1), short)


def is_wished(reward: Reward, wish: Wish, *, purse: Purse) -> bool:
    """Tell whether a member wants to see a reward."""
    affordable = reward.points_from <= purse.points
    return wish.affordable in {None, affordable} and wish.use_soon in {None, fits(reward, purse)}


def fits(reward: Reward, purse: Purse) -> bool:
    """Tell whether the points that end soon would pay a unit of a reward by themselves."""
    return reward.points_from <= purse.ending


def place_by_price(reward: Reward) -> str:
    """Return where a reward stands in a list by price, the cheapest first."""
    return f"{reward.points_from:0{POSITION_DIGITS}} {reward.id}"

"""What is on the shelf at an instant, until when that holds, and what is locked for whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.limits.rules import reached
from chalicelib.catalog.rewards.model import Reward, Taker
from chalicelib.catalog.rewards.rules import missing, next_turn, redeemable_window
from chalicelib.catalog.shelf.model import Locks, Purse, Shown
from chalicelib.catalog.stock.model import Hint

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


def points_alone(reward: Reward) -> int | None:
    """Return the points of the cheapest option that asks for no cash, or None: there is none."""
    return min((option.points for option in reward.options if option.cash is None), default=None)


def is_payable(reward: Reward, purse: Purse, *, now: datetime) -> bool:
    """Tell whether the points that end soon would pay a unit by themselves, and may by now."""
    alone = points_alone(reward)
    return alone is not None and alone <= purse.ending and redeemable_window(reward).holds(now)


def fits(seen: Shown, purse: Purse, *, now: datetime) -> bool:
    """Tell whether to use points that end soon for a reward: they would pay one that is left."""
    return seen.hint is not Hint.SOLD_OUT and is_payable(seen.reward, purse, now=now)


def place_by_price(reward: Reward) -> str:
    """Return where a reward that points alone can pay stands in a list by price."""
    alone = points_alone(reward)
    assert alone is not None, reward.id
    return f"{alone:0{POSITION_DIGITS}} {reward.id}"

"""Which period a limit counts in, and when it is reached.

Units count in the period in which an order is placed, by the days of the program's zone; weeks
start on Monday.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from chalicelib.catalog.limits.model import Counter
from chalicelib.catalog.rewards.model import Per, Reward
from chalicelib.kernel.clock import end_of, end_of_month_after, told_instant
from chalicelib.kernel.errors import LimitReached


def period_of(per: Per, today: date) -> tuple[str, date | None]:
    """Return the name of the period that a day falls in, and its last day.

    `d261121`, `w261116` (its Monday), `m2611`, or `e`, which never ends.
    """
    if per is Per.DAY:
        return f"d{today:%y%m%d}", today
    if per is Per.WEEK:
        monday = today - timedelta(days=today.weekday())
        return f"w{monday:%y%m%d}", monday + timedelta(days=6)
    if per is Per.MONTH:
        return f"m{today:%y%m}", end_of_month_after(today, 0)
    return "e", None


def counters_of(member_id: str, reward: Reward, *, today: date, zone: str) -> tuple[Counter, ...]:
    """Return a member's counters of a reward, in the order of its limits, not read yet."""
    found = []
    for limit in reward.limits:
        period, last_day = period_of(limit.per, today)
        resets_at = end_of(last_day, zone) if last_day else None
        _, sort = key_of(member_id, reward.id, period=period)
        found.append(Counter(member_id, sort, limit, resets_at))
    return tuple(found)


def key_of(member_id: str, reward_id: str, *, period: str) -> tuple[str, str]:
    """Return the key of the counter of a period."""
    return (member_id, f"L#{reward_id}#{period}")


def reached(counters: Sequence[Counter], quantity: int) -> Counter | None:
    """Return the limit that stands against so many more units, the one that resets last."""
    against = [c for c in counters if c.used is not None and c.used + quantity > c.limit.units]
    return max(against, key=_resets, default=None)


def refuse(counters: Sequence[Counter], quantity: int) -> None:
    """Raise `LimitReached` when a counter that was read has no room for the quantity."""
    counter = reached(counters, quantity)
    if counter is not None:
        raise LimitReached(
            limit=counter.limit.units,
            per=counter.limit.per.value,
            used=counter.used,
            resets_at=told_instant(counter.resets_at) if counter.resets_at else None,
        )


def _resets(counter: Counter) -> float:
    return counter.resets_at.timestamp() if counter.resets_at else float("inf")

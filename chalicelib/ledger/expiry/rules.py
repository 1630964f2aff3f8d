"""What is due to a wallet by today: points to book as expired, and a member to remind.

A wallet is *due* from the day that it names, `wakes_on`, until somebody has looked after it. What
was to be told on the days between is told once, today: a job that rested for a week sends one
reminder. Afterwards the wallet names the next day, and nothing before it can be missed.

Two wallets stay due until tomorrow: one into which points came after today's reminder that today
was the day to remind of, and one that a longer validity of today, which may be taken back today,
spares a reminder. The price: both are read every quarter of an hour until midnight.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime

from chalicelib.ledger.dates.model import Terms
from chalicelib.ledger.dates.rules import (
    ONE_DAY,
    REMINDER_DAYS,
    ends,
    next_day,
    reminder_days,
)
from chalicelib.ledger.expiry.model import Ending, Timed
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets.model import NEVER, Change, Wallet
from chalicelib.ledger.wallets.rules import Posting, last_day, usable_lots


def is_due(wallet: Wallet, today: date) -> bool:
    """Tell whether somebody has to look after a wallet."""
    return wallet.wakes_on is not None and wallet.wakes_on <= today


def has_expired(wallet: Wallet, today: date) -> bool:
    """Tell whether a wallet still counts points that are past their last day."""
    return len(usable_lots(wallet, today)) < len(wallet.lots)


def looked_after(wallet: Wallet, today: date) -> Wallet:
    """Return a due wallet without expired points as it is once its member was reminded."""
    assert wallet.wakes_on is not None, "nobody has to look after it"
    is_told = wallet.reminded_on == today
    since = today if is_told else wallet.wakes_on
    held = (last_day(wallet, lot.expires_on) for lot in wallet.lots)
    possible = _ends(wallet, today)
    later = next_day(possible, first=today + ONE_DAY)
    if not is_told and _has_reminder(held, today, since=since):
        return replace(wallet, wakes_on=later, reminded_on=today)
    return replace(wallet, wakes_on=since if _has_reminder(possible, today, since=since) else later)


def swept(wallet: Wallet, today: date, *, at: datetime, program_version: int) -> Change:
    """Return the version of a due wallet that books what has expired, and the rest with it."""
    posting = Posting(wallet, today)
    change = posting.close(Reason.EXPIRY, at=at, program_version=program_version)
    return replace(change, after=looked_after(change.after, today))


def endings(wallet: Wallet, today: date) -> tuple[Ending, ...]:
    """Return the points that can be used today and will end, by last day, soonest first."""
    points: dict[date, int] = {}
    for lot in usable_lots(wallet, today):
        through = last_day(wallet, lot.expires_on)
        if through != NEVER:
            points[through] = points.get(through, 0) + lot.points
    return tuple(Ending(day, points[day], (day - today).days) for day in sorted(points))


def reminder(wallet: Wallet, today: date) -> tuple[Ending, ...]:
    """Return what a reminder of today lists: whatever ends within its 30 days."""
    return tuple(one for one in endings(wallet, today) if one.days_left <= max(REMINDER_DAYS))


def points_ending(wallet: Wallet, today: date) -> int:
    """Return how many points a member should use soon: those that a reminder would list."""
    return sum(ending.points for ending in reminder(wallet, today))


def timeline(wallet: Wallet, today: date) -> tuple[Timed, ...]:
    """Return when points end, and the days from today on that are left to remind of them.

    Where points came after today's reminder, tomorrow's tells what today's would have.
    """
    earliest = today + ONE_DAY if wallet.reminded_on == today else today
    first = today if is_due(wallet, today) else earliest
    return tuple(
        Timed(
            ending.usable_through,
            ending.points,
            tuple(
                max(day, earliest) for day in reminder_days(ending.usable_through) if day >= first
            ),
        )
        for ending in endings(wallet, today)
    )


def _has_reminder(throughs: Iterable[date], today: date, *, since: date) -> bool:
    days = (day for through in throughs for day in reminder_days(through))
    return any(since <= day <= today for day in days)


def _ends(wallet: Wallet, today: date) -> Collection[date]:
    """Return the last days that a wallet's points have, or may have once more before midnight."""
    terms = Terms(wallet.exempt_until, wallet.longer, wallet.wakes_on, wallet.reminded_on)
    return ends((lot.expires_on for lot in wallet.lots), today, terms=terms)

"""Which days matter to points: the last one of use, those of reminders, and whichever comes next.

Everything is a day of the program's zone, so no hour that a clock is set back or forward can make
one earlier or later. `date.max` is the date of points that never expire: nothing ever comes next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from chalicelib.kernel.clock import end_of_month_after
from chalicelib.ledger.dates.model import Terms
from chalicelib.program.documents.model import Longer

GRACE_DAYS: Final = 30
"""How long points stay usable after an exemption's last day (the rules of the program)."""
HOUSE_RETURN_DAYS: Final = 7
"""How long points are good that the house returns after their date (the rules of the program)."""
REMINDER_DAYS: Final = (30, 15, 3)
"""How many days before the last one a member is reminded of it (the rules of the program)."""
ONE_DAY: Final = timedelta(days=1)


def usable_through(
    expires_on: date, exempt_until: date | None, *, longer: Sequence[Longer] = ()
) -> date:
    """Return the last day on which points of a date can be used."""
    if expires_on == date.max:
        return expires_on
    through = lengthened(expires_on, longer)
    return max(through, exempt_until + timedelta(days=GRACE_DAYS)) if exempt_until else through


def lengthened(day: date, longer: Sequence[Longer]) -> date:
    """Return a last day with all that longer validities gave, one after another."""
    for given in longer:
        if given.first <= day <= given.last and day == end_of_month_after(day, 0):
            day = end_of_month_after(day, given.months)
    return day


def ends(dates: Iterable[date], today: date, *, terms: Terms) -> frozenset[date]:
    """Return the last days of use of some dates, and those that a change of today may bring back.

    A longer validity can be taken back on the day on which it was given, and counts for nothing
    then. Until that day is over both have to be reckoned with.
    """
    kept = [given for given in terms.longer if given.on != today]
    return frozenset(
        usable_through(day, terms.exempt_until, longer=longer)
        for day in dates
        for longer in (terms.longer, kept)
    )


def closest(throughs: Mapping[date, date], *, most: int) -> tuple[date, date] | None:
    """Return the two neighbours with the fewest days between them where there are too many dates.

    `throughs` are their last days of use: no date joins one that ends sooner. Of two such pairs the
    earlier one. Points that never expire do not count.
    """
    ends = sorted(day for day in throughs if day != date.max)
    if len(ends) <= most:
        return None
    pairs = [pair for pair in pairwise(ends) if throughs[pair[0]] <= throughs[pair[1]]]
    return min(pairs, key=lambda pair: pair[1] - pair[0])


def house_return(today: date, longer: Sequence[Longer]) -> date:
    """Return the date of points that the house returns today after their own.

    Not the end of a month that was made to last longer: these are no points of a validity.
    """
    day = today + timedelta(days=HOUSE_RETURN_DAYS)
    return day if lengthened(day, longer) == day else day + ONE_DAY


def home_of(day: date, merged: Mapping[date, date]) -> date:
    """Return the date that points of a day have by now: the one that it was merged into, or it.

    `merged` tells for each such date from which day on it stands for every date before it.
    """
    return next((last for last, first in merged.items() if first <= day <= last), day)


def joined(merged: Mapping[date, date], earlier: date, *, into: date) -> dict[date, date]:
    """Return what is merged once a date becomes a later one: all between is that one's from now on.

    Between them may be one that was merged before and whose points are used up.
    """
    left = {last: first for last, first in merged.items() if not earlier <= last <= into}
    return {**left, into: merged.get(earlier, earlier)}


def remembered(
    merged: Mapping[date, date], *, is_good: Callable[[date], bool]
) -> tuple[tuple[date, date], ...]:
    """Return the first and last days of what is merged, as long as any day of it is good.

    The last one may not be, and another still: an end of a month that was made to last longer. What
    was merged must not come apart then, or points that have expired could be claimed once more.
    """
    spans = ((merged[last], last) for last in sorted(merged))
    return tuple(span for span in spans if any(map(is_good, _days(*span))))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def soonest(points_of: Mapping[date, int], points: int) -> list[tuple[date, int]]:
    """Return so many points of what there is, by date, soonest first."""
    taken: list[tuple[date, int]] = []
    for day in sorted(points_of):
        part = min(points, points_of[day])
        taken += [(day, part)] if part else []
        points -= part
    assert not points, "spending more than there is"
    return taken


def differences(before: Mapping[date, int], after: Mapping[date, int]) -> dict[date, int]:
    """Return what each date gave or got."""
    changed = {d: after.get(d, 0) - before.get(d, 0) for d in sorted(before.keys() | after.keys())}
    return {day: points for day, points in changed.items() if points}


def reminder_days(through: date) -> tuple[date, ...]:
    """Return the days on which a member is reminded of points with this last day, in order.

    An exemption that still keeps them moves their last day on, so none of these comes before its
    own last day.
    """
    if through == date.max:
        return ()
    return tuple(through - timedelta(days=days) for days in REMINDER_DAYS)


def next_day(throughs: Iterable[date], *, first: date) -> date | None:
    """Return the day on which something is next due to points with these last days.

    That is a reminder from `first` on, or the day after a last one, even where it has passed.
    """
    days: list[date] = []
    for through in throughs:
        days += (day for day in reminder_days(through) if day >= first)
        days += () if through == date.max else (through + ONE_DAY,)
    return min(days, default=None)


def next_wake(
    dates: Iterable[date], today: date, *, changed: Mapping[date, int], terms: Terms
) -> date | None:
    """Return the day from which a wallet of these dates has to be looked after.

    The day that it names already stays unless something is due sooner: to look in vain once costs
    less than to move it whenever the soonest points are spent. Of points that come after today's
    reminder nobody has been told, so a day of theirs that is today counts.
    """
    first = today + ONE_DAY if terms.reminded_on == today else today
    came = [day for day, points in changed.items() if points > 0]
    days = (
        terms.wakes_on,
        next_day(ends(dates, today, terms=terms), first=first),
        next_day(ends(came, today, terms=terms), first=today),
    )
    return min((day for day in days if day is not None), default=None)

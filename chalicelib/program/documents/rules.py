"""What may change in the program's settings, and when; which version held at an instant."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Protocol, TypeVar
from zoneinfo import available_timezones

from chalicelib.kernel.clock import end_of_month_after
from chalicelib.kernel.errors import Conflict, Forbidden, InvalidFields
from chalicelib.program.documents.model import BASIC, Longer, Program


class Dated(Protocol):
    """A version of a document: which, and since when it holds (None: from ever)."""

    @property
    def version(self) -> int:
        """Return its number; 0 is what held before anybody wrote anything."""

    @property
    def since(self) -> datetime | None:
        """Return the first instant at which it held."""


D = TypeVar("D", bound=Dated)


class ZoneFixed(Conflict):
    """The zone decides the days of members who exist already."""

    code = "zone_fixed"
    en = "The time zone cannot change once a member exists."
    zh = "已有会员后，时区不可更改。"


def refuse_zone_change(before: Program, after: Program, *, zone_fixed: bool) -> None:
    """Raise `ZoneFixed` when the zone would change under members."""
    if zone_fixed and before.zone != after.zone:
        raise ZoneFixed


def with_validity(before: Program, after: Program, *, today: date) -> Program:
    """Return new settings with what their validity does to points that members have.

    A shorter one does nothing to them. A longer one counts as if it had held when they were booked;
    what was booked since the last shorter one has its last day between two ends of months. Days
    within a month are a campaign's own, and stay.
    """
    old, new = before.validity_months[BASIC], after.validity_months[BASIC]
    kept = replace(after, shortened_on=before.shortened_on, longer=before.longer)
    if new < old:
        return replace(kept, shortened_on=today)
    if new == old:
        return kept
    shortened = before.shortened_on
    first = today if shortened is None else max(today, end_of_month_after(shortened, old))
    given = Longer(first, end_of_month_after(today, old), new - old)
    return replace(kept, longer=(*before.longer, given))


def refuse_currency_change(before: Program, after: Program, *, kept: Collection[str]) -> None:
    """Raise `InvalidFields` when amounts that stay as they are would be of another currency."""
    if before.currency == after.currency:
        return
    worth = before.review.worth if before.review and "review" in kept else None
    minimum = before.activities.referral.minimum if "activities" in kept else None
    if worth or minimum:
        raise InvalidFields.at(
            "/currency",
            "review and activities name amounts of the present one: send them, too",
            zh="review 与 activities 中的金额仍为原币种，请一并提交",
        )


def is_zone(name: str) -> bool:
    """Tell whether a name stands in the IANA database that this program runs with."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    """Return every zone's name; looking through the database takes 15 ms, so once is enough."""
    return frozenset(available_timezones())


def channel_of(program: Program, client: str) -> str:
    """Return the channel that a client id reports for; `Forbidden` when it has none."""
    channel = program.channels.get(client)
    if channel is None:
        raise Forbidden
    return channel


def held_since(before: Dated, now: datetime) -> datetime:
    """Return since when the next version holds: now, and never before the one that it replaces.

    Machines' clocks differ a little; versions in the order of their numbers must be in that of
    their instants too.
    """
    return now if before.since is None else max(before.since, now)


def in_force(newest: D, at: datetime, *, read: Callable[[int], D]) -> D:
    """Return the version that held at an instant; `read` returns an earlier one by its number.

    Bisects, so that it reads few versions however often somebody changed them: none where the
    newest held already, one for each doubling else.
    """
    if newest.since is None or newest.since <= at:
        return newest
    held, later = 0, newest.version
    while later - held > 1:
        middle = (held + later) // 2
        since = read(middle).since
        if since is None or since <= at:
            held = middle
        else:
            later = middle
    return read(held)

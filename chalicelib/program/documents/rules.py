"""What may change in the program's settings, and when."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from chalicelib.kernel.errors import Conflict, Forbidden
from chalicelib.program.documents.model import Program


class ZoneFixed(Conflict):
    """The zone decides the days of members who exist already."""

    code = "zone_fixed"
    en = "The time zone cannot change once a member exists."
    zh = "已有会员后，时区不可更改。"


def refuse_zone_change(before: Program, after: Program, *, zone_fixed: bool) -> None:
    """Raise `ZoneFixed` when the zone would change under members."""
    if zone_fixed and before.zone != after.zone:
        raise ZoneFixed


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

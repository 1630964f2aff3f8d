"""What may change in the program's settings, and when; which version held at an instant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Final, Protocol, TypeVar
from zoneinfo import available_timezones

from chalicelib.kernel.clock import end_of_month_after
from chalicelib.kernel.errors import Conflict, Forbidden, InvalidFields
from chalicelib.kernel.sentences import Sentence
from chalicelib.program.documents.model import BASIC, Longer, Program

WELL_KNOWN: Final = {
    "share": Sentence("分享我们的商品或活动", "Share one of our products or events"),
    "review": Sentence("评价您购买的商品", "Review something that you bought"),
}
"""What members read of the tasks that there are before anybody wrote anything."""


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


def expiry_of(today: date, *settings: Program) -> date:
    """Return the date of points that are booked today: settings of now, and those that judged them.

    By the longest validity among them: nobody loses by a report that comes after a change.
    """
    return end_of_month_after(today, max(one.validity_months[BASIC] for one in settings))


def with_validity(before: Program, after: Program, *, today: date) -> Program:
    """Return new settings with what their validity does to points that members have.

    A longer one counts as if it had held when they were booked; what has been booked since the last
    shorter one has its last day between two ends of months. One that is taken back the same day
    was a mistake, and counts for nothing. A shorter one does nothing to them, and is refused while
    points to come would end among those that were made to last longer: raises `InvalidFields`.
    """
    longer = tuple(one for one in before.longer if one.on != today)
    todays = sum(one.months for one in before.longer if one.on == today)
    old, new = before.validity_months[BASIC] - todays, after.validity_months[BASIC]
    if new < old:
        _refuse_overlap(longer, today, months=new)
        return replace(after, shortened_on=today, longer=longer)
    if new > old:
        cut = before.shortened_on
        first = today if cut is None else max(today, end_of_month_after(cut, old))
        longer += (Longer(first, end_of_month_after(today, old), new - old, today),)
    return replace(after, shortened_on=before.shortened_on, longer=longer)


def _refuse_overlap(longer: Sequence[Longer], today: date, *, months: int) -> None:
    last = max((one.last for one in longer), default=date.min)
    if end_of_month_after(today, months) <= last:
        least = (last.year - today.year) * 12 + last.month - today.month + 1
        raise InvalidFields.at(
            "/validity_months/basic",
            f"at least {least} today: points that end through {last} were made to last longer",
            zh=f"目前至少为 {least}：有效期至 {last} 为止的积分已获延长",
        )


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


def with_sentences(before: Program, after: Program) -> Program:
    """Return new settings with the sentences that tasks had, where they come without one.

    A client that does not know them must not undo them.
    """
    known = before.activities.tasks
    tasks = {
        name: replace(task, sentence=known[name].sentence)
        if task.sentence is None and name in known
        else task
        for name, task in after.activities.tasks.items()
    }
    return replace(after, activities=replace(after.activities, tasks=tasks))


def sentence_of(program: Program, name: str) -> Sentence:
    """Return what members read of a task: its own sentence, or what its name is known for."""
    own = program.activities.tasks[name].sentence
    other = Sentence(f"完成任务“{name}”", f"Complete the task {name}")
    return own or WELL_KNOWN.get(name, other)


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

"""Check-ins, tasks and counters as items, all in the partition of whoever gets the points.

    member / C#digest              a check-in, the receipt of the request that made it
    member / Y                     the streak: its last day, its length, the longest one
    member / T#digest              a task that was done, the receipt of its request
    member / E#keyed digest        that evidence was shown for a task; the evidence is nowhere
    member / V#task/name#day       how often a task was done on a day
    member / V#referral#month      how many new members of a month were paid for

A check-in has two things to be once: its request, by its key, and its day, by the streak that moves
on to it. Days are ISO dates within the items, and `yymmdd` in keys. Some time after its period a
counter is nobody's business any more, and the table's TTL takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.kernel.ids import keyed62
from chalicelib.settings import settings
from chalicelib.storage.dates import told_period
from chalicelib.storage.reads import Range, fetch_raw, query_all
from chalicelib.storage.receipts import Request, replayed_or_reused
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Transaction, moved
from chalicelib.storage.work import Work
from chalicelib.tiers.activities.model import (
    CheckedIn,
    Counter,
    Done,
    Kept,
    Streak,
    Times,
)
from chalicelib.tiers.activities.rules import EvidenceUsed

EVIDENCE_CHARS: Final = 22
"""131 bits: two pieces of evidence never share a claim."""


class StreakItem(Item):
    """One member's streak as stored."""

    last_on = UnicodeAttribute(attr_name="d")
    days = IntAttribute(attr_name="n")
    longest = IntAttribute(attr_name="x")


class BroughtItem(Item):
    """What a request brought: how many points, and how many of them paid debt."""

    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)
    on = UnicodeAttribute(attr_name="d")
    points = IntAttribute(attr_name="b")
    debt_paid = IntAttribute(attr_name="o")
    program_version = IntAttribute(attr_name="pv")


class CheckInItem(BroughtItem):
    """One check-in as stored."""

    days = IntAttribute(attr_name="n")


class TaskItem(BroughtItem):
    """One task that was done, as stored."""

    task = UnicodeAttribute(attr_name="m")


class EvidenceItem(Item):
    """That evidence was shown, and by which request."""

    shown_by = UnicodeAttribute(attr_name="r")


class CounterItem(Item):
    """How often something was done in a period."""

    times = IntAttribute(attr_name="n")
    ttl = IntAttribute(attr_name="t")


def check_in_key(request: Request) -> Key:
    """Return where the check-in of a request is."""
    return (request.member_id, f"C#{request.digest}")


def task_key(request: Request) -> Key:
    """Return where it stands what a request did."""
    return (request.member_id, f"T#{request.digest}")


def streak_key(member_id: str) -> Key:
    """Return where a member's streak is."""
    return (member_id, "Y")


def evidence_key(member_id: str, task: str, *, evidence: str) -> Key:
    """Return where it stands that a member has shown evidence for a task."""
    told, secret = f"{task}\n{evidence}", settings().secret
    shown = keyed62(secret, purpose="evidence", message=told, chars=EVIDENCE_CHARS)
    return (member_id, f"E#{shown}")


def put_check_in(tx: Transaction, request: Request, *, made: CheckedIn) -> None:
    """Add a check-in; the first piece of its transaction, because it is the receipt."""
    item = CheckInItem(
        *check_in_key(request),
        fingerprint=request.fingerprint,
        on=made.on.isoformat(),
        days=made.days,
        points=made.points,
        debt_paid=made.debt_paid,
        program_version=made.program_version,
    )
    tx.put(item, otherwise=replayed_or_reused(request.fingerprint))


def put_streak(tx: Transaction, member_id: str, *, before: Streak | None, after: Streak) -> None:
    """Add a streak that has moved on by a day, unless somebody else has moved it."""
    key = streak_key(member_id)
    item = StreakItem(
        *key, last_on=after.last_on.isoformat(), days=after.days, longest=after.longest
    )
    unmoved = None if before is None else StreakItem.last_on == before.last_on.isoformat()
    tx.put(item, condition=unmoved, otherwise=moved(key))


def put_done(tx: Transaction, request: Request, *, done: Done) -> None:
    """Add a task that was done; the first piece of its transaction, because it is the receipt."""
    item = TaskItem(
        *task_key(request),
        fingerprint=request.fingerprint,
        task=done.task,
        on=done.on.isoformat(),
        points=done.points,
        debt_paid=done.debt_paid,
        program_version=done.program_version,
    )
    tx.put(item, otherwise=replayed_or_reused(request.fingerprint))


def put_evidence(tx: Transaction, key: Key, *, request: Request) -> None:
    """Add that evidence was shown, which it may be once."""
    _, shown_by = task_key(request)
    tx.put(EvidenceItem(*key, shown_by=shown_by), otherwise=lambda _: EvidenceUsed())


def count(tx: Transaction, counter: Counter) -> None:
    """Count once more, as long as there is room; else the attempt goes on from the counter."""
    tx.update(
        CounterItem(*counter.key),
        (
            CounterItem.times.add(1),
            CounterItem.ttl.set(int(counter.kept_until.timestamp())),
        ),
        condition=CounterItem.times.does_not_exist() | (CounterItem.times < counter.most),
        otherwise=moved(counter.key),
    )


def streak_in(images: Mapping[Key, RawItem], key: Key) -> Streak | None:
    """Return the streak among what was read; before the first check-in there is none."""
    return None if key not in images else _streak(images[key])


def latest_streak(tx: Transaction, member_id: str, *, known: Streak | None) -> Streak | None:
    """Return the streak that a lost compare-and-swap showed, or the one that was read."""
    image = tx.image(streak_key(member_id))
    return known if image is None else _streak(image)


def count_in(images: Mapping[Key, RawItem], counter: Counter) -> int:
    """Return how often a counter among what was read has counted."""
    return 0 if counter.key not in images else CounterItem.read(images[counter.key]).times


def latest_count(tx: Transaction, counter: Counter) -> int:
    """Return what a full counter showed; 0 of one that nobody has read."""
    image = tx.image(counter.key)
    return 0 if image is None else CounterItem.read(image).times


def check_in_from(raw: RawItem) -> CheckedIn:
    """Return the check-in that an image holds."""
    item = CheckInItem.read(raw)
    on = date.fromisoformat(item.on)
    return CheckedIn(on, item.days, item.points, item.debt_paid, item.program_version)


def done_from(raw: RawItem) -> Done:
    """Return the task that an image holds."""
    item = TaskItem.read(raw)
    on = date.fromisoformat(item.on)
    return Done(item.task, on, item.points, item.debt_paid, item.program_version)


def kept_of(work: Work, member_id: str) -> Kept:
    """Return what is kept of a member's activities, of periods that are over too."""
    key = streak_key(member_id)
    times = query_all(work, CounterItem, part=Range(member_id, "V#"))
    named = ((item.sort.split("#"), item.times) for item in times)
    return Kept(
        streak_in(fetch_raw(work, [key]), key),
        tuple(Times(what, told_period(period), number) for (_, what, period), number in named),
    )


def _streak(raw: RawItem) -> Streak:
    item = StreakItem.read(raw)
    return Streak(date.fromisoformat(item.last_on), item.days, item.longest)

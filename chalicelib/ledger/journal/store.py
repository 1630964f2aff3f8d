"""Entries as items: `member / J#version`, immutable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.kernel.errors import Contended
from chalicelib.kernel.pages import Page
from chalicelib.ledger.journal.model import REASONS, Account, Entry
from chalicelib.storage.dates import day_of_key, key_of_day
from chalicelib.storage.reads import Range, query, query_all
from chalicelib.storage.table import IntAttribute, IntMapAttribute, Item, RawItem
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.wakes import NOWHERE
from chalicelib.storage.work import Work

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class EntryItem(Item):
    """One entry as stored; the letters keep it within 1 KB at 72 dates."""

    at = IntAttribute(attr_name="a")
    reason = UnicodeAttribute(attr_name="k")
    legs = IntMapAttribute(attr_name="g")
    dates = IntMapAttribute(attr_name="d")
    order = UnicodeAttribute(attr_name="o", null=True)
    purchase = UnicodeAttribute(attr_name="q", null=True)
    refund = UnicodeAttribute(attr_name="r", null=True)
    order_refund = UnicodeAttribute(attr_name="x", null=True)
    adjustment = UnicodeAttribute(attr_name="j", null=True)
    task = UnicodeAttribute(attr_name="m", null=True)
    referred = UnicodeAttribute(attr_name="f", null=True)
    until = UnicodeAttribute(attr_name="u", null=True)
    since = UnicodeAttribute(attr_name="n", null=True)
    paid = UnicodeAttribute(attr_name="y", null=True)
    unpaid = UnicodeAttribute(attr_name="w", null=True)
    program_version = IntAttribute(attr_name="pv")
    available_after = IntAttribute(attr_name="b")
    previous = BinaryAttribute(attr_name="ph", legacy_encoding=False)
    hash = BinaryAttribute(attr_name="h", legacy_encoding=False)


REFERRED = (
    "order",
    "purchase",
    "refund",
    "order_refund",
    "adjustment",
    "task",
    "referred",
    "until",
    "since",
    "paid",
    "unpaid",
)


def put_entry(tx: Transaction, entry: Entry, *, waits: Mapping[str, str] = NOWHERE) -> None:
    """Add an entry; the one that is already there would mean a forked chain.

    `waits` places it in the index of wake-ups, by which what it is about is found.
    """
    item = EntryItem(
        entry.member_id,
        f"J#{entry.version:012d}",
        at=(entry.at - EPOCH) // MICROSECOND,
        reason=entry.reason.code,
        legs={account.value: points for account, points in entry.legs.items()},
        dates={key_of_day(day): points for day, points in entry.dates.items()},
        program_version=entry.program_version,
        available_after=entry.available_after,
        previous=entry.previous,
        hash=entry.hash,
    )
    for name in REFERRED:
        setattr(item, name, entry.refers.get(name))
    item.wk, item.wa = waits.get("wk"), waits.get("wa")
    tx.put(item, otherwise=lambda _: Contended())


def page_of(work: Work, member_id: str, *, limit: int, after: str | None) -> Page[Entry]:
    """Return a member's entries, newest first."""
    part = Range(member_id, "J#", forward=False, limit=limit, after=after)
    page = query(work, EntryItem, part=part)
    return Page([_entry(item) for item in page.items], page.next_position)


def all_of(work: Work, member_id: str) -> Iterator[Entry]:
    """Yield a member's entries, oldest first."""
    return (_entry(item) for item in query_all(work, EntryItem, part=Range(member_id, "J#")))


def newest_first(work: Work, member_id: str, *, through: int) -> Iterator[Entry]:
    """Yield a member's entries from one version back to the first."""
    part = Range(member_id, "J#", forward=False, after=f"J#{through + 1:012d}")
    return (_entry(item) for item in query_all(work, EntryItem, part=part))


def entry_from(raw: RawItem) -> Entry:
    """Return the entry that an image holds."""
    return _entry(EntryItem.read(raw))


def _entry(item: EntryItem) -> Entry:
    told = {name: getattr(item, name) for name in REFERRED}
    return Entry(
        member_id=item.partition,
        version=int(item.sort[2:]),
        at=EPOCH + item.at * MICROSECOND,
        reason=REASONS[item.reason],
        # DynamoDB keeps no order in a map; ours is that of the accounts.
        legs={
            account: item.legs[account.value] for account in Account if account.value in item.legs
        },
        dates=_dates(item.dates),
        refers={name: value for name, value in told.items() if value is not None},
        program_version=item.program_version,
        available_after=item.available_after,
        previous=item.previous,
        hash=item.hash,
    )


def _dates(stored: dict[str, int]) -> dict[date, int]:
    return {day_of_key(key): points for key, points in stored.items()}

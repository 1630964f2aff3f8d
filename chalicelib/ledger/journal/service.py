"""Use of the journal: adding an entry to a transaction, reading it, recomputing from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from chalicelib.kernel.errors import NotEnrolled, NotFound
from chalicelib.kernel.ids import MEMBER_PATTERN
from chalicelib.kernel.pages import Page
from chalicelib.kernel.sentences import Sentence
from chalicelib.ledger.journal import store
from chalicelib.ledger.journal.model import Entry
from chalicelib.ledger.journal.rules import Recomputed, recompute
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.rules import sentence_of
from chalicelib.storage.table import RawItem
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work


def add(tx: Transaction, entry: Entry, *, waits: Mapping[str, str]) -> None:
    """Add an entry to the transaction that writes its wallet version."""
    store.put_entry(tx, entry, waits=waits)


def read(raw: RawItem) -> Entry:
    """Return the entry that an image of the table's stream holds."""
    return store.entry_from(raw)


def page(
    work: Work,
    member_id: str,
    *,
    limit: int,
    after: str | None,
    absent: type[NotFound] = NotEnrolled,
) -> Page[Entry]:
    """Return a member's entries, newest first.

    Raises `absent` when there is no such member: every wallet has an entry from its first version.
    """
    if not MEMBER_PATTERN.fullmatch(member_id):
        raise absent
    found = store.page_of(work, member_id, limit=limit, after=after)
    if after is None and not found.items:
        raise absent
    return found


def tasks_in(work: Work, entries: Iterable[Entry]) -> Mapping[int, Sentence]:
    """Return what members read of the tasks behind entries, by version, by the settings of then."""
    done = ((entry, entry.refers.get("task")) for entry in entries)
    return {
        entry.version: sentence_of(documents.program_version(work, entry.program_version), task)
        for entry, task in done
        if task is not None
    }


def recomputed(work: Work, member_id: str, *, through: int) -> Recomputed:
    """Return what a member's journal implies, from its first entry through a version."""
    entries = store.all_of(work, member_id)
    return recompute(takewhile(lambda entry: entry.version <= through, entries))


def newest_first(work: Work, member_id: str, *, through: int) -> Iterator[Entry]:
    """Yield a member's entries from one version back to the first, page by page as asked for."""
    return store.newest_first(work, member_id, through=through)


def newest_version(work: Work, member_id: str) -> int:
    """Return the version of a member's newest entry, 0 where there is none."""
    newest = store.page_of(work, member_id, limit=1, after=None).items
    return newest[0].version if newest else 0

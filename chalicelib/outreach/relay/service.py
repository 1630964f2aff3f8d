"""From a change in the table to whoever has to hear of it.

A journal entry, a reminder noted on a wallet and a row of the audit log are facts; every other
change is nobody's business. A fact goes to every reader, in the order of the stream, which keeps
the order of a member's changes. It may come twice, and readers know it again by its own key.

A record that fails every try is parked with what and why, and those after it go on. Whoever asks
for it again changes the parked item, and that change comes down the same stream: the replay runs
here, with the rights to send, and not in the request of the operator.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import takewhile
from typing import Final, Protocol

from chalicelib.gateways.messages.port import Messages
from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.pages import Page
from chalicelib.ledger.expiry import service as expiry
from chalicelib.ledger.expiry.model import Reminder
from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Entry, Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.outreach.notices import service as notices
from chalicelib.outreach.notices.model import Fact
from chalicelib.outreach.privacy import service as privacy
from chalicelib.outreach.relay import store
from chalicelib.outreach.relay.model import Parked, Record, State
from chalicelib.outreach.relay.rules import (
    asked,
    is_asked,
    parked_again,
    parked_id_of,
    record_of,
    replayed,
)
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import AuditRow, Deed
from chalicelib.storage.reads import scan_keys
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.referrals import service as referrals
from chalicelib.web.apart import did

Counts = Mapping[str, int]


class Reader(Protocol):
    """Whoever hears of facts."""

    def __call__(self, work: Work, messages: Messages, *, fact: Fact) -> Counts:
        """Hear one, and count what was done about it; the same one may come again."""


def reward_referrers(work: Work, messages: Messages, *, fact: Fact) -> Counts:  # noqa: ARG001
    """Hear of purchases and refunds, perhaps of a new member whom somebody referred."""
    if isinstance(fact, Entry):
        referrals.hear(work, heard=fact)
    return {}


def forget(work: Work, messages: Messages, *, fact: Fact) -> Counts:  # noqa: ARG001
    """Hear of members who were erased, of whom something may be left."""
    if isinstance(fact, Entry) and fact.reason is Reason.ERASED:
        privacy.clear(work, fact.member_id)
    return {}


def count(work: Work, messages: Messages, *, fact: Fact) -> Counts:  # noqa: ARG001
    """Count what was heard by its sort: the log shows that entries and audit rows arrive."""
    return {HEARD[type(fact)]: 1}


HEARD: Final = {Entry: "entries", Reminder: "reminders", AuditRow: "audit_rows"}
READERS: Final[tuple[Reader, ...]] = (notices.hear, reward_referrers, forget, count)
"""Everybody who hears every fact, in this order."""


def hand_on(work: Work, messages: Messages, *, record: Record) -> Counts:
    """Give a record's fact to every reader, or read a parked record again; count what was done."""
    if is_asked(record):
        return _replay(work, messages, parked_id=parked_id_of(record))
    fact = fact_of(record)
    return {} if fact is None else _tell(work, messages, fact=fact)


def retell(work: Work, messages: Messages, *, member_id: str, since: datetime) -> Counts:
    """Hand a member's entries since an instant, and the last reminder, to every reader again.

    Oldest first; raises `NotFound`. For what the stream lost: all that was heard stays as it is.
    """
    opened = wallets.open_wallet(work, member_id, absent=NotFound)
    wallet = opened.wallet
    newest_first = journal.newest_first(work, member_id, through=wallet.version)
    entries = list(takewhile(lambda entry: entry.at >= since, newest_first))
    facts: list[Fact] = [*reversed(entries)]
    reminder = expiry.reminder_of(wallet)
    if reminder is not None and reminder.on >= day_of(since, opened.program.zone):
        facts.append(reminder)
    counts: Counter[str] = Counter()
    for fact in facts:
        counts.update(_tell(work, messages, fact=fact))
    return counts


def retell_all(
    work: Work, messages: Messages, *, since: datetime, progress: Callable[[int], None]
) -> Counter[str]:
    """Retell every member's facts; one who fails is told in the log, counted, and holds up nobody.

    `progress` is told how many members are done.
    """
    counts = Counter({"failed": 0})

    def act(member_id: str) -> None:
        counts.update(retell(work, messages, member_id=member_id, since=since))

    for done, member_id in enumerate(scan_keys(work, "W"), start=1):
        counts["failed"] += not did(member_id, act)
        progress(done)
    return counts


def fact_of(record: Record) -> Fact | None:
    """Return the fact that a change is, or None."""
    if record.new is None:
        return None
    if record.old is not None:
        return expiry.reminder_in(record.old, record.new) if record.sort == "W" else None
    if record.sort.startswith("J#"):
        return journal.read(record.new)
    return audit.read(record.new) if audit.is_row(record.partition) else None


def park(work: Work, parked: Parked) -> None:
    """Put a record aside, once."""
    try:
        persist(work, lambda tx: store.put_new(tx, parked))
    except Replayed:
        return


def park_again(work: Work, parked_id: str, *, why: str) -> None:
    """Put a parked record back after it failed once more."""
    parked = find(work, parked_id)
    _step(work, parked, change=lambda before: parked_again(before, why=why))


def ask(work: Work, parked_id: str, *, by: str) -> Parked:
    """Have a parked record read again, into the audit log; raises `NotFound`.

    One that was read, or was asked for a moment ago, stays as it is.
    """
    parked = find(work, parked_id)

    def attempt(tx: Transaction) -> Parked:
        before = store.latest(tx, parked)
        after = asked(before, work.now)
        if before.state is State.REPLAYED or after == before:
            raise NothingToDo(before)
        store.replace_parked(tx, before, after=after)
        audit.record(tx, Deed(by, "parked.replay", parked_id))
        return after

    try:
        return persist(work, attempt)
    except NothingToDo as already:
        return already.parked


def page(work: Work, *, limit: int, after: str | None) -> Page[Parked]:
    """Return the parked records that wait, newest first."""
    return store.page_of(work, limit=limit, after=after)


def find(work: Work, parked_id: str) -> Parked:
    """Return a parked record; raises `NotFound`."""
    parked = store.find(work, parked_id)
    if parked is None:
        raise NotFound
    return parked


class NothingToDo(Exception):
    """A parked record that was read in the end, or is about to be."""

    def __init__(self, parked: Parked) -> None:
        """Keep it."""
        super().__init__(parked.id)
        self.parked = parked


def _tell(work: Work, messages: Messages, *, fact: Fact) -> Counts:
    counts: Counter[str] = Counter()
    for reader in READERS:
        counts.update(reader(work, messages, fact=fact))
    return counts


def _replay(work: Work, messages: Messages, *, parked_id: str) -> Counts:
    parked = find(work, parked_id)
    if parked.state is State.REPLAYED:
        return {}
    counts = hand_on(work, messages, record=record_of(json.loads(parked.record)))
    _step(work, parked, change=replayed)
    return {**counts, "replayed": 1}


def _step(work: Work, parked: Parked, *, change: Callable[[Parked], Parked]) -> None:
    def attempt(tx: Transaction) -> None:
        before = store.latest(tx, parked)
        if before.state is not State.REPLAYED:
            store.replace_parked(tx, before, after=change(before))
        else:
            raise NothingToDo(before)

    try:
        persist(work, attempt)
    except NothingToDo:
        return

"""Looking after wallets: what has expired is booked, and members are reminded in time.

Which wallets are due is asked of the index of wake-ups, so what this costs follows from them and
not from the members. The index only hints: each wallet is read again, judged anew, and written
under a compare-and-swap, so that running twice, late, half, or beside somebody who spends comes to
the same. Nobody's rights wait for it: points past their last day are gone by the calendar.

What tells the member is not done here. A reminder notes its day on the wallet, and whoever reads
the table's stream sees that day change (`reminder_in`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import Contended, NotFound
from chalicelib.ledger.expiry.model import Looked, Reminder, Timed
from chalicelib.ledger.expiry.rules import (
    has_expired,
    is_due,
    looked_after,
    swept,
    timeline,
)
from chalicelib.ledger.journal.model import Account
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Wallet
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.documents import service as documents
from chalicelib.storage import wakes
from chalicelib.storage.table import RawItem
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Patience, Work, later, time_for

PAGE: Final = 250
"""Wallets found at once: a second or two of work, so that the end of the time is not overrun."""
SECONDS_MAX: Final = 720.0
"""How long one run begins new pages: the function has 900 seconds, and the next run goes on."""
NOTHING: Final = Looked()


class Overtaken(Exception):
    """Somebody else has booked what had expired."""


def due(work: Work) -> Iterator[Sequence[str]]:
    """Yield the members whose wallets are due, page by page, while there is time.

    A run that stops, or dies, is gone on with by the next: what was looked after is due no more.
    """
    today = day_of(work.now, documents.present(work).zone)
    yield from wakes.pages(
        lambda after: wallets.due(work, today, limit=PAGE, after=after),
        has_time=time_for(work, seconds=SECONDS_MAX),
    )


def looking_after(work: Work) -> Callable[[str], Looked]:
    """Return what looks after a wallet, each at its own instant: a run may outlast its day.

    Else a member would be told of a day that is over, and once more on the one that it is.
    """
    begun = work.elapsed()
    return lambda member_id: look_after(later(work, begun=begun), member_id)


def look_after(work: Work, member_id: str) -> Looked:
    """Book what has expired in a wallet, remind its member, and set the next day.

    Where nothing is due by now, nothing is done; nor where what is due has to wait for tomorrow.
    """
    patience = Patience(work)
    while True:
        opened = wallets.open_wallet(work, member_id, absent=NotFound)
        if not is_due(opened.wallet, opened.today):
            return NOTHING
        try:
            if has_expired(opened.wallet, opened.today):
                return _sweep(work, opened)
            after = looked_after(opened.wallet, opened.today)
            if after == opened.wallet:
                return NOTHING
            if wallets.note(work, opened.wallet, after=after):
                return Looked(is_reminded=after.reminded_on != opened.wallet.reminded_on)
        except (Overtaken, Contended):
            pass  # Also by the member's own erasure, which the next look sees.
        patience.again(overtaken=True)


def dates(work: Work, member_id: str) -> tuple[Timed, ...]:
    """Return when a member's points end and when they are reminded of it; raises `NotEnrolled`."""
    opened = wallets.open_wallet(work, member_id)
    return timeline(opened.wallet, opened.today)


def reminder_in(old: RawItem, new: RawItem) -> Reminder | None:
    """Return the reminder that a change of a wallet's item is, from both images of the stream."""
    before, after = wallets.read(old), wallets.read(new)
    if after.reminded_on == before.reminded_on:
        return None
    return reminder_of(after)


def reminder_of(wallet: Wallet) -> Reminder | None:
    """Return the last reminder that was noted on a wallet, or None."""
    if wallet.reminded_on is None:
        return None
    return Reminder(wallet.member_id, wallet.reminded_on)


def _sweep(work: Work, opened: Opened) -> Looked:
    def attempt(tx: Transaction) -> Looked:
        wallet = wallets.latest(tx, opened.wallet)
        if not has_expired(wallet, opened.today):
            raise Overtaken
        version = opened.program.version
        change = swept(wallet, opened.today, at=work.now, program_version=version)
        wallets.add(tx, change)
        return Looked(
            expired=change.entry.legs[Account.EXPIRED],
            is_reminded=change.after.reminded_on != wallet.reminded_on,
        )

    return persist(work, attempt)

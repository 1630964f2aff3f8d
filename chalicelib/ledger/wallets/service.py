"""Use of wallets: opening one, adding its next version to a transaction, and auditing them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import Contended, NotEnrolled, NotFound, Unauthenticated
from chalicelib.kernel.ids import MEMBER_PATTERN
from chalicelib.kernel.pages import Page
from chalicelib.ledger.journal import service as journal
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.journal.rules import trial_balance
from chalicelib.ledger.wallets import store
from chalicelib.ledger.wallets.model import Change, Freezing, Frozen, Wallet
from chalicelib.ledger.wallets.rules import Posting, new_wallet, verify
from chalicelib.program.audit import service as audit_log
from chalicelib.program.audit.model import Deed
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.model import Program
from chalicelib.storage.head import HEAD_KEY, Head, head_from
from chalicelib.storage.reads import fetch_raw, scan_keys
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Mistaken, Transaction, persist
from chalicelib.storage.wakes import NOWHERE
from chalicelib.storage.work import Work


@dataclass(frozen=True, slots=True)
class Opened:
    """A wallet and the program as of one consistent read, with the program's day."""

    wallet: Wallet
    head: Head
    program: Program
    today: date
    others: dict[Key, RawItem]


class AlreadySo(Exception):
    """A lost race, or a lost reply, after which nothing is left to do."""

    def __init__(self, wallet: Wallet) -> None:
        """Keep the wallet as it is now."""
        super().__init__(wallet.member_id)
        self.wallet = wallet


def open_wallet(
    work: Work,
    member_id: str,
    *others: Key,
    absent: type[NotFound] = NotEnrolled,
) -> Opened:
    """Return a member's wallet with the program, and other items read in the same batch.

    Raises `absent` when there is no such member, or when nobody could have that id. `NotEnrolled`
    is told to the member, so one who was erased is told `Unauthenticated` in its place: their token
    is nobody's any more. Everybody else still sees the wallet, and that it was `erased`.
    """
    if not MEMBER_PATTERN.fullmatch(member_id):
        raise absent
    key = store.key_of(member_id)
    found = fetch_raw(work, [HEAD_KEY, key, *others])
    head = head_from(found.get(HEAD_KEY))
    program = documents.program_at(work, head)
    if key not in found:
        raise absent
    wallet = replace(store.wallet_from(found[key]), longer=program.longer)
    if wallet.erased and absent is NotEnrolled:
        raise Unauthenticated
    return Opened(wallet, head, program, day_of(work.now, program.zone), found)


def latest(tx: Transaction, wallet: Wallet) -> Wallet:
    """Return the wallet that a lost compare-and-swap showed, or the one that was read.

    Raises `Contended` where the member was erased in between: whoever comes back is judged by that.
    """
    image = tx.image(store.key_of(wallet.member_id))
    newest = wallet if image is None else replace(store.wallet_from(image), longer=wallet.longer)
    if newest.erased and not wallet.erased:
        raise Contended
    return newest


def add(tx: Transaction, change: Change, *, waits: Mapping[str, str] = NOWHERE) -> None:
    """Add a wallet's next version and its journal entry to a transaction.

    `waits` places the entry in the index of wake-ups. It never changes, so that costs one unit
    once.
    """
    store.put_wallet(tx, change)
    journal.add(tx, change.entry, waits=waits)


def read(image: RawItem) -> Wallet:
    """Return the wallet that an image of the table's stream holds."""
    return store.wallet_from(image)


def due(work: Work, today: date, *, limit: int, after: str | None) -> Page[str]:
    """Return the members whose wallets have to be looked after by today, behind a position."""
    return store.due(work, today, limit=limit, after=after)


def note(work: Work, before: Wallet, *, after: Wallet) -> bool:
    """Note from when a wallet is to be looked after and the last reminder, without a version.

    False: somebody else has changed the wallet, so it has to be looked at again.
    """
    return store.put_wake(work, before, after=after)


def require_thawed(tx: Transaction, wallet: Wallet) -> None:
    """Require that a member stays unfrozen while something else of theirs is written."""
    store.check_thawed(tx, wallet.member_id)


def require_present(tx: Transaction, member_id: str) -> None:
    """Require that a member is not erased while something else of theirs is written.

    `Mistaken` where they were, in between.
    """
    store.check_present(tx, member_id)


def erase(tx: Transaction, opened: Opened) -> None:
    """Add that a member's points end and the wallet is nobody's.

    Raises `Mistaken` where anything happened to the wallet since it was read; a reminder is nothing
    that happened to it.
    """
    wallet = latest(tx, opened.wallet)
    if wallet.version != opened.wallet.version:
        raise Mistaken
    posting = Posting(wallet, opened.today)
    posting.erase()
    version = opened.program.version
    add(tx, posting.close(Reason.ERASED, at=tx.work.now, program_version=version))


def enrol(tx: Transaction, member_id: str, *, program_version: int) -> Wallet:
    """Add a new member's first wallet version to a transaction."""
    change = new_wallet(member_id, tx.work.now, program_version=program_version)
    add(tx, change)
    return change.after


def set_frozen(work: Work, member_id: str, *, frozen: bool, by: str, reason: str) -> Wallet:
    """Freeze or thaw a member, into the audit log; one who is so already stays as is.

    Returns the wallet; raises `NotFound` where there is no such member, or they were erased.
    """
    opened = open_wallet(work, member_id, absent=NotFound)

    def attempt(tx: Transaction) -> Wallet:
        wallet = latest(tx, opened.wallet)
        if wallet.erased:
            raise NotFound
        if wallet.frozen == frozen:
            raise AlreadySo(wallet)
        posting = Posting(wallet, opened.today)
        posting.freeze(frozen=frozen)
        told = Reason.FROZEN if frozen else Reason.THAWED
        change = posting.close(told, at=work.now, program_version=opened.program.version)
        add(tx, change)
        what = "member.freeze" if frozen else "member.thaw"
        before, after = Frozen(wallet.frozen), Freezing(frozen, reason)
        audit_log.record(tx, Deed(by, what, member_id, before, after))
        return change.after

    return _unless_so(work, attempt)


def exempt(work: Work, member_id: str, *, until: date | None) -> Wallet:
    """Set the last day of a member's exemption from expiry, and return the wallet."""
    opened = open_wallet(work, member_id)

    def attempt(tx: Transaction) -> Wallet:
        wallet = latest(tx, opened.wallet)
        if wallet.exempt_until == until:
            raise AlreadySo(wallet)
        posting = Posting(wallet, opened.today)
        told = posting.exempt(until)
        change = posting.close(
            Reason.EXEMPTION,
            at=work.now,
            refers=told,
            program_version=opened.program.version,
        )
        add(tx, change)
        return change.after

    return _unless_so(work, attempt)


def _unless_so(work: Work, attempt: Callable[[Transaction], Wallet]) -> Wallet:
    """Return the wallet after an attempt, or as it is where nothing was left to do."""
    try:
        return persist(work, attempt)
    except AlreadySo as already:
        return already.wallet


@dataclass(frozen=True, slots=True)
class Audited:
    """One member's audit: what disagreed, the legs by account, and how many entries there are."""

    member_id: str
    faults: tuple[str, ...]
    totals: dict[Account, int]
    entries: int


def audit(work: Work, member_id: str) -> Audited:
    """Recompute a member's wallet from its journal.

    Entries written since the wallet was read are left out. One that no wallet version belongs to
    is a fault.
    """
    wallet = open_wallet(work, member_id, absent=NotFound).wallet
    journalled = journal.recomputed(work, member_id, through=wallet.version)
    faults = verify(wallet, journalled)
    newest = journal.newest_version(work, member_id)
    if newest > wallet.version:
        present = open_wallet(work, member_id, absent=NotFound).wallet
        if newest > present.version:
            faults.append(f"version {newest}: the journal is ahead of the wallet")
    return Audited(member_id, tuple(faults), dict(journalled.totals), journalled.version)


def audit_all(work: Work, progress: Callable[[int], None]) -> Iterator[Audited]:
    """Yield the audit of every member; `progress` is told how many are done."""
    for done, member_id in enumerate(scan_keys(work, "W"), start=1):
        yield audit(work, member_id)
        progress(done)


def books_balance(audits: Iterator[Audited]) -> tuple[dict[Account, int], bool]:
    """Return the sums of all audited legs, and whether the trial balance holds."""
    totals: dict[Account, int] = {}
    for audited in audits:
        for account, points in audited.totals.items():
            totals[account] = totals.get(account, 0) + points
    return totals, trial_balance(totals)

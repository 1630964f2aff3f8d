"""Checking in, and doing tasks: read, decide, write once.

One batch reads the program and the wallet, and the streak for a check-in. One transaction writes
the receipt, what makes the deed count once (the streak that moves on to today; the claim of the
evidence and the counter of the day), the wallet and its entry. Receipt, evidence and counter are
read by nobody first: their conditions speak, in that order, and before another refusal leaves, the
receipt is looked up. Whoever loses a race is judged again by what it lost to.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.kernel.clock import end_of
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Change
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.rules import expiry_of, sentence_of
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.receipts import Request, unless_carried_out
from chalicelib.storage.table import Key
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.activities import store
from chalicelib.tiers.activities.model import (
    CheckedIn,
    Counter,
    Done,
    Kept,
    Open,
    Progress,
    Streak,
    Tasks,
    Told,
)
from chalicelib.tiers.activities.rules import (
    checked_in,
    explain_check_in,
    explain_task,
    next_bonus,
    progress,
    refuse_used_up,
    task_counter,
    task_of,
    total,
)


def check_in(work: Work, request: Request) -> Told:
    """Check a member in, once a day of the program's zone.

    Raises `NotEnrolled`, `KeyReused`, `AlreadyCheckedIn`.
    """
    receipt, streak = store.check_in_key(request), store.streak_key(request.member_id)
    opened = wallets.open_wallet(work, request.member_id, streak)
    known = store.streak_in(opened.others, streak)

    def attempt(tx: Transaction) -> CheckedIn:
        return _check_in(tx, request, opened=opened, known=known)

    try:
        with unless_carried_out(work, receipt, fingerprint=request.fingerprint):
            made = persist(work, attempt)
    except Replayed as seen:
        return _told_check_in(work, store.check_in_from(seen.image), replayed=True)
    return _told_check_in(work, made, replayed=False)


def streak_of(work: Work, member_id: str) -> Progress:
    """Return where a member's streak stands today; raises `NotEnrolled`."""
    key = store.streak_key(member_id)
    opened = wallets.open_wallet(work, member_id, key)
    rule, zone = opened.program.activities.check_in, opened.program.zone
    return progress(store.streak_in(opened.others, key), opened.today, rule=rule, zone=zone)


def do_task(work: Work, request: Request, *, name: str, evidence: str) -> Told:
    """Give a member the points of a task, for evidence that was never shown for it before.

    Raises `NotEnrolled`, `KeyReused`, `NotFound` for no such task, `EvidenceUsed`, `LimitReached`.
    """
    receipt = store.task_key(request)
    shown = store.evidence_key(request.member_id, name, evidence=evidence)
    opened = wallets.open_wallet(work, request.member_id)

    def attempt(tx: Transaction) -> Done:
        return _do(tx, request, name=name, shown=shown, opened=opened)

    try:
        with unless_carried_out(work, receipt, fingerprint=request.fingerprint):
            done = persist(work, attempt)
    except Replayed as seen:
        return _told_task(work, store.done_from(seen.image), replayed=True)
    return _told_task(work, done, replayed=False)


def tasks_of(work: Work, member_id: str) -> Tasks:
    """Return the tasks that a member can do, with how often each was done today."""
    opened = wallets.open_wallet(work, member_id)
    program, today = opened.program, opened.today
    tasks = program.activities.tasks
    counters = {name: task_counter(member_id, name, program=program, today=today) for name in tasks}
    found = fetch_raw(work, [counter.key for counter in counters.values()])
    listed = tuple(
        Open(
            name,
            sentence_of(program, name),
            task.points,
            task.per_day,
            store.count_in(found, counters[name]),
        )
        for name, task in sorted(tasks.items())
    )
    return Tasks(listed, end_of(today, program.zone))


def kept_of(work: Work, member_id: str) -> Kept:
    """Return what is kept of a member's activities besides the journal, for an export."""
    return store.kept_of(work, member_id)


def used(tx: Transaction, counter: Counter) -> int:
    """Return how often a counter has counted, as far as an attempt has seen it: perhaps hopefully.

    Nobody reads a counter first. The condition in the database holds it, and a full one shows
    itself in the refusal.
    """
    return store.latest_count(tx, counter)


def count(tx: Transaction, counter: Counter) -> None:
    """Add that a counter counts once more, as long as there is room."""
    store.count(tx, counter)


def _check_in(
    tx: Transaction, request: Request, *, opened: Opened, known: Streak | None
) -> CheckedIn:
    program, today = opened.program, opened.today
    before = store.latest_streak(tx, request.member_id, known=known)
    after = checked_in(before, today, zone=program.zone)
    points = total(explain_check_in(program.activities.check_in, after.days))
    change, debt_paid = _brought(tx, Reason.CHECK_IN, points=points, opened=opened)
    made = CheckedIn(today, after.days, points, debt_paid, program.version)
    store.put_check_in(tx, request, made=made)
    store.put_streak(tx, request.member_id, before=before, after=after)
    wallets.add(tx, change)
    return made


def _do(tx: Transaction, request: Request, *, name: str, shown: Key, opened: Opened) -> Done:
    program, today = opened.program, opened.today
    task = task_of(program.activities.tasks, name)
    counter = task_counter(request.member_id, name, program=program, today=today)
    refuse_used_up(counter, used(tx, counter))
    told = {"task": name}
    change, debt_paid = _brought(tx, Reason.TASK, points=task.points, opened=opened, refers=told)
    done = Done(name, today, task.points, debt_paid, program.version)
    store.put_done(tx, request, done=done)
    store.put_evidence(tx, shown, request=request)
    count(tx, counter)
    wallets.add(tx, change)
    return done


def _brought(
    tx: Transaction,
    reason: Reason,
    *,
    points: int,
    opened: Opened,
    refers: Mapping[str, str] | None = None,
) -> tuple[Change, int]:
    """Return a wallet with points more, and how many of them paid debt."""
    program = opened.program
    posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
    debt_paid = posting.credit(points, expiry_of(opened.today, program))
    change = posting.close(reason, at=tx.work.now, refers=refers, program_version=program.version)
    return change, debt_paid


def _told_check_in(work: Work, made: CheckedIn, *, replayed: bool) -> Told:
    """Return what a check-in brought, by the rules that it keeps."""
    program = documents.program_version(work, made.program_version)
    rule = program.activities.check_in
    return Told(
        points=made.points,
        lines=explain_check_in(rule, made.days),
        debt_paid=made.debt_paid,
        expires_on=expiry_of(made.on, program),
        replayed=replayed,
        days=made.days,
        next_bonus=next_bonus(rule, made.days),
    )


def _told_task(work: Work, done: Done, *, replayed: bool) -> Told:
    """Return what a task brought, by the rules that it keeps."""
    program = documents.program_version(work, done.program_version)
    lines = explain_task(sentence_of(program, done.task), done.points)
    expires_on = expiry_of(done.on, program)
    return Told(done.points, lines, done.debt_paid, expires_on, replayed)

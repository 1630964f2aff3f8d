"""A crowd: members by the hundred, each with points, enrolled without asking one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chalicelib.kernel.clock import day_of
from chalicelib.ledger.adjustments.model import Balance
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Wallet
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.program.documents import service as documents
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work
from tests.builders import LATER
from tests.mall import Mall, id_of

AT_A_TIME: Final = 30
"""Three items each: wallet, entry, and a row of the audit log; a transaction holds 100."""


def a_crowd(mall: Mall, count: int, *, points: int) -> list[str]:
    """Return the subjects of new members, to whom somebody gave points."""
    work = Work(mall.clock.now())
    subjects = [f"buyer-{next(mall.numbers)}" for _ in range(count)]
    for begin in range(0, count, AT_A_TIME):
        opened = _enrolled(work, subjects[begin : begin + AT_A_TIME])
        _give(work, opened, points=points)
    return subjects


def _enrolled(work: Work, subjects: Sequence[str]) -> list[Wallet]:
    def attempt(tx: Transaction) -> list[Wallet]:
        return [wallets.enrol(tx, id_of(subject), program_version=1) for subject in subjects]

    return persist(work, attempt)


def _give(work: Work, opened: Sequence[Wallet], *, points: int) -> None:
    """Correct all these wallets at once, as `adjustments` corrects one."""
    program = documents.present(work)
    today = day_of(work.now, program.zone)

    def attempt(tx: Transaction) -> None:
        for wallet in opened:
            posting = Posting(wallet, today)
            posting.credit(points, LATER)
            change = posting.close(Reason.ADJUSTMENT, at=work.now, program_version=program.version)
            wallets.add(tx, change)
            after = Balance(points, 0, points, "a crowd")
            deed = Deed("rush", "member.adjust", wallet.member_id, Balance(0, 0), after)
            audit.record(tx, deed)

    persist(work, attempt)

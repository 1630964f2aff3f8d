"""Wallets written to directly, where no route of its own does what a test needs."""

from __future__ import annotations

from datetime import date

from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work


def credit(work: Work, member_id: str, *, points: int, expires_on: date, **refers: str) -> None:
    """Bring points of a date into a wallet."""
    opened = service.open_wallet(work, member_id)

    def attempt(tx: Transaction) -> None:
        posting = Posting(service.latest(tx, opened.wallet), opened.today)
        posting.credit(points, expires_on)
        service.add(tx, posting.close(Reason.PURCHASE, at=work.now, refers=refers))

    persist(work, attempt)


def claw_back(work: Work, member_id: str, *, points: int, own_date: date, **refers: str) -> None:
    """Claw points back from a wallet."""
    opened = service.open_wallet(work, member_id)

    def attempt(tx: Transaction) -> None:
        posting = Posting(service.latest(tx, opened.wallet), opened.today)
        posting.claw_back(points, own_date)
        service.add(tx, posting.close(Reason.REFUND, at=work.now, refers=refers))

    persist(work, attempt)

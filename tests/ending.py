"""Wallets on their way to an end, for tests of when points go and who is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from chalicelib.ledger.expiry.rules import has_expired, is_due, looked_after, swept
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.ledger.wallets.model import Lot, Wallet
from chalicelib.ledger.wallets.rules import Posting, new_wallet
from tests.builders import MEMBER_ID, NOW, TODAY

DAY: Final = timedelta(days=1)


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def earned(wallet: Wallet, *lots: Lot, today: date = TODAY) -> Wallet:
    """Return a wallet after some points came in."""
    posting = Posting(wallet, today)
    for lot in lots:
        posting.credit(lot.points, lot.expires_on)
    return posting.close(Reason.PURCHASE, at=NOW).after


def spent(wallet: Wallet, points: int, today: date = TODAY) -> Wallet:
    """Return a wallet after some points went."""
    posting = Posting(wallet, today)
    posting.spend(points, into=Account.REDEEMED)
    return posting.close(Reason.REDEMPTION, at=NOW).after


def seen(wallet: Wallet, today: date) -> Wallet:
    """Return a wallet as the job leaves it, which finds it due."""
    assert is_due(wallet, today)
    if has_expired(wallet, today):
        return swept(wallet, today, at=NOW, program_version=1).after
    return looked_after(wallet, today)


EMPTY: Final = new_wallet(MEMBER_ID, NOW).after

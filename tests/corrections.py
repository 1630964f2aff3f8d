"""Corrections without a request, in whatever size: a small one alone, any other by two people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.kernel.approval import Stage
from chalicelib.kernel.errors import NotFound
from chalicelib.ledger.adjustments import service
from chalicelib.ledger.adjustments.model import Adjustment, Request
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Wallet
from chalicelib.ledger.wallets.rules import balance
from chalicelib.storage.work import Work

ROUTE: Final = "correct"
SECOND: Final = "op-second"
"""Who approves what is too much for one person."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A wallet after its correction; `again` when that had been made before."""

    wallet: Wallet
    available: int
    again: bool


def adjust(work: Work, asked: Adjustment) -> Corrected:
    """Give points to a member or take them back, once for each key."""
    same = repr((asked.member_id, asked.points, asked.reason)).encode()
    told = service.propose(work, asked, route=ROUTE, fingerprint=same)
    if told.proposal.stage is Stage.PROPOSED:
        request = Request(SECOND, ROUTE, told.proposal.id, same)
        service.approve(work, told.proposal.id, request=request, reason=None)
    opened = wallets.open_wallet(work, asked.member_id, absent=NotFound)
    return Corrected(opened.wallet, balance(opened.wallet, opened.today), told.replayed)

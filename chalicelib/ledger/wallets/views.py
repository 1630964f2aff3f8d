"""A wallet as it is told."""

from __future__ import annotations

from datetime import date
from typing import Final

from chalicelib.ledger.wallets.model import NEVER, Wallet
from chalicelib.ledger.wallets.rules import balance, last_day, usable_lots
from chalicelib.ledger.wallets.service import Opened
from chalicelib.web.bodies import View
from chalicelib.web.routes import Example

WALLET_EXAMPLE: Final[Example] = {
    "available": 1200,
    "held": 0,
    "debt": 0,
    "lots": [
        {"expires_on": "2028-11-30", "usable_through": "2028-11-30", "points": 1000},
        {"expires_on": None, "usable_through": None, "points": 200},
    ],
    "next_expiry": "2028-11-30",
}


class LotView(View):
    """Points of one date; both dates are null for points that never expire."""

    expires_on: date | None
    usable_through: date | None
    points: int


class WalletView(View):
    """What can be used today, what is held, what is owed, and when points next expire."""

    available: int
    held: int
    debt: int
    lots: list[LotView]
    next_expiry: date | None

    @classmethod
    def of(cls, opened: Opened) -> WalletView:
        """Return a wallet as of its program's today."""
        return cls.as_of(opened.wallet, opened.today)

    @classmethod
    def as_of(cls, wallet: Wallet, today: date) -> WalletView:
        """Return a wallet as of a day; points past their day are not told."""
        lots = [
            LotView(
                expires_on=_told(lot.expires_on),
                usable_through=_told(last_day(wallet, lot.expires_on)),
                points=lot.points,
            )
            for lot in usable_lots(wallet, today)
        ]
        ends = [lot.usable_through for lot in lots if lot.usable_through]
        return cls(
            available=balance(wallet, today),
            held=wallet.held,
            debt=wallet.debt,
            lots=lots,
            next_expiry=min(ends, default=None),
        )


def _told(day: date) -> date | None:
    return None if day == NEVER else day

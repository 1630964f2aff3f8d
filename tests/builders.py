"""Facts for tests, each with everything that the test does not care about filled in.

wallet = a_wallet(a_lot(points=50, expires=SOON), debt=0)
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from chalicelib.catalog.rewards.model import EVERYONE, Kind, Option, Reward, Text
from chalicelib.catalog.stock.model import Left, Mode, Shard, StockPlan
from chalicelib.ledger.journal.model import Account
from chalicelib.ledger.wallets.model import Lot, Wallet
from chalicelib.ledger.wallets.rules import Posting, new_wallet

NOW: Final = datetime(2026, 11, 21, 8, tzinfo=UTC)
TODAY: Final = date(2026, 11, 21)
"""The day of `NOW` in Shanghai."""
YESTERDAY: Final = TODAY - timedelta(days=1)
SOON: Final = date(2026, 12, 31)
LATER: Final = date(2028, 11, 30)
MEMBER_ID: Final = "mem_0Ab1Cd2Ef3G"
REWARD_ID: Final = "rwd_0Ab1Cd2Ef3G"


def a_lot(points: int = 100, expires: date = LATER) -> Lot:
    """Return points of one date."""
    return Lot(expires, points)


def a_wallet(
    *lots: Lot,
    held: int = 0,
    debt: int = 0,
    exempt_until: date | None = None,
    frozen: bool = False,
) -> Wallet:
    """Return a wallet with these lots, as if it had never had others."""
    dated = tuple(sorted(lots, key=lambda lot: lot.expires_on))
    available = sum(lot.points for lot in lots)
    return Wallet(MEMBER_ID, 1, available, held, debt, dated, exempt_until, frozen, b"head")


def a_new_wallet() -> Wallet:
    """Return the first version of a wallet."""
    return new_wallet(MEMBER_ID, NOW).after


def a_posting(*lots: Lot, debt: int = 0, exempt_until: date | None = None) -> Posting:
    """Return the next version in the making of a wallet with these lots."""
    return Posting(a_wallet(*lots, debt=debt, exempt_until=exempt_until), TODAY)


def legs(**points: int) -> dict[Account, int]:
    """Return legs by the accounts' names: `legs(issued=-10, available=10)`."""
    return {Account[name.upper()]: amount for name, amount in points.items()}


def a_plan(*, shards: int = 4, units: int = 100, peak: int = 16) -> StockPlan:
    """Return how a counted reward is supplied."""
    return StockPlan(REWARD_ID, Mode.COUNTED, units, peak, shards)


def what_is_left(*free: int, made: int = 100) -> Left:
    """Return shards with so many free units, each out of `made`."""
    return Left({number: Shard(made, units) for number, units in enumerate(free)})


def a_reward(points: int = 100, **fields: Any) -> Reward:
    """Return a reward for everyone, at any time, unlimited."""
    told: dict[str, Any] = {
        "id": REWARD_ID,
        "version": 1,
        "created_at": NOW,
        "kind": Kind.GOODS,
        "title": Text("马克杯", "Mug"),
        "description": None,
        "brand": None,
        "picture": None,
        "category": None,
        "options": (Option(points),),
        "audience": EVERYONE,
        "limits": (),
        "shown": None,
        "redeemable": None,
        "stock": StockPlan(REWARD_ID, Mode.UNLIMITED),
    }
    return Reward(**told | fields)

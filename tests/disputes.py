"""Disputes for tests: what a bank questions, decides, and what its member has left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.gateways.payments.model import Dispute
from chalicelib.redeem.disputes import service as disputes
from chalicelib.storage.transaction import Aside
from chalicelib.storage.work import Work
from tests.cash import CASH
from tests.events import Api, Json, Reply
from tests.mall import Mall
from tests.odd_stripes import Odd
from tests.orders import load_codes, wallet
from tests.stripes import LocalStripe, lately

WORTH: Final = 2990
"""What the cash of an order is worth in points: a hundred are worth a yuan to finance."""
COUNTED: Final = {"mode": "counted", "units": 3}
CODED: Final = {"mode": "coded"}


@dataclass
class Questioned(Odd):
    """Tells of disputes otherwise than they are."""

    change: Callable[[Dispute], Dispute]

    def get_dispute(self, dispute_id: str) -> Dispute:
        """Tell of one."""
        return self.change(self.real.get_dispute(dispute_id))


def dear(mall: Mall, stock: Json = COUNTED) -> str:
    """Return a reward of 100 points and ¥29.90."""
    reward = mall.reward(options=[{"points": 100, "cash": CASH}], stock=stock)
    if stock is CODED:
        load_codes(mall, reward, ["TEA-1", "TEA-2"])
    return reward


def payment_of(stripe: LocalStripe, order: Json) -> str:
    """Return the payment of an order."""
    (intent,) = stripe.payments().intents_of(order["id"], span=lately(stripe, hours=24))
    return intent.id


def question(stripe: LocalStripe, order: Json, **more: Any) -> str:
    """Let the payer's bank question an order's payment; return the dispute."""
    intent_id = payment_of(stripe, order)
    stripe.lever("disputes", {"payment_intent": intent_id, **more})
    return stripe.payments().disputes_of(intent_id)[0].id


def decide(stripe: LocalStripe, dispute: str, *, won: bool) -> None:
    """Let the bank decide."""
    stripe.lever(f"disputes/{dispute}", {"is_done": won})


def follow(mall: Mall, dispute: str, *, aside: Aside | None = None) -> bool:
    """Follow a dispute as a webhook does."""
    work, payments = Work(mall.clock.now()), mall.app.payments()
    return disputes.follow(work, payments, dispute_id=dispute, aside=aside)


def fetch(lin: Api, order: Json) -> Reply:
    """Ask for an order's codes."""
    return lin.post(f"/orders/{order['id']}/codes")


def worth(api: Api) -> tuple[int, int]:
    """Return a member's points, and those that are owed."""
    told = wallet(api)
    return told["available"], told["debt"]

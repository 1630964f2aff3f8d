"""Adding to a reward's stock, and looking at it.

New units go into few enough shards that each gets one, and into as many as the expected peak asks
for. Where that takes shards which the reward does not have yet, the reward says so from the same
transaction on, and the head moves, so that no process overlooks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.catalog.restock.model import Restocked, Units
from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.stock import service as stock
from chalicelib.catalog.stock.model import Left, StockPlan
from chalicelib.catalog.stock.rules import refuse_unlimited
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.storage.head import HEAD_KEY, head_from
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.receipts import put_receipt, receipt_sort, replayed_or_reused
from chalicelib.storage.table import Key
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work

RECEIPTS: Final = "restock"
"""The partition of the receipts: one for all rewards, apart from the rewards themselves."""


@dataclass(frozen=True, slots=True)
class Request:
    """The request behind an addition: who sent it, its route and key, and its fingerprint."""

    by: str
    route: str
    key: str
    fingerprint: bytes

    @property
    def receipt(self) -> Key:
        """Return the key of its receipt: the same for every reward, as the route is."""
        return (RECEIPTS, receipt_sort(self.by, route=self.route, key=self.key))


def stock_of(work: Work, reward_id: str) -> Left:
    """Return a reward's units; raises `NotFound`, `StockUnlimited`."""
    plan = rewards.present(work, reward_id).stock
    refuse_unlimited(plan)
    return stock.read(work, plan)


def add(work: Work, request: Request, *, reward_id: str, units: int) -> Restocked:
    """Add units to a reward, once for each request, and return what there is then.

    Raises `NotFound`, `StockUnlimited`, `StockFull`, `KeyReused`.
    """
    try:
        plan = _add_once(work, request, reward_id=reward_id, units=units)
    except Replayed:
        return Restocked(stock_of(work, reward_id), replayed=True)
    return Restocked(stock.read(work, plan), replayed=False)


def _add_once(work: Work, request: Request, *, reward_id: str, units: int) -> StockPlan:
    found = fetch_raw(work, [HEAD_KEY, request.receipt])
    if request.receipt in found:
        raise replayed_or_reused(request.fingerprint)(found[request.receipt])
    head = head_from(found.get(HEAD_KEY))
    read = rewards.reward_at(work, head, reward_id=reward_id)

    def attempt(tx: Transaction) -> StockPlan:
        reward = rewards.latest(tx, read)
        put_receipt(tx, request.receipt, fingerprint=request.fingerprint)
        plan = stock.add(tx, reward.stock, units=units)
        rewards.grow(tx, head, reward=reward, shards=plan.shards)
        audit.record(tx, Deed(request.by, "reward.restock", reward_id, after=Units(units)))
        return plan

    return persist(work, attempt)

"""Adding to a reward's stock, withdrawing from it, and looking at it.

New units of a counted reward go into few enough shards that each gets one, and into as many as the
expected peak asks for; those of a limited drop get the next numbers. Where a reward has more shards
or numbers than before, it says so from the same transaction on, and the head moves, so that no
process overlooks them. Withdrawn units leave the shelf for ever: made = free + taken + withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.catalog.restock.model import Restocked, Units
from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.stock.model import Left, StockPlan
from chalicelib.catalog.supply import service as supply
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.storage.head import HEAD_KEY, Head, head_from
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.receipts import (
    put_receipt,
    receipt_sort,
    replayed_or_reused,
    unless_carried_out,
)
from chalicelib.storage.table import Key
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work

RECEIPTS: Final = "restock"
"""The partition of the receipts: one for all rewards, apart from the rewards themselves."""


@dataclass(frozen=True, slots=True)
class Request:
    """The request behind a deed: who sent it, its route and key, and its fingerprint."""

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
    return supply.left(work, rewards.present(work, reward_id).stock)


def add(work: Work, request: Request, *, reward_id: str, units: int) -> Restocked:
    """Add units to a reward, once for each request, and return what there is then.

    Raises `NotFound`, `StockUnlimited`, `StockCoded`, `StockFull`, `KeyReused`.
    """
    try:
        with unless_carried_out(work, request.receipt, fingerprint=request.fingerprint):
            plan = _add_once(work, request, reward_id=reward_id, units=units)
    except Replayed:
        return Restocked(stock_of(work, reward_id), replayed=True)
    return Restocked(supply.left(work, plan), replayed=False)


def withdraw(work: Work, request: Request, *, reward_id: str, units: int) -> Restocked:
    """Take free units off the shelf for ever, once for each request; return what there is then.

    Raises `NotFound`, `StockUnlimited`, `SoldOut` when fewer are free, `InvalidFields` when they
    are numbered and more than one transaction can withdraw, `KeyReused`.
    """
    try:
        with unless_carried_out(work, request.receipt, fingerprint=request.fingerprint):
            plan = _withdraw_once(work, request, reward_id=reward_id, units=units)
    except Replayed:
        return Restocked(stock_of(work, reward_id), replayed=True)
    return Restocked(supply.left(work, plan), replayed=False)


def _add_once(work: Work, request: Request, *, reward_id: str, units: int) -> StockPlan:
    head = _head_unless_replayed(work, request)
    read = rewards.reward_at(work, head, reward_id=reward_id)

    def attempt(tx: Transaction) -> StockPlan:
        reward = rewards.latest(tx, read)
        put_receipt(tx, request.receipt, fingerprint=request.fingerprint)
        plan = supply.add(tx, reward.stock, units=units)
        rewards.grow(tx, head, reward=reward, shards=plan.shards, made=plan.made)
        audit.record(tx, Deed(request.by, "reward.restock", reward_id, after=Units(units)))
        return plan

    return persist(work, attempt)


def _withdraw_once(work: Work, request: Request, *, reward_id: str, units: int) -> StockPlan:
    head = _head_unless_replayed(work, request)
    plan = rewards.reward_at(work, head, reward_id=reward_id).stock
    left = supply.left_from(work, plan, found=fetch_raw(work, supply.keys(plan)))

    def attempt(tx: Transaction) -> StockPlan:
        put_receipt(tx, request.receipt, fingerprint=request.fingerprint)
        supply.withdraw(tx, plan, units=units, left=left)
        audit.record(tx, Deed(request.by, "reward.withdraw", reward_id, after=Units(units)))
        return plan

    return persist(work, attempt)


def _head_unless_replayed(work: Work, request: Request) -> Head:
    """Return the program head; raises what the request's receipt means, where it is there."""
    found = fetch_raw(work, [HEAD_KEY, request.receipt])
    if request.receipt in found:
        raise replayed_or_reused(request.fingerprint)(found[request.receipt])
    return head_from(found.get(HEAD_KEY))

"""Use of a reward's supply, whatever its mode: others call this and neither stock nor units.

    hand = Hand(order_id)
    taken = supply.choose(tx, plan, quantity=2, left=left, hand=hand)
    …                                   # the order, which names what it took, is the first piece
    supply.claim(tx, plan, taken=taken, left=left, hand=hand)

`left` is what one consistent batch of `keys` showed where units are counted; None where they are
not, or where nothing was read and the order hopes. `hand` keeps the numbers that are drawn for one
order, across its attempts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.catalog.stock import service as stock
from chalicelib.catalog.stock.model import Hint, Left, Mode, StockPlan, Taken
from chalicelib.catalog.stock.rules import SoldOut, StockCoded, refuse_unlimited
from chalicelib.catalog.stock.rules import refuse_sold_out as refuse_short
from chalicelib.catalog.units import service as numbered
from chalicelib.catalog.units.model import Hand
from chalicelib.catalog.units.rules import numbered_from, refuse_many
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work


def make(tx: Transaction, plan: StockPlan) -> None:
    """Add the first units of a new reward to the transaction that creates it.

    Numbers need no item before they are claimed; codes come by import.
    """
    if plan.mode is Mode.COUNTED:
        stock.make(tx, plan)


def keys(plan: StockPlan) -> list[Key]:
    """Return what to read to know a counted reward's stock; nothing for any other."""
    return stock.keys(plan)


def left_from(work: Work, plan: StockPlan, *, found: Mapping[Key, RawItem]) -> Left | None:
    """Return a counted reward's stock out of a batch that asked for its `keys`; else None."""
    return stock.left_from(work, plan, found=found) if plan.mode is Mode.COUNTED else None


def latest(tx: Transaction, plan: StockPlan, *, left: Left | None) -> Left | None:
    """Return what is left, with the images of shards that earlier attempts lost to others."""
    return None if left is None else stock.latest(tx, plan, left=left)


def choose(
    tx: Transaction, plan: StockPlan, *, quantity: int, left: Left | None, hand: Hand
) -> Taken:
    """Return which units an order takes, for `claim` to add; called last of all, as it may draw.

    Raises `ShardShort` when hope was not enough, `SoldOut` when too few are left.
    """
    if plan.is_numbered:
        return numbered.choose(tx.work, plan, quantity=quantity, hand=hand)
    return stock.choose(tx, plan, quantity=quantity, left=left)


def claim(tx: Transaction, plan: StockPlan, *, taken: Taken, left: Left | None, hand: Hand) -> None:
    """Add that an order takes these units."""
    if plan.is_numbered:
        numbered.claim(tx, plan, taken=taken, hand=hand)
    else:
        stock.claim(tx, plan, taken=taken, hoped=left is None)


def give_back(tx: Transaction, plan: StockPlan, *, taken: Taken, owner: str) -> None:
    """Put exactly what an order took back on the shelf."""
    if plan.is_numbered:
        numbered.give_back(tx, plan, taken=taken, owner=owner)
    else:
        stock.give_back(tx, plan, taken=taken)


def retire(tx: Transaction, plan: StockPlan, *, taken: Taken, owner: str) -> None:
    """Part with what an order took: a code that was fetched is never sold again."""
    if plan.mode is Mode.CODED:
        numbered.retire(tx, plan, taken=taken, owner=owner)
    else:
        give_back(tx, plan, taken=taken, owner=owner)


def refuse_sold_out(work: Work, plan: StockPlan, *, quantity: int, left: Left | None) -> None:
    """Raise `SoldOut` when fewer units are left than asked; takes and draws nothing."""
    if plan.is_numbered:
        free = numbered.free_at_least(work, plan, quantity=quantity)
        if free < quantity:
            raise SoldOut(left=free)
    elif left is not None:
        refuse_short(plan, left, quantity=quantity)


def hints(work: Work, plans: Sequence[StockPlan]) -> dict[str, Hint]:
    """Return what the shelf says of each reward, at most five seconds old."""
    apart = [plan for plan in plans if plan.is_numbered]
    others = [plan for plan in plans if not plan.is_numbered]
    return stock.hints(work, others) | numbered.hints(work, apart)


def left(work: Work, plan: StockPlan) -> Left:
    """Return all units of a reward; raises `StockUnlimited`."""
    if plan.is_numbered:
        return numbered.left(work, plan)
    refuse_unlimited(plan)
    return stock.read(work, plan)


def add(tx: Transaction, plan: StockPlan, *, units: int) -> StockPlan:
    """Add units to a reward, and return its plan, which may have more shards or numbers.

    Raises `StockUnlimited`, `StockCoded`, `StockFull`.
    """
    if plan.mode is Mode.CODED:
        raise StockCoded
    if plan.mode is Mode.NUMBERED:
        return replace(plan, made=numbered_from(plan, units).stop)
    return stock.add(tx, plan, units=units)


def withdraw(tx: Transaction, plan: StockPlan, *, units: int, left: Left | None) -> None:
    """Take free units off the shelf for ever.

    `left` is what `left_from` made of one consistent batch. Raises `StockUnlimited`, `SoldOut` when
    fewer are free, `InvalidFields` when numbered units are more than one transaction can withdraw.
    """
    if plan.is_numbered:
        refuse_many(units)
        numbered.withdraw(tx, plan, units=units)
    else:
        refuse_unlimited(plan)
        assert left is not None, plan
        stock.withdraw(tx, plan, units=units, left=left)

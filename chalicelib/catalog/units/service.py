"""Use of numbered units: drawing and claiming them for an order, returning and withdrawing them.

An order draws as many numbers as it wants from the dispenser, after every refusal, and claims each
in its transaction. A number that is gone leaves the order's hand, and the next is drawn. Past the
end of the dispenser, or after `VAIN_MAX` losses, blocks of numbers are read until enough free ones
are found: those that were drawn and thrown away by a crash, returned by a cancelled order, or lie
behind a hole. Only all blocks together say "sold out", and the process remembers for moments that
nothing was free.

The price: an order that loses draws again, so the dispenser runs ahead of what is sold; and for two
seconds after units came back, a process that just looked may still say that there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.catalog.stock.model import Hint, Left, StockPlan, Taken
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.catalog.units import store
from chalicelib.catalog.units.model import Hand
from chalicelib.catalog.units.rules import (
    HINT_BLOCKS_MAX,
    VAIN_MAX,
    WITHDRAWN,
    blocks_from,
    blocks_of,
    free_in,
    hint_of,
    hint_past_the_end,
    shuffled,
    tally,
)
from chalicelib.settings import settings
from chalicelib.storage.kept import Kept
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work

GONE_SECONDS: Final = 2.0
"""How long a process remembers that nothing was free (the rules of the program allow as much)."""
HINT_SECONDS: Final = 5.0
"""How old a hint on the shelf may be (the rules of the program allow a page as much)."""
HINT_REWARDS_MAX: Final = 20
"""Rewards past the end whose blocks one page looks at: a quarter of a second. Others say "low"."""
KEPT_MAX: Final = 10_000
"""Rewards of which something is remembered: about 2 MB."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a hint said, and when, by the process's monotonic clock."""

    hint: Hint
    at: float


_gone: Kept[tuple[str, str, int], float] = Kept(KEPT_MAX)
"""When the look began that found nothing free, by table, reward and numbers made."""
_glances: Kept[tuple[str, str, int], Glance] = Kept(KEPT_MAX)


def choose(work: Work, plan: StockPlan, *, quantity: int, hand: Hand) -> Taken:
    """Fill an order's hand, and return the numbers for `claim` to add.

    Called last in an attempt, because it draws. Raises `SoldOut` when all blocks together hold too
    few.
    """
    missing = quantity - len(hand.numbers)
    if missing:
        if _is_gone(work, plan):
            raise SoldOut(left=0)
        if not _draw(work, plan, missing=missing, hand=hand):
            _look(work, plan, quantity=quantity, hand=hand)
    return dict.fromkeys(sorted(hand.numbers), 1)


def claim(tx: Transaction, plan: StockPlan, *, taken: Taken, hand: Hand) -> None:
    """Add that the hand's owner owns these numbers; one that turns out to be gone leaves it."""
    for number in taken:
        store.claim(tx, plan, number=number, hand=hand)


def give_back(tx: Transaction, plan: StockPlan, *, taken: Taken, owner: str) -> None:
    """Make the units of an order free again."""
    _gone.put(_name(plan), float("-inf"))
    for number in taken:
        store.disown(tx, plan, number=number, owner=owner)


def retire(tx: Transaction, plan: StockPlan, *, taken: Taken, owner: str) -> None:
    """Withdraw the units of an order for ever."""
    for number in taken:
        store.retire(tx, plan, number=number, owner=owner)


def withdraw(tx: Transaction, plan: StockPlan, *, units: int) -> None:
    """Take free units off the shelf for ever, the highest numbers first.

    Raises `SoldOut` when fewer are free. What is free is read in every attempt.
    """
    free = _free(tx.work, plan, blocks=reversed(range(blocks_of(plan))), enough=units)
    if len(free) < units:
        raise SoldOut(left=len(free))
    hand = Hand(WITHDRAWN, sorted(free)[-units:])
    claim(tx, plan, taken=dict.fromkeys(hand.numbers, 1), hand=hand)


def put_codes(tx: Transaction, reward_id: str, *, codes: Sequence[tuple[int, bytes]]) -> None:
    """Add units that are codes: a number and a sealed code each, where no unit is yet."""
    for number, code in codes:
        store.put_code(tx, store.key_of(reward_id, number), code=code)


def codes_of(work: Work, reward_id: str, *, numbers: Sequence[int]) -> dict[int, bytes]:
    """Return the sealed codes of units, by number."""
    return store.codes_of(work, reward_id, numbers=numbers)


def free_at_least(work: Work, plan: StockPlan, *, quantity: int) -> int:
    """Return `quantity` or more when so many units are free, else how many there are.

    Draws nothing: the numbers that the dispenser would hint are looked at, then the blocks.
    """
    if _is_gone(work, plan):
        return 0
    first = store.drawn(work, [plan])[plan.reward_id]
    hinted = range(first, min(first + quantity, plan.made))
    if len(hinted) == quantity == len(store.free_of(work, plan, numbers=hinted)):
        return quantity
    return len(_free(work, plan, blocks=blocks_from(plan, dice=work.dice), enough=quantity))


def left(work: Work, plan: StockPlan) -> Left:
    """Return all units of a reward by block; every block is read."""
    blocks = (store.read_block(work, plan, block=block) for block in range(blocks_of(plan)))
    return Left({block.number: tally(plan, block) for block in blocks})


def hints(work: Work, plans: Sequence[StockPlan]) -> dict[str, Hint]:
    """Return what the shelf says of each reward, at most five seconds old."""
    told = {plan.reward_id: hint for plan in plans if (hint := _remembered(work, plan))}
    unknown = [plan for plan in plans if plan.reward_id not in told]
    drawn = store.drawn(work, unknown)
    looks = 0
    for plan in unknown:
        hint = hint_of(plan, drawn=drawn[plan.reward_id])
        if hint is None and looks < HINT_REWARDS_MAX:
            looks += 1
            hint = _past_the_end(work, plan)
        if hint is not None:
            _glances.put(_name(plan), Glance(hint, work.elapsed()))
        told[plan.reward_id] = hint or Hint.LOW
    return told


def _draw(work: Work, plan: StockPlan, *, missing: int, hand: Hand) -> bool:
    """Draw numbers into the hand; tell whether the dispenser had as many."""
    if hand.is_past_end or hand.vain >= VAIN_MAX:
        return False
    numbers = store.draw(work, plan, quantity=missing)
    if numbers is None:
        hand.is_past_end = True
        return False
    hand.numbers += numbers
    return True


def _look(work: Work, plan: StockPlan, *, quantity: int, hand: Hand) -> None:
    """Fill the hand with free numbers of blocks; raises `SoldOut` when all have too few."""
    begun = work.elapsed()
    free = _free(work, plan, blocks=blocks_from(plan, dice=work.dice), enough=quantity)
    if not free:
        _gone.put(_name(plan), begun)
        store.exhaust(work, plan)
    if len(free) < quantity:
        raise SoldOut(left=len(free))
    mixed = shuffled(free, dice=work.dice)
    hand.replace(mixed[:quantity], offers=mixed[quantity:])


def _free(work: Work, plan: StockPlan, *, blocks: Iterable[int], enough: int) -> list[int]:
    """Return free numbers of blocks, reading no further once there are enough."""
    free: list[int] = []
    for block in blocks:
        free += free_in(plan, store.read_block(work, plan, block=block))
        if len(free) >= enough:
            break
    return free


def _past_the_end(work: Work, plan: StockPlan) -> Hint:
    blocks = blocks_from(plan, dice=work.dice)[:HINT_BLOCKS_MAX]
    return hint_past_the_end(plan, [store.read_block(work, plan, block=block) for block in blocks])


def _is_gone(work: Work, plan: StockPlan) -> bool:
    seen = _gone.get(_name(plan))
    return seen is not None and work.elapsed() - seen <= GONE_SECONDS


def _remembered(work: Work, plan: StockPlan) -> Hint | None:
    if _is_gone(work, plan):
        return Hint.SOLD_OUT
    seen = _glances.get(_name(plan))
    fresh = seen is not None and work.elapsed() - seen.at <= HINT_SECONDS
    return seen.hint if seen and fresh else None


def _name(plan: StockPlan) -> tuple[str, str, int]:
    return (settings().table, plan.reward_id, plan.made)

"""Which numbers are free, in what order blocks are looked at, and what the shelf says of a drop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chalicelib.catalog.stock.model import Hint, Mode, Shard, StockPlan
from chalicelib.catalog.stock.rules import LOW_PERCENT, StockFull
from chalicelib.catalog.units.model import Block
from chalicelib.kernel.errors import InvalidFields
from chalicelib.kernel.ids import Dice

BLOCK_UNITS: Final = 1_000
"""Numbers of a block: one query reads them all, 150 KB of the megabyte that a query returns."""
NUMBERED_UNITS_MAX: Final = 100_000
"""Numbers of a reward: an honest "sold out" reads their 100 blocks in about a second."""
WITHDRAWN: Final = "withdrawn"
"""The owner of a unit that will never be sold; no order's id looks like it."""
VAIN_MAX: Final = 3
"""Numbers that an order may lose before it looks at blocks: a race costs one, a hole in the codes
costs as many as it is wide."""
WITHDRAWN_AT_ONCE_MAX: Final = 90
"""Numbered units that one call withdraws: a transaction holds 100 items, and a receipt, the audit
log and the head need theirs."""
HINT_BLOCKS_MAX: Final = 4
"""Blocks that a hint looks at once the dispenser is past the end."""


def numbered_from(plan: StockPlan, units: int) -> range:
    """Return the numbers that a reward's next units get; raises `StockFull`."""
    first = max(plan.made, plan.reserved)
    if first + units > NUMBERED_UNITS_MAX:
        raise StockFull(units_max=NUMBERED_UNITS_MAX)
    return range(first, first + units)


def refuse_many(units: int) -> None:
    """Refuse to withdraw more numbered units than one transaction can."""
    if units > WITHDRAWN_AT_ONCE_MAX:
        raise InvalidFields.at(
            "/units",
            f"at most {WITHDRAWN_AT_ONCE_MAX} numbered units at once",
            zh=f"编号库存每次最多撤下 {WITHDRAWN_AT_ONCE_MAX} 件",
        )


def block_of(number: int) -> int:
    """Return the block that a number lies in."""
    return number // BLOCK_UNITS


def blocks_of(plan: StockPlan) -> int:
    """Return how many blocks hold the numbers given out so far."""
    return -(-plan.made // BLOCK_UNITS)


def blocks_from(plan: StockPlan, *, dice: Dice) -> list[int]:
    """Return all blocks, each once, beginning with one picked by dice: buyers look apart."""
    blocks = blocks_of(plan)
    first = int(dice.random() * blocks)
    return [(first + step) % blocks for step in range(blocks)]


def numbers_in(plan: StockPlan, block: int) -> range:
    """Return the numbers of a block that were given out so far."""
    first = block * BLOCK_UNITS
    return range(first, min(first + BLOCK_UNITS, plan.made))


def free_in(plan: StockPlan, block: Block) -> list[int]:
    """Return the free numbers of a block, ascending."""
    numbers = numbers_in(plan, block.number)
    if plan.mode is Mode.CODED:
        return [number for number in numbers if block.owners.get(number, WITHDRAWN) is None]
    return [number for number in numbers if block.owners.get(number) is None]


def tally(plan: StockPlan, block: Block) -> Shard:
    """Return the units of a block: those that exist, the free ones and the withdrawn ones."""
    numbers = numbers_in(plan, block.number)
    owners = [owner for number, owner in block.owners.items() if number in numbers]
    made = len(owners) if plan.mode is Mode.CODED else len(numbers)
    return Shard(made, len(free_in(plan, block)), owners.count(WITHDRAWN))


def shuffled(numbers: Sequence[int], *, dice: Dice) -> list[int]:
    """Return numbers in an order by dice, so that buyers past the end reach for different ones."""
    return sorted(numbers, key=lambda _: dice.random())


def hint_of(plan: StockPlan, *, drawn: int) -> Hint | None:
    """Return what the shelf says while the dispenser has numbers, None past the end."""
    hinted = plan.made - drawn
    if hinted <= 0:
        return None
    return Hint.LOW if hinted <= max(1, plan.made * LOW_PERCENT // 100) else Hint.IN_STOCK


def hint_past_the_end(plan: StockPlan, blocks: Sequence[Block]) -> Hint:
    """Return what the shelf says by some blocks: "sold out" only by all of them."""
    found = any(free_in(plan, block) for block in blocks)
    return Hint.LOW if found or len(blocks) < blocks_of(plan) else Hint.SOLD_OUT

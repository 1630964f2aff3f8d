"""How units are spread over shards, from which shards an order takes them, and when they are gone.

Shards keep buyers out of each other's way: a transaction writes one of them, so two buyers meet
only by chance. They steer nothing else. An order that finds its shard short gathers from several,
and only all shards together say "sold out".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chalicelib.catalog.stock.model import Hint, Left, Mode, StockPlan
from chalicelib.kernel.errors import Conflict
from chalicelib.kernel.ids import Dice

SALES_PER_SHARD: Final = 4
"""Sales a second that one shard bears: beyond that, buyers meet on it more often than not."""
SHARDS_MAX: Final = 64
"""Shards of a reward: all are read in one batch of at most 100."""
UNITS_MAX: Final = 1_000_000
"""Units that one call may make."""
SHARD_UNITS_MAX: Final = 10**9
"""Units that one shard may ever be given: a thousand of the largest calls."""
HINT_SHARDS_MAX: Final = 4
"""Shards of a reward that are read for a hint: all of them at the usual peak."""
LOW_PERCENT: Final = 10
"""At or below this share of all units ever made, the shelf says "low"."""


class SoldOut(Conflict):
    """Fewer units are left than asked."""

    code = "sold_out"
    en = "Not enough of this reward is left: {left}."
    zh = "该奖励库存不足，剩余 {left} 件。"


class StockUnlimited(Conflict):
    """Units were added to a reward that never runs out."""

    code = "stock_unlimited"
    en = "This reward never runs out, so its units are not counted."
    zh = "该奖励不限量，没有库存可供调整。"


class StockCoded(Conflict):
    """Units were added by count to a reward whose units are codes."""

    code = "stock_coded"
    en = "Each unit of this reward is a voucher code; import codes instead."
    zh = "该奖励的每件库存对应一个兑换码，请导入兑换码。"


class StockFull(Conflict):
    """A reward was given as many units as it may ever have."""

    code = "stock_full"
    en = "This reward cannot be given more units: at most {units_max} in one shard or drop."
    zh = "该奖励的库存已达上限，每个分片或限量批次最多 {units_max} 件。"


def planned(plan: StockPlan) -> StockPlan:
    """Return the plan of a new reward: its shards, never more than units, or its numbers."""
    if plan.is_numbered:
        return replace(plan, made=plan.units)
    if plan.mode is Mode.UNLIMITED:
        return plan
    return replace(plan, shards=_shards_for(plan, plan.units))


def grown(plan: StockPlan, units: int) -> StockPlan:
    """Return the plan that more units ask for: perhaps more shards, never fewer."""
    return replace(plan, shards=max(plan.shards, _shards_for(plan, units)))


def spread(plan: StockPlan, units: int, *, dice: Dice) -> dict[int, int]:
    """Return new units by shard: evenly, what remains to neighbours picked by dice.

    Only shards that the expected peak asks for get any.
    """
    shards = min(plan.shards, _shards_at(plan.peak_per_second))
    each, remain = divmod(units, shards)
    first = int(dice.random() * shards)
    favoured = {(first + step) % shards for step in range(remain)}
    parts = {shard: each + (shard in favoured) for shard in range(shards)}
    return {shard: part for shard, part in parts.items() if part}


def picked(plan: StockPlan, quantity: int, *, left: Left | None, dice: Dice) -> int | None:
    """Return a shard that is known or, when nothing is known, hoped to hold enough units."""
    able = (
        list(range(plan.shards))
        if left is None
        else [number for number, shard in left.shards.items() if shard.free >= quantity]
    )
    return able[int(dice.random() * len(able))] if able else None


def gathered(quantity: int, left: Left) -> dict[int, int]:
    """Return what to take from which shard when no single one holds enough: fullest first."""
    parts: dict[int, int] = {}
    for number, shard in sorted(left.shards.items(), key=lambda pair: -pair[1].free):
        part = min(quantity, shard.free)
        if not part:
            break
        parts[number] = part
        quantity -= part
    assert not quantity, "gathering more than is left"
    return parts


def refuse_sold_out(plan: StockPlan, left: Left, *, quantity: int) -> None:
    """Raise `SoldOut` when fewer than `quantity` units are left in all shards together."""
    if plan.mode is Mode.COUNTED and left.free < quantity:
        raise SoldOut(left=left.free)


def refuse_unlimited(plan: StockPlan) -> None:
    """Raise `StockUnlimited` where there is nothing to count."""
    if plan.mode is Mode.UNLIMITED:
        raise StockUnlimited


def sampled(plan: StockPlan, *, dice: Dice) -> list[int]:
    """Return the shards that a hint looks at: neighbours, the first of them picked by dice."""
    first = int(dice.random() * plan.shards)
    return [(first + step) % plan.shards for step in range(min(plan.shards, HINT_SHARDS_MAX))]


def hint_of(plan: StockPlan, left: Left) -> Hint:
    """Return what the shelf says: "low" at one unit, or at a tenth of what was ever made.

    What was read may be a part of the shards. It then stands for all of them, except that only all
    shards together say "sold out".
    """
    if not left.free and len(left.shards) >= plan.shards:
        return Hint.SOLD_OUT
    return Hint.LOW if left.free <= max(1, left.made * LOW_PERCENT // 100) else Hint.IN_STOCK


def _shards_for(plan: StockPlan, units: int) -> int:
    """Return the shards for this many units; a reward without any is prepared for its peak."""
    shards = _shards_at(plan.peak_per_second)
    return min(shards, units) if units else shards


def _shards_at(peak_per_second: int) -> int:
    return min(SHARDS_MAX, -(-peak_per_second // SALES_PER_SHARD))

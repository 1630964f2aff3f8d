"""Units as items: `reward#block / U#000017`; the dispenser: `reward / N`.

In a limited drop no item exists before its first claim. A code is an item from its import on. What
keeps a unit from being sold twice is the claim's condition alone: it has no owner, and a code
exists. The dispenser only hints. It is written outside of transactions, where buyers do not
conflict, and may be behind or ahead of what was claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.catalog.stock.model import Mode, StockPlan
from chalicelib.catalog.units.model import Block, Hand
from chalicelib.catalog.units.rules import WITHDRAWN, block_of
from chalicelib.kernel.errors import Contended
from chalicelib.settings import settings
from chalicelib.storage.reads import LAST, fetch_raw, patiently
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem, code_of, connection
from chalicelib.storage.transaction import Moved, Transaction
from chalicelib.storage.work import Work

UNIT: Final = "U#"


class UnitItem(Item):
    """One numbered unit as stored; its code is sealed."""

    owner = UnicodeAttribute(attr_name="o", null=True)
    code = BinaryAttribute(attr_name="c", legacy_encoding=False, null=True)


class DispenserItem(Item):
    """The next number that a dispenser hints."""

    upcoming = IntAttribute(attr_name="n")


def key_of(reward_id: str, number: int) -> Key:
    """Return where a unit is."""
    return (f"{reward_id}#{block_of(number)}", f"{UNIT}{number:06d}")


def dispenser_of(reward_id: str) -> Key:
    """Return where a reward's dispenser is."""
    return (reward_id, "N")


def draw(work: Work, plan: StockPlan, *, quantity: int) -> range | None:
    """Return the next numbers of the dispenser, or None when it has not as many.

    An answer that is lost costs the numbers, not the units: they are found past the end.
    """
    if plan.made < quantity:
        return None
    item = DispenserItem(*dispenser_of(plan.reward_id))
    room = DispenserItem.upcoming <= plan.made - quantity
    first = DispenserItem.upcoming.does_not_exist()
    if not _moved(work, item, action=DispenserItem.upcoming.add(quantity), condition=first | room):
        return None
    return range(item.upcoming - quantity, item.upcoming)


def drawn(work: Work, plans: Sequence[StockPlan]) -> dict[str, int]:
    """Return how many numbers each reward's dispenser has hinted so far."""
    keys = {plan.reward_id: dispenser_of(plan.reward_id) for plan in plans}
    found = fetch_raw(work, list(keys.values()))
    return {
        name: DispenserItem.read(found[key]).upcoming if key in found else 0
        for name, key in keys.items()
    }


def exhaust(work: Work, plan: StockPlan) -> None:
    """Move a dispenser to the end, when nothing is free, so that it hints in vain no more."""
    item = DispenserItem(*dispenser_of(plan.reward_id))
    behind = DispenserItem.upcoming < plan.made
    first = DispenserItem.upcoming.does_not_exist()
    _moved(work, item, action=DispenserItem.upcoming.set(plan.made), condition=first | behind)


def claim(tx: Transaction, plan: StockPlan, *, number: int, hand: Hand) -> None:
    """Make the hand's owner the owner of a unit that has none; else the number leaves the hand."""
    key = key_of(plan.reward_id, number)
    free: Condition = UnitItem.owner.does_not_exist()

    def otherwise(image: RawItem | None) -> Exception:
        hand.refuse(number)
        return Moved(key, image or {})

    tx.update(
        UnitItem(*key),
        (UnitItem.owner.set(hand.owner),),
        condition=UnitItem.code.exists() & free if plan.mode is Mode.CODED else free,
        otherwise=otherwise,
    )


def disown(tx: Transaction, plan: StockPlan, *, number: int, owner: str) -> None:
    """Make a unit free again that an order owns."""
    tx.update(
        UnitItem(*key_of(plan.reward_id, number)),
        (UnitItem.owner.remove(),),
        condition=UnitItem.owner == owner,
        otherwise=lambda _: Contended(),
    )


def retire(tx: Transaction, plan: StockPlan, *, number: int, owner: str) -> None:
    """Withdraw for ever a unit that an order owns."""
    tx.update(
        UnitItem(*key_of(plan.reward_id, number)),
        (UnitItem.owner.set(WITHDRAWN),),
        condition=UnitItem.owner == owner,
        otherwise=lambda _: Contended(),
    )


def put_code(tx: Transaction, key: Key, *, code: bytes) -> None:
    """Add a unit that is a code, where there is none."""
    tx.put(UnitItem(*key, code=code), otherwise=lambda _: Contended())


def codes_of(work: Work, reward_id: str, *, numbers: Sequence[int]) -> dict[int, bytes]:
    """Return the sealed codes of units, by number."""
    keys = {key_of(reward_id, number): number for number in numbers}
    found = fetch_raw(work, list(keys))
    return {keys[key]: UnitItem.read(raw).code for key, raw in found.items()}


def free_of(work: Work, plan: StockPlan, *, numbers: Sequence[int]) -> list[int]:
    """Return which of these numbers are free."""
    keys = {number: key_of(plan.reward_id, number) for number in numbers}
    found = fetch_raw(work, list(keys.values()))
    # Without an item a number is free in a limited drop, and a hole where units are codes.
    absent: RawItem = {"o": {}} if plan.mode is Mode.CODED else {}
    return [number for number, key in keys.items() if "o" not in found.get(key, absent)]


def read_block(work: Work, plan: StockPlan, *, block: int) -> Block:
    """Return the units of a block: their owners, not their codes."""
    owners: dict[int, str | None] = {}
    last: Mapping[str, Any] | None = None
    while True:
        answer = patiently(
            work,
            lambda start=last: connection().connection.query(  # type: ignore[misc]
                settings().table,
                f"{plan.reward_id}#{block}",
                Item.sort.between(UNIT, UNIT + LAST),
                attributes_to_get=["s", "o"],
                consistent_read=True,
                exclusive_start_key=start,
            ),
        )
        owners |= dict(_owned(raw) for raw in answer["Items"])
        last = answer.get("LastEvaluatedKey")
        if last is None:
            return Block(block, owners)


def _owned(raw: RawItem) -> tuple[int, str | None]:
    return int(raw["s"]["S"].removeprefix(UNIT)), raw["o"]["S"] if "o" in raw else None


def _moved(work: Work, item: DispenserItem, *, action: Action, condition: Condition) -> bool:
    """Move a dispenser on, outside of any transaction; tell whether its condition held."""
    try:
        patiently(work, lambda: item.update([action], condition))
    except UpdateError as failure:
        if code_of(failure) != "ConditionalCheckFailedException":
            raise
        return False
    return True

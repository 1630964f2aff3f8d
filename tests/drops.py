"""A limited drop, or a pool of codes, in a fresh table, and one process that sells it.

bench = Bench()
plan = bench.drop(made=100, owned={0: THEIRS})
assert bench.take(plan, 1) == [1]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from chalicelib.catalog.stock.model import Left, Mode, StockPlan, Taken
from chalicelib.catalog.supply import service as supply
from chalicelib.catalog.units import service as units
from chalicelib.catalog.units.model import Hand
from chalicelib.catalog.units.rules import BLOCK_UNITS
from chalicelib.catalog.units.store import DispenserItem, UnitItem
from chalicelib.storage.transaction import Transaction, persist
from chalicelib.storage.work import Work
from tests.builders import NOW, REWARD_ID

OURS: Final = "ord_ours"
THEIRS: Final = "ord_theirs"
CODE: Final = b"sealed"


@dataclass
class Bench:
    """A process whose monotonic clock the test moves, and a reward's units in a fresh table."""

    seconds: float = 0.0
    work: Work = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self.work = Work(NOW, elapsed=lambda: self.seconds)

    def drop(self, made: int, owned: Mapping[int, str] | None = None) -> StockPlan:
        """Return a limited drop, some of whose units have owners."""
        with UnitItem.batch_write() as batch:
            for number, owner in (owned or {}).items():
                batch.save(UnitItem(*key_of(number), owner=owner))
        return StockPlan(REWARD_ID, Mode.NUMBERED, made, made=made)

    def codes(self, made: int, *numbers: int) -> StockPlan:
        """Return a pool of codes with units at these numbers, and holes at all others."""
        for number in numbers:
            UnitItem(*key_of(number), code=CODE).save()
        return StockPlan(REWARD_ID, Mode.CODED, made=made, reserved=made)

    def hints(self, upcoming: int) -> None:
        """Put the dispenser somewhere."""
        DispenserItem(REWARD_ID, "N", upcoming=upcoming).save()

    def take(self, plan: StockPlan, quantity: int, hand: Hand | None = None) -> list[int]:
        """Take units in a transaction of their own."""
        drawn = hand or Hand(OURS)
        taken = persist(self.work, lambda tx: take(tx, plan, quantity=quantity, hand=drawn))
        assert set(taken.values()) == {1}
        return list(taken)

    def give_back(self, plan: StockPlan, *numbers: int, owner: str = OURS) -> None:
        """Return units in a transaction of their own."""
        taken = dict.fromkeys(numbers, 1)
        persist(self.work, lambda tx: units.give_back(tx, plan, taken=taken, owner=owner))

    def retire(self, plan: StockPlan, *numbers: int, owner: str = OURS) -> None:
        """Retire units in a transaction of their own."""
        taken = dict.fromkeys(numbers, 1)
        persist(self.work, lambda tx: units.retire(tx, plan, taken=taken, owner=owner))

    def withdraw(self, plan: StockPlan, quantity: int) -> None:
        """Withdraw units in a transaction of their own."""
        persist(self.work, lambda tx: units.withdraw(tx, plan, units=quantity))


def take(
    tx: Transaction,
    plan: StockPlan,
    *,
    quantity: int,
    left: Left | None = None,
    hand: Hand | None = None,
) -> Taken:
    """Take units as an order does, which adds itself in between."""
    drawn = hand or Hand(OURS)
    taken = supply.choose(tx, plan, quantity=quantity, left=left, hand=drawn)
    supply.claim(tx, plan, taken=taken, left=left, hand=drawn)
    return taken


def key_of(number: int) -> tuple[str, str]:
    """Return where a unit is."""
    return (f"{REWARD_ID}#{number // BLOCK_UNITS}", f"U#{number:06d}")


def owner_of(number: int) -> str | None:
    """Return the owner of a unit as it is stored."""
    return UnitItem.get(*key_of(number), consistent_read=True).owner


def there_is(number: int) -> bool:
    """Tell whether a unit has an item."""
    return any(UnitItem.query(key_of(number)[0], UnitItem.sort == key_of(number)[1]))


def upcoming() -> int:
    """Return where the dispenser stands."""
    return DispenserItem.get(REWARD_ID, "N", consistent_read=True).upcoming

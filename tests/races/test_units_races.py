"""Many buyers and a limited drop, on the real engine: each number once, and none left unsold.

Buyers take as checkout does: they draw, and claim in a transaction, until they are told sold out.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Final

import pytest

from chalicelib.catalog.stock.model import Mode, StockPlan
from chalicelib.catalog.stock.rules import SoldOut
from chalicelib.catalog.units import service as units
from chalicelib.catalog.units.model import Hand
from chalicelib.catalog.units.store import UnitItem
from chalicelib.kernel.errors import Contended
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import Work
from tests.builders import NOW, REWARD_ID
from tests.drops import take
from tests.faults import Crashed

WORK: Final = Work(NOW)
THREADS: Final = 20
DROP: Final = StockPlan(REWARD_ID, Mode.NUMBERED, 100, made=100)
_orders = count(1)


def an_order() -> str:
    return f"ord_{next(_orders)}"


def bought(plan: StockPlan, quantity: int = 1, *, order: str) -> list[int]:
    """Take units as often as it needs, and return their numbers; none when sold out."""
    while True:
        try:
            return buy_once(plan, quantity, hand=Hand(order))
        except Contended:
            continue
        except SoldOut:
            return []


def buy_once(plan: StockPlan, quantity: int, *, hand: Hand) -> list[int]:
    return list(persist(WORK, lambda tx: take(tx, plan, quantity=quantity, hand=hand)))


def until_sold_out(buy: Callable[[], list[int]]) -> Iterator[int]:
    """Buy, and yield every number, until nothing is left."""
    while numbers := buy():
        yield from numbers


def at_once(work: Callable[[int], list[int]], number: int = THREADS) -> list[int]:
    """Return what all threads got together."""
    with ThreadPoolExecutor(THREADS) as threads:
        return [got for each in threads.map(work, range(number)) for got in each]


def owners() -> dict[int, str]:
    """Return the owners of all units of the drop's first block, as they are stored."""
    items = UnitItem.query(f"{REWARD_ID}#0", consistent_read=True)
    return {int(item.sort[2:]): item.owner for item in items if item.owner}


def give_back(plan: StockPlan, number: int, *, owner: str) -> None:
    while True:
        try:
            persist(WORK, lambda tx: units.give_back(tx, plan, taken={number: 1}, owner=owner))
        except Contended:
            continue
        return


@pytest.mark.usefixtures("table")
def test_every_number_of_a_drop_is_sold_once() -> None:
    sold = at_once(lambda _: list(until_sold_out(lambda: bought(DROP, order=an_order()))))
    assert sorted(sold) == list(range(100))
    assert len(set(owners().values())) == 100


@pytest.mark.usefixtures("table")
def test_a_pool_of_codes_with_holes_is_sold_to_the_last_code() -> None:
    numbers = sorted(random.Random(3).sample(range(100), 60))
    for number in numbers:
        UnitItem(f"{REWARD_ID}#0", f"U#{number:06d}", code=b"sealed").save()
    pool = StockPlan(REWARD_ID, Mode.CODED, made=100, reserved=100)
    sold = at_once(lambda _: list(until_sold_out(lambda: bought(pool, order=an_order()))))
    assert sorted(sold) == numbers


@pytest.mark.usefixtures("table")
def test_orders_of_several_units_leave_only_what_is_too_few() -> None:
    dice = random.Random(7)
    asked = [dice.randint(1, 6) for _ in range(60)]
    got = {}

    def buy(number: int) -> list[int]:
        got[number] = bought(DROP, asked[number], order=an_order())
        return got[number]

    sold = at_once(buy, len(asked))
    assert len(sold) == len(set(sold)) == len(owners())
    refused = [asked[number] for number, numbers in got.items() if not numbers]
    assert all(quantity > 100 - len(sold) for quantity in refused)


@pytest.mark.usefixtures("table")
def test_numbers_that_died_with_their_drawer_are_sold_to_others() -> None:
    dice = random.Random(11)

    def buy_or_die(_: int) -> list[int]:
        got: list[int] = []
        while True:
            hand = Hand(an_order())
            try:
                if dice.random() < 0.5:
                    units.choose(WORK, DROP, quantity=dice.randint(1, 3), hand=hand)
                    raise Crashed
                numbers = bought(DROP, order=hand.owner)
            except Crashed:
                continue
            except SoldOut:
                numbers = []
            if not numbers:
                return got
            got += numbers

    sold = at_once(buy_or_die)
    sold += until_sold_out(lambda: bought(DROP, order=an_order()))
    assert sorted(sold) == list(range(100))


@pytest.mark.usefixtures("table")
def test_units_that_come_back_in_the_rush_are_sold_again() -> None:
    returned = count()

    def buy(_: int) -> list[int]:
        kept = []
        for number in until_sold_out(lambda: bought(DROP, order="ord_first")):
            if number % 3 == 0 and next(returned) < 40:
                give_back(DROP, number, owner="ord_first")
            else:
                kept.append(number)
        return kept

    kept = at_once(buy)
    kept += until_sold_out(lambda: bought(DROP, order="ord_first"))
    assert sorted(kept) == list(range(100))


@pytest.mark.usefixtures("table")
def test_units_added_in_the_rush_are_all_sold_too() -> None:
    plans = [replace(DROP, made=20 * step) for step in range(1, 6)]
    newest = iter(plans)
    now = [next(newest)]
    grown = threading.Event()

    def buy(number: int) -> list[int]:
        if number == 0:
            for plan in newest:
                now[0] = plan
            grown.set()
        got = []
        while True:
            over = grown.is_set()
            numbers = bought(now[0], order=an_order())
            got += numbers
            if over and not numbers:
                return got

    assert sorted(at_once(buy)) == list(range(100))


@pytest.mark.usefixtures("table")
def test_nobody_is_told_sold_out_while_a_unit_is_free() -> None:
    """Twenty buyers of one unit each, as many as there are: whoever is refused was lied to."""
    for step in range(1, 6):
        plan = replace(DROP, made=THREADS * step)
        sold = at_once(lambda _: bought(plan, order=an_order()))  # noqa: B023
        assert len(sold) == THREADS


@pytest.mark.usefixtures("table")
def test_what_is_withdrawn_in_the_rush_is_not_sold_and_everything_else_is() -> None:
    def buy_or_withdraw(number: int) -> list[int]:
        if number % 5:
            return list(until_sold_out(lambda: bought(DROP, order=an_order())))
        while True:
            try:
                persist(WORK, lambda tx: units.withdraw(tx, DROP, units=4))
            except Contended:
                continue
            except SoldOut:
                pass
            return []

    sold = at_once(buy_or_withdraw)
    left = units.left(WORK, DROP)
    assert (left.taken, left.free) == (len(sold), 0)
    assert left.withdrawn == 100 - len(sold)
    assert len(sold) == len(set(sold))

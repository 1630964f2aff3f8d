"""Many buyers and few units, on the real engine: never oversold, and no unit left unsold.

Buyers take as checkout does: first in hope, then with what one consistent batch showed.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import pytest

from chalicelib.catalog.stock import service as stock
from chalicelib.catalog.stock.model import StockPlan, Taken
from chalicelib.catalog.stock.rules import SoldOut, planned
from chalicelib.kernel.errors import Contended
from chalicelib.storage.transaction import Mistaken, Transaction, persist
from chalicelib.storage.work import Work
from tests.builders import NOW, a_plan
from tests.drops import take

WORK: Final = Work(NOW)
THREADS: Final = 16


def a_stocked_plan(units: int, peak: int = 32) -> StockPlan:
    """Put units on the shelf."""
    plan = planned(a_plan(units=units, peak=peak, shards=0))
    persist(WORK, lambda tx: stock.make(tx, plan))
    return plan


def taken(plan: StockPlan, quantity: int) -> int:
    """Take units as often as it needs, and return how many: all of them, or none when gone."""
    while True:
        try:
            buy_once(plan, quantity)
        except Contended:
            continue
        except SoldOut:
            return 0
        return quantity


def buy_once(plan: StockPlan, quantity: int) -> Taken:
    try:
        return persist(WORK, lambda tx: take(tx, plan, quantity=quantity))
    except Mistaken:
        left = stock.read(WORK, plan)
        return persist(WORK, lambda tx: take(tx, plan, quantity=quantity, left=left))


def bought_from(plan: StockPlan) -> Taken | None:
    """Take a unit, and return from where, or None when all are gone."""
    while True:
        try:
            return buy_once(plan, 1)
        except Contended:
            continue
        except SoldOut:
            return None


def insist(attempt: Callable[[Transaction], object]) -> None:
    """Write, as often as it needs."""
    while True:
        try:
            persist(WORK, attempt)
        except Contended:
            continue
        return


def at_once(work: Callable[[int], int], number: int) -> list[int]:
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(work, range(number)))


@pytest.mark.parametrize(("units", "buyers"), [(7, 80), (40, 64), (1, 32)])
@pytest.mark.usefixtures("table")
def test_every_unit_is_sold_once(units: int, buyers: int) -> None:
    plan = a_stocked_plan(units)
    sold = at_once(lambda _: taken(plan, 1), buyers)
    assert sum(sold) == units
    left = stock.read(WORK, plan)
    assert (left.made, left.free) == (units, 0)


@pytest.mark.usefixtures("table")
def test_orders_of_several_units_gather_them_and_leave_only_what_is_too_few() -> None:
    plan = a_stocked_plan(60)
    dice = random.Random(7)
    asked = [dice.randint(1, 6) for _ in range(40)]
    sold = at_once(lambda number: taken(plan, asked[number]), len(asked))
    left = stock.read(WORK, plan)
    assert sum(sold) + left.free == left.made == 60
    refused = [asked[number] for number, units in enumerate(sold) if not units]
    assert all(quantity > left.free for quantity in refused)


@pytest.mark.usefixtures("table")
def test_units_added_in_between_are_all_sold_too() -> None:
    plan = a_stocked_plan(5)
    done = threading.Event()

    def buy(_: int) -> int:
        units = 0
        while True:
            over = done.is_set()
            got = taken(plan, 1)
            units += got
            if over and not got:
                return units

    with ThreadPoolExecutor(THREADS) as buyers:
        sold = [buyers.submit(buy, number) for number in range(8)]
        for _ in range(8):
            insist(lambda tx: stock.add(tx, plan, units=3))
        done.set()
        total = sum(future.result() for future in sold)
    left = stock.read(WORK, plan)
    assert left.made == 5 + 8 * 3
    assert total == left.taken == left.made


@pytest.mark.usefixtures("table")
def test_units_that_come_back_and_units_withdrawn_in_the_rush_are_counted_once() -> None:
    plan = a_stocked_plan(60)

    def buy(number: int) -> int:
        kept = 0
        while (bought := bought_from(plan)) is not None:
            if number % 4:
                kept += 1
            else:
                insist(partial(stock.give_back, plan=plan, taken=bought))
                number += 1
        return kept

    def withdraw(_: int) -> int:
        left = stock.read(WORK, plan)
        try:
            insist(lambda tx: stock.withdraw(tx, plan, units=2, left=left))
        except SoldOut:
            return 0
        return 2

    with ThreadPoolExecutor(THREADS) as threads:
        withdrawn = [threads.submit(withdraw, number) for number in range(5)]
        buyers = [threads.submit(buy, number) for number in range(12)]
        sold = sum(future.result() for future in buyers)
        gone = sum(future.result() for future in withdrawn)
    left = stock.read(WORK, plan)
    assert (left.taken, left.withdrawn, left.free) == (sold, gone, 60 - sold - gone)
    assert left.free == 0

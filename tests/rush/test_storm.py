"""Everybody at once through conflicts, throttles, hangs, resets and lost replies: all the same."""

from __future__ import annotations

import pytest

from tests.mall import Mall
from tests.rush.drops import drop_of_a_hundred, drops_while_workers_die
from tests.rush.growth import growing_while_it_sells
from tests.rush.pools import pool_until_sold_out
from tests.rush.storm import FAULTS, Storm


def test_2000_requests_for_100_numbered_units_sell_each_once(storm: Storm, mall: Mall) -> None:
    drop_of_a_hundred(mall, storm.raging())
    assert storm.fired().keys() >= FAULTS


def test_1000_codes_are_handed_out_each_once(storm: Storm, mall: Mall) -> None:
    pool_until_sold_out(mall, storm.raging())


@pytest.mark.parametrize("mode", ["counted", "numbered"])
def test_what_is_made_while_it_sells_is_sold(storm: Storm, mall: Mall, mode: str) -> None:
    growing_while_it_sells(mall, storm.raging(), mode=mode)


def test_half_the_workers_killed_lose_no_unit(storm: Storm, mall: Mall) -> None:
    drops_while_workers_die(mall, storm.raging())

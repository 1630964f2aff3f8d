"""Everybody at once in calm weather."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tests.mall import Mall
from tests.rush.drops import drop_of_a_hundred, drops_while_workers_die
from tests.rush.growth import growing_while_it_sells
from tests.rush.pools import pool_until_sold_out


def test_2000_requests_for_100_numbered_units_sell_each_once(mall: Mall) -> None:
    drop_of_a_hundred(mall, nullcontext())


def test_1000_codes_are_handed_out_each_once(mall: Mall) -> None:
    pool_until_sold_out(mall, nullcontext())


@pytest.mark.parametrize("mode", ["counted", "numbered"])
def test_what_is_made_while_it_sells_is_sold(mall: Mall, mode: str) -> None:
    growing_while_it_sells(mall, nullcontext(), mode=mode)


def test_half_the_workers_killed_lose_no_unit(mall: Mall) -> None:
    drops_while_workers_die(mall, nullcontext())

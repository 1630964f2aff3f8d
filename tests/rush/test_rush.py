"""Everybody at once, through conflicts, throttles, hangs, resets and lost replies: all the same.

In `make prove` in calm weather, too.
"""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tests.depth import IS_WHOLE
from tests.mall import Mall
from tests.rush.drops import Weather, drop_of_a_hundred, drops_while_workers_die
from tests.rush.growth import growing_while_it_sells
from tests.rush.pools import pool_until_sold_out
from tests.rush.storm import FAULTS, Storm


@pytest.fixture(params=["storm", "calm"] if IS_WHOLE else ["storm"])
def weather(request: pytest.FixtureRequest, storm: Storm) -> Weather:
    """Return what everybody suffers as long as they run."""
    return storm.raging() if request.param == "storm" else nullcontext()


def test_2000_requests_for_100_numbered_units_sell_each_once(
    weather: Weather, storm: Storm, mall: Mall
) -> None:
    drop_of_a_hundred(mall, weather)
    assert isinstance(weather, nullcontext) or storm.fired().keys() >= FAULTS


def test_1000_codes_are_handed_out_each_once(weather: Weather, mall: Mall) -> None:
    pool_until_sold_out(mall, weather)


@pytest.mark.parametrize("mode", ["counted", "numbered"])
def test_what_is_made_while_it_sells_is_sold(weather: Weather, mall: Mall, mode: str) -> None:
    growing_while_it_sells(mall, weather, mode=mode)


def test_half_the_workers_killed_lose_no_unit(weather: Weather, mall: Mall) -> None:
    drops_while_workers_die(mall, weather)

"""The invariants are not blind: each corruption, planted by boto3, is seen by the right one."""

from __future__ import annotations

from typing import Final

import pytest

from chalicelib.storage.work import Work
from tests import history, vandalism_members, vandalism_orders, vandalism_stock, vandalism_trade
from tests.books import read_books, scan
from tests.invariants import INVARIANTS, check_all, snapshot
from tests.mall import Mall
from tests.vandalism import Plants, n, put, restore
from tests.vandalism_members import wallet

PLACES: Final = (vandalism_members, vandalism_trade, vandalism_orders, vandalism_stock)
PLANTS: Final[Plants] = {name: what for place in PLACES for name, what in place.PLANTS.items()}


@pytest.fixture
def work(mall: Mall) -> Work:
    """Return the circumstances of a mall in which everything has happened once."""
    history.live(mall)
    return Work(mall.clock.now())


def test_each_corruption_is_seen_by_its_invariant(work: Work, subtests: pytest.Subtests) -> None:
    check_all(work)
    before = scan()
    for planted, (invariant, plant) in PLANTS.items():
        with subtests.test(planted):
            plant()
            assert list(invariant(read_books(work)))
            with pytest.raises(AssertionError):
                check_all(work)
        restore(before)
    check_all(work)


def test_no_two_corruptions_have_the_same_name() -> None:
    assert len(PLANTS) == sum(len(place.PLANTS) for place in PLACES)


def test_every_invariant_has_a_corruption_that_it_sees() -> None:
    assert {invariant for invariant, _ in PLANTS.values()} == set(INVARIANTS)


def test_a_snapshot_changes_with_every_write_except_wrong_tries(work: Work) -> None:
    before = snapshot(work)
    put({"p": {"S": "tries#resolve#till-1"}, "s": {"S": "T#1"}, "n": n(1)})
    assert snapshot(work) == before
    wallet(a=n(11))
    assert snapshot(work) != before

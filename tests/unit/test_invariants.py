"""The invariants are not blind: each corruption, planted by boto3, is seen by the right one."""

from __future__ import annotations

from typing import Any, Final

import pytest

from chalicelib.settings import settings
from chalicelib.storage.table import connection
from chalicelib.storage.work import Work
from tests import (
    history,
    vandalism_activities,
    vandalism_campaigns,
    vandalism_desk,
    vandalism_disputes,
    vandalism_events,
    vandalism_members,
    vandalism_orders,
    vandalism_outreach,
    vandalism_privacy,
    vandalism_program,
    vandalism_referrals,
    vandalism_stock,
    vandalism_trade,
    vandalism_wishes,
)
from tests import invariants_privacy as privacy
from tests.books import books_of, read_books, scan
from tests.invariants import INVARIANTS, check_all, faults_in, snapshot
from tests.mall import Mall
from tests.vandalism import Columns, Plants, laid, lay, n

PLACES: Final = (
    vandalism_activities,
    vandalism_campaigns,
    vandalism_desk,
    vandalism_disputes,
    vandalism_events,
    vandalism_members,
    vandalism_trade,
    vandalism_orders,
    vandalism_outreach,
    vandalism_privacy,
    vandalism_program,
    vandalism_referrals,
    vandalism_stock,
    vandalism_wishes,
)
PLANTS: Final[Plants] = {name: what for place in PLACES for name, what in place.PLANTS.items()}


@pytest.fixture
def work(mall: Mall) -> Work:
    """Return the circumstances of a mall in which everything has happened once."""
    history.live(mall)
    return Work(mall.clock.now())


def test_each_corruption_is_seen_by_its_invariant(work: Work, subtests: pytest.Subtests) -> None:
    table, zone = scan(), read_books(work).zone
    assert not faults_in(books_of(table, zone=zone))
    for planted, (invariant, plant) in PLANTS.items():
        with subtests.test(planted):
            lay(table)
            plant()
            assert list(invariant(books_of(laid(), zone=zone)))


def test_somebody_who_left_properly_is_no_fault(work: Work) -> None:
    lay(scan())
    vandalism_privacy.leave()
    books = books_of(laid(), zone=read_books(work).zone)
    assert not [*privacy.nothing_personal_is_left_of_the_erased(books)]
    assert not [*privacy.nothing_more_goes_to_the_erased(books)]
    assert not [*privacy.nothing_is_left_to_the_erased(books)]


def test_no_two_corruptions_have_the_same_name() -> None:
    assert len(PLANTS) == sum(len(place.PLANTS) for place in PLACES)


def test_every_invariant_has_a_corruption_that_it_sees() -> None:
    assert {invariant for invariant, _ in PLANTS.values()} == set(INVARIANTS)


def test_a_fault_of_one_invariant_is_told_by_all_of_them(work: Work) -> None:
    check_all(work)
    write({"p": {"S": "what"}, "s": {"S": "ever"}})
    with pytest.raises(AssertionError, match="nobody knows what what / ever is"):
        check_all(work)


def test_a_snapshot_changes_with_every_write_except_wrong_tries(work: Work) -> None:
    before = snapshot(work)
    write({"p": {"S": "tries#resolve#till-1"}, "s": {"S": "T#1"}, "n": n(1)})
    assert snapshot(work) == before
    write({"p": {"S": "what"}, "s": {"S": "ever"}})
    assert snapshot(work) != before


def write(item: Columns) -> None:
    """Write an item behind the product's back; PynamoDB's stubs know only what it calls itself."""
    client: Any = connection().connection.client
    client.put_item(TableName=settings().table, Item=item)

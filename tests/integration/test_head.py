"""The head moves from one version to the next, and never over a move that it did not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from chalicelib.storage.head import (
    HEAD_KEY,
    NO_HEAD,
    Head,
    fix_zone,
    head_from,
    raise_version,
    read_head,
)
from chalicelib.storage.transaction import Moved, Transaction
from chalicelib.storage.work import Patience, Work
from tests.builders import NOW

WORK: Final = Work(NOW)
Move = Callable[[Transaction, Head], object]


def raise_program(tx: Transaction, head: Head) -> None:
    """Raise the version of a document."""
    raise_version(tx, head, name="program")


def commit(move: Move, head: Head) -> None:
    """Move the head on from what was read."""
    tx = Transaction(WORK, {})
    move(tx, head)
    tx.commit(Patience(WORK))


@pytest.mark.usefixtures("table")
def test_before_the_first_write_every_version_is_nought() -> None:
    assert read_head(WORK) == NO_HEAD
    assert read_head(WORK).version("program") == 0


@pytest.mark.usefixtures("table")
def test_versions_and_the_zone_move_without_touching_each_other() -> None:
    commit(raise_program, NO_HEAD)
    commit(fix_zone, read_head(WORK))
    commit(raise_program, read_head(WORK))
    assert read_head(WORK) == Head({"program": 2}, 3, zone_fixed=True)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("writes", [0, 1])
@pytest.mark.parametrize("late", [raise_program, fix_zone])
def test_a_move_from_a_head_that_has_moved_since_goes_on_from_the_new_one(
    late: Move, writes: int
) -> None:
    for _ in range(writes):
        commit(raise_program, read_head(WORK))
    stale = read_head(WORK)
    commit(fix_zone, stale)
    with pytest.raises(Moved) as moved:
        commit(late, stale)
    assert moved.value.key == HEAD_KEY
    assert head_from(moved.value.image) == read_head(WORK)
    assert read_head(WORK).zone_fixed is True

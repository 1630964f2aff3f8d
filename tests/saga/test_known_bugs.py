"""A saga with a known mistake is caught, by a schedule that plays the mistake again."""

from __future__ import annotations

from typing import Final

import pytest

from tests.controls.bugs import Slip, a_build_with
from tests.interleavings.explorer import Explorer, Wrong
from tests.saga import bugs
from tests.saga.parts import Parts
from tests.saga.tales import ALL_TALES
from tests.saga.verdicts import state_of

CAUGHT: Final = {
    "release before cancel": (
        bugs.RELEASE_BEFORE_CANCEL,
        "an order is placed at its deadline",
        "is expired",
    ),
    "settled on the browser's word": (
        bugs.BROWSERS_WORD,
        "an order is placed twice",
        "is settled, and 0 payments of it are kept",
    ),
    "a payment key per retry": (
        bugs.KEY_PER_RETRY,
        "an order is placed twice",
        "can still be paid",
    ),
    "late money kept": (
        bugs.LATE_MONEY_KEPT,
        "money comes too late",
        "is expired, and 1 payments of it are kept",
    ),
}
"""What is planted, in which tale it is found, and what is said."""


@pytest.mark.parametrize("name", CAUGHT)
def test_a_known_bug_is_caught_and_its_schedule_plays_it_again(parts: Parts, name: str) -> None:
    bug, tale, said = CAUGHT[name]
    found = _fault(parts, bug, tale)
    assert f"JIFEN_SCHEDULE={found.schedule}" in str(found)
    again = _fault(parts, bug, tale, schedule=found.schedule)
    assert str(again) == str(found)
    with pytest.raises(AssertionError, match=said):
        raise found


def _fault(parts: Parts, bug: tuple[Slip, ...], tale: str, *, schedule: str = "") -> Wrong:
    """Return what is wrong with a build, in all orders or in one."""
    with a_build_with(bug):
        scheduler, verdict, _ = ALL_TALES[tale].begun(parts)
        explorer = Explorer(scheduler, verdict.look, verdict.judge, state_of=state_of)
        with pytest.raises(Wrong) as caught:
            explorer.play(schedule) if schedule else explorer.explore()
    return caught.value

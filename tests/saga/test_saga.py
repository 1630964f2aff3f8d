"""Every order of the saga's steps, and a crash of all behind each: no bad state is reached.

JIFEN_SAGA=all        every tale there is, and recoveries that crash as well: `make explore`
JIFEN_SCHEDULE=ABBA   one schedule, for one tale that `T=` names; `pytest -rP` tells its steps
"""

from __future__ import annotations

import os
import sys
from typing import Final

import pytest

from tests.interleavings.explorer import Explorer
from tests.saga.parts import Parts
from tests.saga.tales import ALL_TALES, SHORT_TALES
from tests.saga.verdicts import WHOLE, state_of

IS_ALL: Final = os.environ.get("JIFEN_SAGA") == "all"
SCHEDULE: Final = os.environ.get("JIFEN_SCHEDULE")
TALES: Final = [(name, "calls") for name in (ALL_TALES if IS_ALL or SCHEDULE else SHORT_TALES)]
PARTS: Final = [(name, "parts") for name in SHORT_TALES if IS_ALL or SCHEDULE]
"""Tales in which others come between the parts of a call as well."""
SECONDS_MAX: Final = 3600 if IS_ALL else 120


@pytest.mark.timeout(SECONDS_MAX)
@pytest.mark.parametrize(("name", "steps"), TALES + PARTS)
def test_however_it_goes_an_order_is_settled_exactly_if_it_was_paid(
    parts: Parts, name: str, steps: str
) -> None:
    whole = WHOLE if steps == "calls" else frozenset()
    scheduler, verdict, cast = ALL_TALES[name].begun(parts, whole=whole)
    verdict.is_deep = IS_ALL
    explorer = Explorer(scheduler, verdict.look, verdict.judge, state_of=state_of)
    sys.stdout.write(f"{cast}\n")
    if SCHEDULE:
        sys.stdout.write("\n".join(explorer.play(SCHEDULE).trace) + "\n")
        return
    explorer.explore()
    assert explorer.count > 1
    found = (explorer.count, explorer.states, verdict.stands, verdict.recoveries)
    told = "; ".join(sorted(verdict.ends))
    sys.stdout.write(f"{name} | {' | '.join(f'{n:,}' for n in found)} | {told}\n")

"""A year of a mall by random behaviour: every invariant holds every night, and the books add up.

Members of ten characters do what they like, the house and the bank do what they must, and the clock
goes from 1 July 2027 to 30 June 2028, over a clock set back, a 29 February and one set forward.
`make prove` lets 1,000 members live each day of it; `make test` 25 members a few days of most
months. The dice have a seed, so that a fault can be looked at again: `JIFEN_YEAR=7 make prove`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from tests.depth import IS_WHOLE
from tests.mall import Mall, made
from tests.rows import overwrite, row
from tests.year import characters, leisure, marketing, nights, redeeming, shopping
from tests.year.happened import HAPPENED, MOVED
from tests.year.living import DAY, Size, a_day, a_night
from tests.year.town import FIRST, LAST, Town, a_town

SEED: Final = int(os.environ.get("JIFEN_YEAR", "20270701" if IS_WHOLE else "1"))
"""Of a small town some years leave something out; where the program answers otherwise than it did,
another number may be needed here."""
WHOLE: Final = Size(members=1000, deeds=90, rounds=(13.0, 22.0), rests=0)
SMALL: Final = Size(members=25, deeds=26, rounds=(9.0, 22.0), rests=57)
LIVED: Final = 3
"""Days before each rest, for the shortest streak."""
ALWAYS: Final = (date(2027, 10, 31), date(2028, 2, 29), date(2028, 3, 26), LAST)
"""The clock is set back, the leap day, the clock is set forward, the last day."""
FAULTS_TOLD: Final = 50


@pytest.mark.timeout(7200)
def test_a_year_of_random_behaviour_keeps_every_invariant_every_night(
    mall: Mall, tmp_path: Path
) -> None:
    size, begun = WHOLE if IS_WHOLE else SMALL, time.monotonic()
    with a_town(mall, tmp_path, seed=SEED) as town:
        marketing.open_the_program(town)
        redeeming.open_the_shelf(town)
        characters.settle_in(town, size.members)
        lived = list(days_of(size))
        for day, following in zip(lived, [*lived[1:], LAST + DAY], strict=True):
            faults = a_night(town, day, planted=a_day(town, day, size=size), size=size)
            if following.month != day.month:
                faults += nights.faults_of_the_month(town, is_last=day == LAST)
            told = "\n".join(faults[:FAULTS_TOLD])
            assert not faults, f"in the night after {day}, by the seed {SEED}:\n{told}"
        shopping.claim_too_late(town, next(who for who in town.people if not who.is_gone))
        town.counts["notice"] = len(town.outbox.sent)
        differences = nights.statement(town)
        tell(town, nights=len(lived), seconds=time.monotonic() - begun, differences=differences)
        assert not any(differences.values()), differences
        assert not (never := [what for what in HAPPENED if not town.counts[what]]), never
        assert not (never := [kind for kind in MOVED if not town.sums.flows[kind]]), never
        assert made(mall.support.get("/admin/parked"), 200)["items"] == []


def test_a_night_sees_a_point_that_nobody_earned(mall: Mall, tmp_path: Path) -> None:
    with a_town(mall, tmp_path, seed=SEED) as town:
        redeeming.open_the_shelf(town)
        who, other = (leisure.join(town, "regular") for _ in range(2))
        for member in (who, other):
            shopping.buy(town, member)
        assert list(nights.faults_of_the_night(town, nights.relay(town))) == []
        spoilt = row(who.id, "W")
        overwrite(spoilt, a={"N": str(int(spoilt["a"]["N"]) + 1)})
        faults = list(nights.faults_of_the_night(town, nights.relay(town)))
        assert any(fault == f"the dates of {who.id} are not the balance" for fault in faults)
        assert any(fault.startswith(f"{who.id} has (") for fault in faults)
        assert not any(other.id in fault for fault in faults)


def days_of(size: Size) -> Iterator[date]:
    """Yield the days that are lived."""
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + number * DAY
        if number % (LIVED + size.rests) < LIVED or day in ALWAYS:
            yield day


def tell(town: Town, *, nights: int, seconds: float, differences: dict[str, int]) -> None:
    """Say what happened; pytest shows it with -rP."""
    told = {
        "seed": SEED,
        "nights": nights,
        "seconds": round(seconds),
        "members": len(town.people),
        "items in the table": len(town.mirror.raw),
        "journal entries": sum(len(journal) for journal in town.mirror.journals.values()),
        "counts": dict(sorted(town.counts.items())),
        "points": dict(town.sums.flows),
        "differences": differences,
    }
    sys.stdout.write(json.dumps(told, indent=1) + "\n")

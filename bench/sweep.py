"""The nightly sweep and the reminders: what a wallet that is due costs, however many members wait.

A mall of some size is made of one member's wallet, copied under other names straight into the
engine; each copy has its own place in the index, a year ahead. In every mall the same number is due
for a sweep, and afterwards as many members for a reminder. The job runs as it does at night.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from bench.crowd import ID_CHARS, read_items, write_items
from bench.ground import a_mall, an_engine, quiet
from bench.tables import Row, Table, keep, machine, verdict
from chalicelib.kernel.ids import base62
from chalicelib.storage.wakes import wake_on
from chalicelib.storage.work import Work
from infra.local.engines import RunningEngine
from tests.mall import OPENING, Mall, id_of
from tests.meter import Meter, metered
from tests.orders import run_expiry
from tests.postings import credit

MEMBERS: Final = (1_000, 10_000, 100_000, 1_000_000)
"""The largest takes most of the time: a quarter of an hour of writing for seconds of sweeping."""
DUE: Final = 200
"""Of each sort: enough that threads share the work, few enough for the smallest mall."""
SWEEP_BUDGET: Final = 6.0
REMINDER_BUDGET: Final = 3.0
"""Write units a wallet, by the architecture."""
FLAT: Final = 1.5
"""Time of a wallet in the largest mall, over the smallest; runs differ by a tenth or two."""
SWEPT_ON: Final = date(2027, 1, 1)
ENDED_ON: Final = SWEPT_ON - timedelta(days=1)
ENDS_ON: Final = SWEPT_ON + timedelta(days=31)
"""Tomorrow its first reminder is due."""
FAR: Final = date(2028, 6, 30)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the job: how long it took, and what it consumed."""

    seconds: float
    meter: Meter

    def told(self) -> tuple[object, ...]:
        """Return what a wallet cost: milliseconds, units written, units read."""
        per_wallet = self.seconds * 1000 / DUE
        return (per_wallet, self.meter.writes / DUE, self.meter.reads / DUE)


def main(sizes: tuple[int, ...] = MEMBERS) -> None:
    """Measure, print and keep."""
    before = machine()
    with an_engine() as engine:
        with quiet():
            runs = [(members, _measured(engine, members)) for members in sizes]
        keep("sweep", f"Sweep and reminders on {engine.kind} ({before})", tables=[_table(runs)])


def _measured(engine: RunningEngine, members: int) -> tuple[Run, Run]:
    mall = a_mall(engine)
    _fill(mall, members)
    mall.clock.instant = OPENING.replace(year=2027, month=1, day=1)
    sweep = _run(mall)
    mall.clock.advance(days=1)
    return sweep, _run(mall)


def _run(mall: Mall) -> Run:
    gc.collect()
    begun = time.perf_counter()
    with metered() as meter:
        run_expiry(mall)
    return Run(time.perf_counter() - begun, meter)


def _fill(mall: Mall, members: int) -> None:
    """Copy three wallets: one that is due for the sweep, one to remind, one of the many."""
    copies = {"swept": (ENDED_ON, DUE), "reminded": (ENDS_ON, DUE), "far": (FAR, members - 2 * DUE)}
    for subject, (ends, count) in copies.items():
        mall.member(subject)
        # One entry, so that what the job writes after it is there for nobody else.
        credit(Work(mall.clock.now()), id_of(subject), points=100, expires_on=ends)
        original = read_items(mall, [(id_of(subject), "W")])[0]
        day = date.fromisoformat(original["wa"]["S"].partition("#")[0])
        begins = list(copies).index(subject) * max(MEMBERS)
        write_items(_copies(original, day, begins=begins, count=count - 1))


def _copies(
    original: Mapping[str, Any], day: date, *, begins: int, count: int
) -> Iterator[Mapping[str, Any]]:
    for number in range(begins, begins + count):
        member_id = f"mem_{base62(number, ID_CHARS)}"
        waits = wake_on("wallet", member_id, day=day)
        yield {**original, "p": {"S": member_id}, **{name: {"S": waits[name]} for name in waits}}


def _table(runs: list[tuple[int, tuple[Run, Run]]]) -> Table:
    rows: list[Row] = [
        (f"{members:,}", *sweep.told(), *reminder.told()) for members, (sweep, reminder) in runs
    ]
    (first, first_reminded), (last, reminded) = runs[0][1], runs[-1][1]
    return Table(
        "What one wallet costs",
        f"In malls of one size after another {DUE} wallets have points that ended yesterday, and "
        f"{DUE} members are to be reminded on the day after. Milliseconds are those of the whole "
        "run, found, read, judged and written, by the job's threads, over the wallets; units are "
        "as the engine bills them. The rest of the members wait for a day a year ahead.",
        (
            *("members", "sweep: ms a wallet", "written", "read"),
            *("reminder: ms a wallet", "written", "read"),
        ),
        rows,
        [
            verdict("units written a swept wallet", last.meter.writes / DUE, aim=SWEEP_BUDGET),
            verdict("units written a reminder", reminded.meter.writes / DUE, aim=REMINDER_BUDGET),
            *(
                verdict(
                    f"time of a {what} in the largest over the smallest",
                    largest.seconds / smallest.seconds,
                    aim=FLAT,
                )
                for what, largest, smallest in (
                    ("sweep", last, first),
                    ("reminder", reminded, first_reminded),
                )
            ),
        ],
    )

"""Importing voucher codes: how many a second, and what each costs in units.

A file is looked over, imported, and looked over once more, when every code of it exists. Seconds
and units are taken in runs of their own, each in an empty mall.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.ground import a_mall, an_engine, quiet
from bench.tables import Row, Table, keep, machine, verdict
from chalicelib.catalog.codes.rules import CHUNK_CODES_MAX, LINES_MAX
from infra.local.engines import RunningEngine
from tests.events import Reply
from tests.mall import Mall, made
from tests.meter import Meter, metered

CODES: Final = 2_000
UNITS_FLOOR: Final = 4
"""A claim and a unit a code, two units each in a transaction."""
UNITS_BUDGET: Final = 4.5
"""Set here: the file itself, sealed, written and emptied, and what is kept of the progress."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request, and of how many codes it is."""

    name: str
    codes: int
    send: Callable[[], Reply]

    def timed(self) -> float:
        """Send it, and return the seconds that it took."""
        begun = time.perf_counter()
        self.send()
        return time.perf_counter() - begun

    def metered(self) -> Meter:
        """Send it, and return what it consumed."""
        with metered() as meter:
            self.send()
        return meter


def main() -> None:
    """Measure, print and keep."""
    before = machine()
    with an_engine() as engine:
        with quiet():
            seconds = [step.timed() for step in _steps(engine)]
            meters = [(step, step.metered()) for step in _steps(engine)]
        table = _table(meters, seconds)
        keep("codes", f"Importing codes on {engine.kind} ({before})", tables=[table])


def _steps(engine: RunningEngine) -> list[Step]:
    mall = a_mall(engine)
    reward = mall.reward(points=1, stock={"mode": "coded"})
    # A page of the shelf first: connections and models are built at the first use.
    made(mall.marketing.get(f"/admin/rewards/{reward}/codes"), 200)
    path = f"/admin/rewards/{reward}/codes"
    return [
        Step("look a file over", CODES, lambda: _upload(mall, path, count=CODES, key="first")),
        Step("import its codes", CODES, lambda: _executed(mall, path)),
        Step("look it over again", CODES, lambda: _upload(mall, path, count=CODES, key="again")),
        Step(
            "look the longest file over",
            LINES_MAX,
            lambda: _upload(mall, path, count=LINES_MAX, key="longest"),
        ),
    ]


def _upload(mall: Mall, path: str, *, count: int, key: str) -> Reply:
    csv = "\n".join(f"SPRING-{number:05d}-7QK2" for number in range(count))
    reply = mall.marketing.post(path, {"csv": csv}, key=key)
    assert made(reply, 201)["lines"] == count
    return reply


def _executed(mall: Mall, path: str) -> Reply:
    told = made(mall.marketing.get(path), 200)["items"][0]
    while True:
        reply = mall.marketing.post(f"{path}/{told['id']}/execute")
        if made(reply, 200)["state"] == "done":
            assert reply["imported"] == CODES, reply.text
            return reply


def _table(meters: list[tuple[Step, Meter]], seconds: list[float]) -> Table:
    rows: list[Row] = [
        (
            *(step.name, f"{step.codes:,}", taken, step.codes / taken),
            *(meter.writes / step.codes, meter.reads / step.codes, len(meter.calls)),
        )
        for (step, meter), taken in zip(meters, seconds, strict=True)
    ]
    spent = sum(meter.writes for _, meter in meters[:2]) / CODES
    return Table(
        "Codes a second and units a code",
        f"A file of {CODES:,} codes through the whole handler, one client. Looking over reads "
        f"every code's claim and seals {CHUNK_CODES_MAX:,} codes to an item; importing reads "
        f"claims again and writes a claim and a unit, {UNITS_FLOOR} units. Codes that exist "
        "already are found out at the cost of a read.",
        ("step", "codes", "seconds", "codes a second", "written a code", "read a code", "calls"),
        rows,
        [verdict("units written a code, looking over and import", spent, aim=UNITS_BUDGET)],
    )

"""The hunt: every mutant of the stores against the tests that run the function it is in.

First all tests run once, undisturbed, and tell which of them runs what, and how long it takes: so
nobody keeps a list, and a new store is hunted from its first line. Then each mutant meets its tests
in a child of its own, those first that have killed its neighbours, then the fastest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from tests.mutation.children import FILE_SECONDS, LATE, Job, Ran, Watch, order_of, prepare, run_all
from tests.mutation.mutants import Mutant
from tests.mutation.planting import ROOT, all_of, outermost, plant, trace

TESTS_MAX: Final = 60
"""How many tests a mutant meets at most; whoever survives so many lacks one of its own."""
FOLDERS: Final = ("tests/mutation", "tests/integration", "tests/api")
LEFT_OUT: Final = frozenset(
    {
        # Tests that run everything, several times: what they notice, smaller ones notice sooner.
        "test_crash_matrix",
        "test_write_units",
        "test_console",
        "test_role_matrix",
        "test_refusals_leave_no_trace",
        "test_codes_hostile",
        "test_codes_disturbed",
        "test_units_overseen",
        "test_hunt",
        # Tests of reading.
        "test_reads",
        "test_catalog",
        "test_my_catalog",
        "test_earn_quote",
        # Tests of what is beneath the stores.
        "test_transaction",
    }
)


APART: Final = {
    "chalicelib.storage.transaction": "hands on what stores give it; its own tests inject failures",
    "chalicelib.storage.reads": "asks for parts of a partition, and never writes",
}
"""Modules of storage that hold no condition under which something is written."""


class Disturbed(Exception):
    """Tests cannot be run at all, or a mutant cannot."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: which test killed it, or how many it survived."""

    mutant: Mutant
    killed_by: str
    survived: int
    seconds: float


@dataclass
class Hunt:
    """A hunt through some modules with some tests."""

    modules: Sequence[str]
    tests: Sequence[str]
    at_once: int = 2
    verdicts: list[Verdict] = field(default_factory=list)
    disturbed: list[str] = field(default_factory=list)
    """Tests that fail when nothing is spoilt: they kill nobody."""

    def run(self, names: Sequence[str] = ()) -> list[Verdict]:
        """Return the verdict on every mutant, or on those whose name holds one of some words."""
        prepare(self.tests)
        calm = self._calm()
        mutants = [
            one
            for module in self.modules
            for one in all_of(module)
            if not names or any(word in one.name for word in names)
        ]
        killers: dict[tuple[str, str], list[str]] = {}
        pending: dict[str, Mutant] = {}

        def jobs() -> Iterator[Job]:
            for mutant in mutants:
                place = (mutant.module, outermost(mutant))
                seconds = {name: calm.seconds[name] for name in calm.hits.get(place, ())}
                chosen = order_of(seconds, first=killers.get(place, []))[:TESTS_MAX]
                if not chosen:
                    self.verdicts.append(Verdict(mutant, "", 0, 0.0))
                    continue
                pending[mutant.name] = mutant
                yield Job(mutant.name, chosen, partial(_plant, mutant))

        def done(job: Job, ran: Ran) -> None:
            # Nobody noticed a mutant in time: that is no death.
            if ran.broken and ran.broken != LATE:
                raise Disturbed(f"{job.name}: {ran.broken}")
            mutant = pending[job.name]
            self.verdicts.append(Verdict(mutant, ran.failed, len(ran.seconds), ran.total))
            if ran.failed in calm.seconds:
                killers.setdefault((mutant.module, outermost(mutant)), []).append(ran.failed)

        run_all(jobs(), at_once=self.at_once, done=done)
        places = {one.name: place for place, one in enumerate(mutants)}
        return sorted(self.verdicts, key=lambda verdict: places[verdict.mutant.name])

    def _calm(self) -> Ran:
        """Return what all tests do when nothing is spoilt."""
        whole = Ran()
        jobs = (
            Job(test, [test], partial(_trace, self.modules), ["--maxfail=0"], FILE_SECONDS)
            for test in self.tests
        )

        def done(job: Job, ran: Ran) -> None:
            if ran.broken:
                raise Disturbed(f"{job.name}: {ran.broken}")
            whole.seconds |= ran.seconds
            self.disturbed += sorted(ran.failures)
            for place, names in ran.hits.items():
                whole.hits.setdefault(place, set()).update(names - ran.failures - {""})

        run_all(jobs, at_once=self.at_once, done=done)
        return whole


def stores() -> list[str]:
    """Return every module that writes to the table, and every service that lets it."""
    house = ROOT / "chalicelib"
    parts = ("storage/*.py", "*/*/store.py", "*/*/service.py")
    found = sorted(path for part in parts for path in house.glob(part))
    return [name for path in found if all_of(name := _module_of(path)) and name not in APART]


def hunters() -> list[str]:
    """Return the files of the tests that hunt."""
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("test_*.py"))]
    return [str(path.relative_to(ROOT)) for path in found if path.stem not in LEFT_OUT]


def survivors(verdicts: Sequence[Verdict], excused: Mapping[str, str]) -> list[Verdict]:
    """Return what nothing killed and nobody excused."""
    return [one for one in verdicts if not one.killed_by and one.mutant.name not in excused]


def _module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _plant(mutant: Mutant, _: Watch) -> None:
    plant(mutant)


def _trace(modules: Sequence[str], watch: Watch) -> None:
    trace(modules, watch.hit)

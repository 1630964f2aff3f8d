"""Runs tests in a child of this process that has one mutant in it, and says what became of it.

The parent has imported everything and opened nothing; a child begins with that in a few
milliseconds, starts its own engine, and ends with its mutant.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

TEST_SECONDS: Final = 20
"""No test of the stores takes a tenth of this."""
CHILD_SECONDS: Final = 90.0
"""What a mutant may take that no test notices."""
LATE: Final = "time ran out"
FILE_SECONDS: Final = 300.0
"""What the tests of one file may take when nothing is spoilt."""
OPTIONS: Final = (
    "-q",
    "--tb=no",
    "--exitfirst",
    f"--timeout={TEST_SECONDS}",
    "-ppytest_timeout",
    "-ocache_dir={home}/cache",
    "--basetemp={home}/data",
)
"""Caches would be shared with other runs."""


@dataclass
class Ran:
    """What tests did: how long each took, which failed first, and what they ran."""

    seconds: dict[str, float] = field(default_factory=dict)
    failed: str = ""
    failures: set[str] = field(default_factory=set)
    broken: str = ""
    hits: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """Tests to run in a child, in this order, after something was planted there."""

    name: str
    tests: Sequence[str]
    plant: Callable[[Watch], None]
    options: Sequence[str] = ()
    seconds: float = CHILD_SECONDS


class Watch:
    """A plugin of pytest: notes what runs, and puts tests into the order of the job."""

    def __init__(self, order: Sequence[str] = ()) -> None:
        """Begin with nothing."""
        self.ran = Ran()
        self.now = ""
        self._order = {name: place for place, name in enumerate(order)}

    def hit(self, module: str, function: str) -> None:
        """Note that the present test runs a function."""
        self.ran.hits.setdefault((module, function), set()).add(self.now)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the tests into order."""
        items.sort(key=lambda item: self._order.get(item.nodeid, 0))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note which test runs now."""
        self.now = nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that a test could not even be read."""
        if report.failed:
            self.ran.broken = report.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a test."""
        took = self.ran.seconds.get(report.nodeid, 0.0)
        self.ran.seconds[report.nodeid] = took + report.duration
        if report.failed:
            self.ran.failures.add(report.nodeid)
            self.ran.failed = self.ran.failed or report.nodeid


def prepare(tests: Sequence[str]) -> None:
    """Import what children need, so that each begins with it.

    Plugins are named above instead of looked for, which takes half a second. The tests come without
    pytest's rewriting: nobody reads here what an assertion saw.
    """
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for test in ("tests/conftest.py", *tests):
        path = Path(test.partition("::")[0]).with_suffix("")
        importlib.import_module(".".join(path.parts))
    gc.freeze()


def run_all(jobs: Iterator[Job], *, at_once: int, done: Callable[[Job, Ran], None]) -> None:
    """Run jobs in children, so many at once; the next job is asked for when a child is free."""
    running: dict[Connection, _Child] = {}
    more = True
    while more or running:
        while more and len(running) < at_once:
            job = next(jobs, None)
            more = job is not None
            if job is not None:
                child = _Child(job)
                running[child.answer] = child
        for answer in wait(list(running), timeout=1.0):
            assert isinstance(answer, Connection)
            child = running.pop(answer)
            done(child.job, child.ended())
        for answer, child in list(running.items()):
            if monotonic() > child.until:
                done(child.job, running.pop(answer).stopped())


class _Child:
    """A child of this process, and the end of the pipe by which it answers."""

    def __init__(self, job: Job) -> None:
        forks = get_context("fork")
        self.job = job
        self.answer, told = forks.Pipe(duplex=False)
        self.begun = monotonic()
        self.until = self.begun + job.seconds
        self._process = forks.Process(target=_live, args=(job, told))
        self._process.start()
        told.close()

    def ended(self) -> Ran:
        """Return what the child answers."""
        try:
            ran = self.answer.recv()
        except EOFError:
            ran = Ran(broken="the process died")
        return self._timed(ran)

    def stopped(self) -> Ran:
        """End a child that takes too long."""
        self._process.kill()
        return self._timed(Ran(broken=LATE))

    def _timed(self, ran: Ran) -> Ran:
        self._process.join()
        self.answer.close()
        ran.total = monotonic() - self.begun
        return ran


def _live(job: Job, told: Connection) -> None:
    """Be the child: plant, test, tell, and end without a word."""
    with tempfile.TemporaryDirectory() as home:
        watch = Watch(job.tests)
        job.plant(watch)
        out = (Path(home) / "out").open("w+")
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
        options = [option.format(home=home) for option in (*OPTIONS, *job.options)]
        code = pytest.main([*options, *job.tests], plugins=[watch])
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            sys.stdout.flush()
            out.seek(0)
            watch.ran.broken = f"{code!r}: {out.read()[-2000:]}"
        told.send(watch.ran)
    os._exit(0)


def order_of(seconds: Mapping[str, float], *, first: Sequence[str]) -> list[str]:
    """Return tests in the order of their turns: last killers, the second line, the fastest."""
    lately = {name: -place for place, name in enumerate(first)}
    own = "tests/mutation/"

    def turn(name: str) -> tuple[int, bool, float]:
        return lately.get(name, 1), not name.startswith(own), seconds[name]

    return sorted(seconds, key=turn)

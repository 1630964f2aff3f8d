"""Spoils every condition of every store, one at a time, and prints who noticed.

    python -m tests.mutation                            all of them, and keeps the table
    python -m tests.mutation wallets.store              those whose name holds a word
    python -m tests.mutation --tests=tests/api/test_orders.py     with other tests

Ends with 1 when a mutant survives that `tests/mutation/excused.py` does not explain.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from time import monotonic
from typing import Final

from bench.tables import Table, keep, machine
from tests.mutation.excused import EXCUSED
from tests.mutation.hunt import Disturbed, Hunt, Verdict, hunters, stores, survivors

TEXT: Final = (
    "Each row is one spoilt condition, item or action and the first test that failed with it: those"
    " of the same function that killed before are asked first, then the fastest."
)


def main(arguments: Sequence[str]) -> int:
    """Hunt, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("words", nargs="*", help="only mutants whose name holds one of these")
    parser.add_argument("--tests", action="append", default=[], help="the tests that hunt")
    parser.add_argument(
        "--modules", action="append", default=[], help="the modules that are hunted"
    )
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    told = parser.parse_args(arguments)
    begun, quiet = monotonic(), machine()
    hunt = Hunt(told.modules or stores(), told.tests or hunters(), at_once=told.at_once)
    try:
        verdicts = hunt.run(told.words)
    except Disturbed as disturbed:
        sys.stderr.write(f"Nothing could be told: {disturbed}\n")
        return 2
    table = table_of(verdicts, f"{quiet}; {monotonic() - begun:.0f} s in all")
    if told.words or told.tests or told.modules:
        sys.stdout.write(table.markdown())
    else:
        keep("mutation", "Mutation of conditions", tables=[table])
    for name in hunt.disturbed:
        sys.stderr.write(f"Fails without any mutant: {name}\n")
    return 1 if survivors(verdicts, EXCUSED) or hunt.disturbed else 0


def table_of(verdicts: Sequence[Verdict], circumstances: str) -> Table:
    """Return what became of every mutant."""
    alive = survivors(verdicts, EXCUSED)
    told = [f"**SURVIVED** {one.survived} tests: {one.mutant.name}" for one in alive]
    killed = sum(1 for one in verdicts if one.killed_by)
    told.append(
        f"{killed} of {len(verdicts)} mutants died; {len(verdicts) - killed - len(alive)} change"
        f" nothing that can be seen; {len(alive)} survived."
    )
    return Table(
        "What dies of what",
        f"{TEXT} {circumstances}.",
        ("module", "function", "clause", "what was done", "killed by"),
        [_row(one) for one in verdicts],
        told,
    )


def _row(verdict: Verdict) -> tuple[str, ...]:
    mutant = verdict.mutant
    module = mutant.module.removeprefix("chalicelib.")
    fate = verdict.killed_by.rpartition("/")[2] or EXCUSED.get(mutant.name, "**nobody**")
    part = mutant.part.replace("|", "or")
    return (module, mutant.function, f"`{part}`", mutant.done, fate.replace("|", "or"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

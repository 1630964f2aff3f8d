"""Mutation of rules: mutmut over the kernel and every `rules.py`, with the unit tests alone.

    python -m tests.mutation.rules

It works on a copy of the tree in `.local/mutmut`, so that no file of ours changes, and keeps the
table in `bench/tables/mutants.md`: how many mutants of each module died, and every survivor with
the reason why it may live. Ends with 1 when fewer than nine in ten died.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.tables import Table, keep, machine, verdict
from tests.mutation.excused import REASONS
from tests.mutation.planting import ROOT

SCRATCH: Final = ROOT / ".local" / "mutmut"
COPIED: Final = ("app.py", "bench", "chalicelib", "infra", "pyproject.toml", "tests")
NEEDLESS: Final = shutil.ignore_patterns("__pycache__", "node_modules", "*.pyc")
AIM_PERCENT: Final = 90.0
ONLY: Final = ("chalicelib/kernel/*", "chalicelib/*/rules.py")
OF_RULES: Final = ("_rules", "_dates", "_mutants", "_sums", "_told", "_webhooks", "_by_hand")
"""How the names of the unit tests end that are of rules and of the kernel."""
TELL: Final = """
import json, sys
from mutmut.__main__ import get_diff_for_mutant
print(json.dumps({name: get_diff_for_mutant(name) for name in sys.argv[1:]}))
"""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no unit test noticed: its function, and the line before and after."""

    module: str
    function: str
    before: str
    after: str

    @property
    def reason(self) -> str:
        """Return why it may live, empty where nobody knows."""
        told = f"{self.module}.{self.function}: {self.before} => {self.after}"
        return next((why for form, why in REASONS.items() if re.search(form, told)), "")


def main(options: Sequence[str]) -> int:
    """Run mutmut, keep the table, and return the exit code; options are for its pytest."""
    quiet = machine()
    _copy(options)
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    run = [mutmut, "run", "--max-children", str(os.cpu_count() or 1)]
    # Under CI Hypothesis sets no deadline, and looks at the same examples each time.
    calm = os.environ | {"CI": "1"}
    subprocess.run(run, cwd=SCRATCH, env=calm, check=True, stdout=subprocess.DEVNULL)
    told = subprocess.run(
        [mutmut, "results", "--all", "true"],
        cwd=SCRATCH,
        check=True,
        capture_output=True,
        text=True,
    )
    fates = dict(re.findall(r"^\s*(\S+): (.+)$", told.stdout, re.MULTILINE))
    alive = [name for name, fate in fates.items() if fate in {"survived", "no tests"}]
    survivors = list(_survivors(alive))
    percent = 100 * (len(fates) - len(alive)) / len(fates)
    tables = [_summary(fates, percent, quiet), _told(survivors)]
    keep("mutants", "Mutation of rules", tables=tables)
    return 0 if percent >= AIM_PERCENT and all(one.reason for one in survivors) else 1


def _copy(options: Sequence[str]) -> None:
    """Copy the tree, and tell mutmut what to do with it."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, SCRATCH / name, ignore=NEEDLESS)
        else:
            shutil.copy(ROOT / name, SCRATCH / name)
    wanted = {
        "source_paths": ["chalicelib"],
        "only_mutate": list(ONLY),
        "also_copy": ["app.py", "bench", "infra"],
        "pytest_add_cli_args": ["-pno:schemathesis", *options],
        "pytest_add_cli_args_test_selection": unit_tests(),
    }
    lines = [
        f"{name}=\n" + "".join(f"    {one}\n" for one in them) for name, them in wanted.items()
    ]
    (SCRATCH / "setup.cfg").write_text("[mutmut]\n" + "".join(lines))


def unit_tests() -> list[str]:
    """Return the unit tests of the kernel and of rules."""
    found = sorted((ROOT / "tests" / "unit").glob("test_*.py"))
    return [str(path.relative_to(ROOT)) for path in found if path.stem.endswith(OF_RULES)]


def _survivors(names: Sequence[str]) -> Iterator[Survivor]:
    """Yield what mutants are that lived."""
    if not names:
        return
    tell = subprocess.run(
        [sys.executable, "-c", TELL, *names],
        cwd=SCRATCH,
        check=True,
        capture_output=True,
        text=True,
    )
    for name, diff in json.loads(tell.stdout.splitlines()[-1]).items():
        module, function = _named(name)
        lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
        before = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
        after = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
        yield Survivor(module, function, before, after)


def _named(mutant: str) -> tuple[str, str]:
    """Return the module and the function of a mutant, out of mutmut's name for it."""
    whole = re.sub(r"__mutmut_\d+$", "", mutant).removeprefix("chalicelib.")
    module, _, function = whole.rpartition(".")
    return module, function.removeprefix("x").replace("ǁ", ".").strip("._") or function


def _summary(fates: dict[str, str], percent: float, quiet: str) -> Table:
    made: Counter[str] = Counter()
    lived: Counter[str] = Counter()
    for name, fate in fates.items():
        module, _ = _named(name)
        made[module] += 1
        lived[module] += fate in {"survived", "no tests"}
    rows = [(module, made[module], made[module] - lived[module], lived[module]) for module in made]
    text = (
        "mutmut changes one operator, number, text, argument or return at a time in the kernel and"
        f" every `rules.py`; the unit tests alone are asked. {quiet}."
    )
    judged = verdict("percent of mutants that died", percent, aim=AIM_PERCENT, at_least=True)
    return Table("By module", text, ("module", "mutants", "died", "lived"), sorted(rows), [judged])


def _told(survivors: Sequence[Survivor]) -> Table:
    rows = [
        (
            one.module,
            one.function,
            f"`{one.before}`".replace("|", "¦"),
            f"`{one.after}`".replace("|", "¦"),
            one.reason or "**nobody knows**",
        )
        for one in survivors
    ]
    columns = ("module", "function", "before", "after", "why it may live")
    return Table("Survivors", "Every mutant that no unit test noticed.", columns, rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

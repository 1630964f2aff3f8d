"""Tables: what a measurement found, as Markdown that explains itself.

Each is printed and kept in `bench/tables/`, so that a change shows in the diff.
"""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "tables"

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, two or three sentences on how to read it, the rows, and a verdict in words."""

    title: str
    text: str
    columns: Sequence[str]
    rows: Sequence[Row]
    verdicts: Sequence[str] = ()

    def markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        body = "\n".join("| " + " | ".join(map(told, line)) + " |" for line in lines)
        verdicts = "".join(f"\n- {verdict}" for verdict in self.verdicts)
        return f"## {self.title}\n\n{self.text}\n\n{body}\n{verdicts}\n"


def told(value: object) -> str:
    """Return a cell: numbers with as many digits as they deserve."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 or value.is_integer() else f"{value:.2f}"
    return str(value)


def verdict(what: str, value: float, *, aim: float, at_least: bool = False) -> str:
    """Return whether an aim was met, and by what value."""
    met = value >= aim if at_least else value <= aim
    bound = "at least" if at_least else "at most"
    return f"{'Met' if met else '**MISSED**'}: {what} {told(value)}, aim {bound} {told(aim)}."


def percentile(values: Sequence[float], hundredths: int) -> float:
    """Return a percentile of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[hundredths - 1]


def machine() -> str:
    """Return what the figures were made on; the load says how much they may be trusted."""
    load, _, _ = os.getloadavg()
    python = platform.python_version()
    return f"{os.cpu_count()} cores, Python {python}, load {load:.1f} before it began"


def keep(name: str, heading: str, *, tables: Sequence[Table]) -> None:
    """Print tables and keep them in a file of their own."""
    text = f"# {heading}\n\n" + "\n".join(table.markdown() for table in tables)
    print(text, flush=True)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.md").write_text(text)

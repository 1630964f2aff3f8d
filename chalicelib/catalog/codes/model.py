"""What an import of codes is: what was found in a file, and how far it has come on the shelf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with a line; the first that holds is told."""

    BLANK = "blank"
    MALFORMED = "malformed"
    DUPLICATE = "duplicate"
    EXISTS = "exists"


class State(StrEnum):
    """How far an import has come."""

    PREVIEWED = "previewed"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that gives no code; `of_line` is where a duplicate was first."""

    line: int
    fault: Fault
    of_line: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: well-formed codes by line, each once, and the lines that gave none.

    Lines count from 1; `lines` does not count a header.
    """

    lines: int
    codes: Mapping[int, str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """One import: a file that was looked over, and what became of its codes.

    lines = valid + problems, of which the first 100 are kept. Its valid codes have the numbers from
    `base` on, in the order of the file; `base` is 0 until it runs. The first `done` of them are
    dealt with: `imported` are on the shelf under their numbers, the others were there already.
    """

    id: str
    reward_id: str
    created_at: datetime
    state: State
    lines: int
    valid: int
    problems: tuple[Problem, ...]
    base: int = 0
    done: int = 0
    imported: int = 0

    @property
    def problems_total(self) -> int:
        """Lines that gave no code."""
        return self.lines - self.valid

    @property
    def skipped(self) -> int:
        """Codes that another import had put on the shelf before this one came to them."""
        return self.done - self.imported


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An import as its request made it, now or before."""

    told: Import
    replayed: bool


@dataclass(frozen=True, slots=True)
class Count:
    """What an import has done so far, as the audit log keeps it: no code is in it."""

    import_id: str
    state: State
    imported: int
    skipped: int
    left: int

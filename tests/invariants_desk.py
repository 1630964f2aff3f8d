"""What must hold of corrections that people propose and decide about."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from chalicelib.kernel.ids import digest62
from chalicelib.ledger.journal.model import Account, Entry, Reason
from tests.books import Books, Faults, Row

DESK: Final = "desk"
MEMBER_MAX: Final = 1_000
OPERATOR_MAX: Final = 10_000
OPERATOR_CHARS: Final = 21
"""Of the digest that stands for an operator in the key of a counter."""
VERDICTS: Final = {"approved": "approve", "rejected": "reject"}
ALWAYS: Final = "~"
"""After every instant."""


def corrections_are_made_when_approved(books: Books) -> Faults:
    """A correction over the desk has its one entry, of its points, exactly when it was approved."""
    made: dict[str, list[Entry]] = {}
    for entries in books.entries().values():
        for entry in entries:
            if entry.reason is Reason.ADJUSTMENT and "adjustment" in entry.refers:
                made.setdefault(entry.refers["adjustment"], []).append(entry)
    for row in books.of("adjustment"):
        name = row["s"].removeprefix("B#")
        told = [(entry.member_id, _points(entry)) for entry in made.pop(name, [])]
        wanted = [(row["m"], row["b"])] if row["st"] == "approved" else []
        if told != wanted:
            yield f"the correction {name} is {row['st']}, and its entries are {told}"
        if not row["l1"].startswith(f"{row['st']}#"):
            yield f"the correction {name} is listed under {row['l1']}"
    yield from (f"an entry names the correction {name}, which is not there" for name in made)


def nobody_decides_alone(books: Books) -> Faults:
    """Whoever decided did not propose, and what was decided says by whom and when."""
    for row in books.of("adjustment"):
        by, at = row.get("dy"), row.get("da")
        if by == row["y"]:
            yield f"{by} decided about {row['s']}, which they proposed"
        if bool(by) != bool(at) or (row["st"] != "approved" and bool(by) != _is_rejected(row)):
            yield f"{row['s']} is {row['st']}, decided by {by} at {at}"


def decisions_are_in_the_audit_log(books: Books) -> Faults:
    """What waits or was decided about was proposed by whom the log says, and so was the verdict.

    Nothing is decided before it is proposed.
    """
    rows = books.of("adjustment")
    wanted: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        name, by = row["s"].removeprefix("B#"), row.get("dy")
        if row["st"] == "proposed" or by:
            wanted["adjustment.propose", name, row["y"]] += 1
        if by:
            wanted[f"adjustment.{VERDICTS.get(row['st'])}", name, by] += 1
        if (row.get("da") or ALWAYS) < row["l1"].partition("#")[2]:
            yield f"{name} was decided about at {row['da']}, and listed under {row['l1']}"
    logged = Counter(
        (row["w"], row["u"], row["y"])
        for row in (books.of("audit") if rows else [])
        if row["w"].startswith("adjustment.")
    )
    for key in sorted(wanted.keys() | logged.keys()):
        if wanted[key] != logged[key]:
            yield f"{key} happened {wanted[key]} times, and is {logged[key]} times in the log"


def what_one_person_moves_alone_is_counted(books: Books) -> Faults:
    """What nobody decided about is counted, day by day, for its member and for its operator."""
    moved: Counter[tuple[str, str]] = Counter()
    zone = ZoneInfo(books.zone)
    for row in books.of("adjustment"):
        if row["st"] == "approved" and not row.get("dy"):
            at = datetime.fromisoformat(row["l1"].partition("#")[2])
            day = at.astimezone(zone).date().isoformat()
            moved[row["m"], f"Z#{day}"] += abs(row["b"])
            moved[DESK, f"Z#{digest62((row['y'],), OPERATOR_CHARS)}#{day}"] += abs(row["b"])
    counted = {(row["p"], row["s"]): row["n"] for row in books.of("alone")}
    for key in sorted(moved.keys() | counted.keys()):
        most = OPERATOR_MAX if key[0] == DESK else MEMBER_MAX
        if moved[key] != counted.get(key, 0) or moved[key] > most:
            yield f"{moved[key]} points were moved alone, and {key} counts {counted.get(key, 0)}"


def _is_rejected(row: Row) -> bool:
    return bool(row["st"] == "rejected")


def _points(entry: Entry) -> int:
    return -entry.legs.get(Account.ISSUED, 0) - entry.legs.get(Account.CLAWED_BACK, 0)

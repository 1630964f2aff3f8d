"""What must hold of corrections that people propose and decide about."""

from __future__ import annotations

from collections import Counter
from typing import Final

from chalicelib.ledger.journal.model import Account, Entry, Reason
from tests.books import Books, Faults, Row

DESK: Final = "desk"
MEMBER_MAX: Final = 1_000
OPERATOR_MAX: Final = 10_000


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


def what_one_person_moves_alone_is_counted(books: Books) -> Faults:
    """What nobody decided about is counted for its member and its operator, within a day's most."""
    moved: Counter[str] = Counter()
    for row in books.of("adjustment"):
        if row["st"] == "approved" and not row.get("dy"):
            moved[row["m"]] += abs(row["b"])
    counted: Counter[str] = Counter()
    for row in books.of("alone"):
        counted[row["p"]] += row["n"]
        if row["n"] > (OPERATOR_MAX if row["p"] == DESK else MEMBER_MAX):
            yield f"{row['n']} points were moved alone: {row['p']} {row['s']}"
    by_operators = counted.pop(DESK, 0)
    if counted != moved or by_operators != moved.total():
        yield f"moved alone: {dict(moved)}; counted: {dict(counted)}, {by_operators} by operators"


def _is_rejected(row: Row) -> bool:
    return bool(row["st"] == "rejected")


def _points(entry: Entry) -> int:
    return -entry.legs.get(Account.ISSUED, 0) - entry.legs.get(Account.CLAWED_BACK, 0)

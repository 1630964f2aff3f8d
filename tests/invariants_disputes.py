"""What must hold of disputes: what they took and gave back, and what is left of their orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from chalicelib.ledger.journal.model import Account, Entry, Reason
from tests.books import Books, Faults, Row, days_of

HOLDING: Final = frozenset({"settled", "partly_refunded"})
DEAD: Final = frozenset({"cancelled", "expired"})
STATES: Final = frozenset({"open", "won", "lost"})


def disputes_are_of_payments(books: Books) -> Faults:
    """Only an order that was paid is disputed; one whose dispute was won has lost nothing."""
    for row in books.of("order"):
        told = [name for name in ("di", "ds", "dt", "dd") if row.get(name)]
        if told and not (row.get("di") and row.get("ds") in STATES):
            yield f"the order {row['s']} has a part of a dispute"
        if told and not (row.get("ca") and row.get("pi") and row["st"] != "awaiting_payment"):
            yield f"the order {row['s']} is disputed, and nobody paid it"
        if row.get("ds") == "won" and (row.get("dt") or row.get("dd")):
            yield f"the order {row['s']} keeps what its dispute took, which was won"


def disputes_and_entries_agree(books: Books) -> Faults:
    """What an order says that its dispute took is what its entries took and did not give back."""
    entries = _of_disputes(books)
    for row in books.of("order"):
        found = entries.pop(row["s"].removeprefix("O#"), [])
        taken, debt = days_of(row.get("dt") or {}), row.get("dd") or 0
        left = sum(entry.legs.get(Account.CLAWED_BACK, 0) for entry in found)
        if left != sum(taken.values()) + debt or any(e.member_id != row["p"] for e in found):
            yield f"the dispute of {row['s']} took {left}, and the order says otherwise"
        if left and not _is_of(found[-1], taken=taken, debt=debt):
            yield f"the dispute of {row['s']} took other dates than its entry says"
    yield from (f"{name} was disputed and is not there" for name in entries)


def only_what_was_used_or_went_back_twice_is_taken(books: Books) -> Faults:
    """Nobody loses points to a dispute whose order was neither used nor given back before."""
    strays = {row["o"] for row in books.of("order refund") if row.get("ca")}
    for row in books.of("order"):
        is_had = _is_used(row) or row.get("cb") or row["s"].removeprefix("O#") in strays
        if (row.get("dt") or row.get("dd")) and not is_had:
            yield f"the dispute of {row['s']} took something for nothing"


def lost_disputes_leave_only_what_was_used(books: Books) -> Faults:
    """Where a dispute is lost everything comes back that was not used, by one entry."""
    back = books.referred(Reason.DISPUTE_LOST, "order")
    for row in books.of("order"):
        found = back.pop(row["s"].removeprefix("O#"), [])
        is_lost = row.get("ds") == "lost"
        if len(found) > (is_lost and row["st"] == "refunded"):
            yield f"{row['s']} has come back by a dispute that was not lost"
        if is_lost and row["st"] in HOLDING and not _is_used(row):
            yield f"{row['s']} was not used, and is kept though its dispute was lost"
    yield from (f"{name} has come back by a dispute and is not there" for name in back)


def what_paid_a_debt_is_told(books: Books) -> Faults:
    """An entry tells by date which points paid what was owed: no other lowers a debt."""
    for member_id, entries in books.entries().items():
        for entry in entries:
            told = entry.refers.get("paid", "").split()
            paid = sum(int(part.partition(":")[2]) for part in told)
            lowered = max(0, entry.legs.get(Account.DEBT, 0))
            is_undone = entry.reason is Reason.DISPUTE_WON
            if paid > lowered or (paid != lowered and not is_undone):
                yield f"{member_id}, version {entry.version}: {paid} of {lowered} paid a debt"
            if int(entry.refers.get("unpaid", 0)) and not is_undone:
                yield f"{member_id}, version {entry.version} undoes nothing"


def _of_disputes(books: Books) -> dict[str, list[Entry]]:
    """Return the entries of each order's disputes, in the order of its member's journal."""
    found: dict[str, list[Entry]] = {}
    for journal in books.entries().values():
        for entry in journal:
            if entry.reason in {Reason.DISPUTE, Reason.DISPUTE_WON}:
                found.setdefault(entry.refers.get("order", ""), []).append(entry)
    return found


def _is_of(entry: Entry, *, taken: Mapping[date, int], debt: int) -> bool:
    """Tell whether an entry took these dates, beside what it booked as expired."""
    lost = {day: -points for day, points in entry.dates.items() if points < 0}
    expired = entry.legs.get(Account.EXPIRED, 0)
    return (
        entry.reason is Reason.DISPUTE
        and -entry.legs.get(Account.DEBT, 0) == debt
        and all(lost.get(day, 0) == points for day, points in taken.items())
        and sum(lost.values()) - expired == sum(taken.values())
    )


def _is_used(row: Row) -> bool:
    return bool(row.get("c") or row["fu"] == "sent")

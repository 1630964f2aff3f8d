"""What must hold of members who were erased, whatever happened before and since."""

from __future__ import annotations

from collections import Counter
from typing import Final

from chalicelib.ledger.journal.model import Reason
from tests.books import Books, Faults

LEFT: Final = frozenset("pskgax")
"""Columns of a tombstone: its key, the run that put it, a language, two instants."""
GONE: Final = ("address", "notice")
"""Items that go after their member: they are put beside a wallet that is there."""


def nothing_personal_is_left_of_the_erased(books: Books) -> Faults:
    """A tombstone in the place of the profile, no phone and no wishes."""
    erased = {row["p"] for row in books.of("wallet") if row.get("x")}
    for row in books.of("profile"):
        if (row["p"] in erased) != ("x" in row):
            yield f"the profile of {row['p']} and its wallet disagree about being erased"
        if row["p"] in erased and not row.keys() <= LEFT:
            yield f"the tombstone of {row['p']} tells {sorted(row.keys() - LEFT)}"
    yield from (f"{r['p']} has wishes" for r in books.of("wishes") if r["p"] in erased)
    yield from (f"{r['m']} has a phone" for r in books.of("phone") if r["m"] in erased)


def nothing_more_goes_to_the_erased(books: Books) -> Faults:
    """No address, no notice, no word about a way, and nothing that is still to be sent."""
    erased = {row["p"] for row in books.of("wallet") if row.get("x")}
    for shape in GONE:
        yield from (f"{r['p']} / {r['s']} is left" for r in books.of(shape) if r["p"] in erased)
    for row in books.of("order"):
        if row["p"] in erased and row.get("tr"):
            yield f"{row['s'][2:]} tells how it was sent"
        if row["p"] in erased and row["fu"] == "pending":
            yield f"{row['s'][2:]} is to be sent to nobody"


def nothing_is_left_to_the_erased(books: Books) -> Faults:
    """Their points ended by one entry, and whatever came since paid a debt or ended too."""
    entries, erased = books.entries(), {row["p"]: row.get("x") for row in books.of("wallet")}
    for member_id, wallet in books.wallets().items():
        told = Counter(entry.reason for entry in entries.get(member_id, []))[Reason.ERASED]
        if told != int(bool(erased[member_id])):
            yield f"{member_id} was erased {told} times"
        if erased[member_id] and (wallet.available or wallet.wakes_on):
            yield f"{member_id} was erased and has points, or a day to be looked after"
    rows = Counter(row["u"] for row in books.of("audit") if row["w"] == "member.erase")
    if rows != Counter(member_id for member_id in erased if erased[member_id]):
        yield "the log of erasures is not that of the wallets"

"""What must hold between the ledger and the tills: purchases, refunds, claims."""

from __future__ import annotations

from collections import Counter

from chalicelib.ledger.journal.model import Account, Entry, Reason
from tests.books import Books, Faults, Row


def nothing_counted_is_negative(books: Books) -> Faults:
    """No shard or counter is below 0, and no more of a purchase goes back than was paid."""
    for row in books.of("shard"):
        free, taken, gone = row["f"], row.get("k") or 0, row.get("w") or 0
        if min(free, taken, gone) < 0 or free + taken + gone != row["m"]:
            yield f"the shard {row['p']} has {free}, {taken} and {gone} of {row['m']} units"
    for row in books.of("limit"):
        if row["n"] < 0:
            yield f"the counter {row['p']} / {row['s']} counts {row['n']}"
    for row in books.of("purchase"):
        if not 0 <= row["r"] <= row["a"]:
            yield f"the purchase {row['p']} of {row['a']} is refunded by {row['r']}"


def purchases_and_entries_agree(books: Books) -> Faults:
    """Every purchase has one entry of its points, or of its claim's; unclaimed it has none."""
    entries = books.referred(Reason.PURCHASE, "purchase")
    claims = books.referred(Reason.CLAIM, "purchase")
    purchases = {_purchase_name(row): row for row in books.of("purchase")}
    for name in sorted(entries.keys() | claims.keys() | purchases.keys()):
        row = purchases.get(name)
        found, claimed = entries.get(name, []), claims.get(name, [])
        if row is None:
            yield f"the purchase {name} has entries, and is not there"
        elif (len(found), len(claimed)) != _expected(row):
            yield f"the purchase {name} has {len(found)} entries and {len(claimed)} of a claim"
        elif found and not _is_of(found[0], row["m"], issued=-row["n"], debt=row["o"]):
            yield f"the entry of the purchase {name} is not of its points"
        elif claimed and not _is_claim_of(claimed[0], row, reduced=_reduced(books, row)):
            yield f"the entry of the claim of {name} is not of its points"


def claim_codes_name_purchases(books: Books) -> Faults:
    """Every purchase that was nobody's has one code, and every code such a purchase."""
    guests = {row["p"] for row in books.of("purchase") if row.get("w")}
    named = Counter(row["q"] for row in books.of("claim"))
    yield from (f"{name} has not one code" for name in guests if named[name] != 1)
    yield from (f"a code names {name}, which needs none" for name in named.keys() - guests)


def refunds_and_entries_agree(books: Books) -> Faults:
    """Every refund of a member's purchase has one entry of its points, and no other has any."""
    entries = books.referred(Reason.REFUND, "purchase", "refund")
    refunds = {f"{_purchase_name(row)} {row['s'][2:]}": row for row in books.of("refund")}
    members = {_purchase_name(row): row.get("m") for row in books.of("purchase")}
    unclaimed = _before_claims(books)
    for name in sorted((entries.keys() | refunds.keys()) - unclaimed.keys()):
        found, row = entries.get(name, []), refunds.get(name)
        member_id = members.get(name.partition(" ")[0])
        if len(found) != 1 or row is None or member_id is None:
            yield f"the refund {name} has {len(found)} entries, and is {row and 'there'}"
        elif not _is_of(found[0], member_id, clawed_back=row["n"], debt=-row["o"]):
            yield f"the entry of the refund {name} is not of its points"


def refunds_make_what_went_back(books: Books) -> Faults:
    """Those of a purchase add up to what went back of it, and those before its claim likewise."""
    back: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for row in books.of("refund"):
        back[row["p"]] += row["a"]
    for row in _before_claims(books).values():
        before[row["p"]] += row["a"]
    for row in books.of("purchase"):
        if back[row["p"]] != row["r"]:
            yield f"the refunds of {row['p']} are not what went back"
        unclaimed = row["r"] if row.get("m") is None else row.get("x") or 0
        if before[row["p"]] != unclaimed:
            yield f"refunds of {row['p']} without an entry are not those before its claim"


def _before_claims(books: Books) -> dict[str, Row]:
    """Return the refunds of what was nobody's purchase yet: those of a guest's without an entry."""
    entries = books.referred(Reason.REFUND, "purchase", "refund")
    guests = {row["p"] for row in books.of("purchase") if row.get("w")}
    named = {f"{_purchase_name(row)} {row['s'][2:]}": row for row in books.of("refund")}
    return {n: row for n, row in named.items() if row["p"] in guests and n not in entries}


def _expected(row: Row) -> tuple[int, int]:
    """Return how many entries a purchase has, and how many its claim."""
    if row.get("w") is None:
        return (1, 0)
    return (0, 0 if row.get("m") is None else 1)


def _reduced(books: Books, row: Row) -> int:
    """Return the points by which refunds before a claim reduced it."""
    before = _before_claims(books).values()
    return sum(refund["n"] for refund in before if refund["p"] == row["p"])


def _is_claim_of(entry: Entry, row: Row, *, reduced: int) -> bool:
    issued = row["n"] - reduced
    return _is_of(entry, row["m"], issued=-issued, debt=row.get("y") or 0)


def _is_of(entry: Entry, member_id: str, **legs: int) -> bool:
    """Tell whether an entry is a member's, of these legs, and else only books expiry."""
    told = {Account[name.upper()]: points for name, points in legs.items()}
    rest = -sum(told.values()) - entry.legs.get(Account.EXPIRED, 0)
    told |= {Account.AVAILABLE: rest, Account.EXPIRED: entry.legs.get(Account.EXPIRED, 0)}
    return entry.member_id == member_id and entry.legs == {
        account: points for account, points in told.items() if points
    }


def _purchase_name(row: Row) -> str:
    """Return a purchase as the journal names it."""
    return str(row["p"]).replace("#", "/", 1)

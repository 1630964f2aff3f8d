"""What must hold of the cash of orders: paid before anything is given, given back in proportion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.ledger.journal.model import Reason
from tests.books import Books, Faults, Row

UNPAID: Final = frozenset({"in_review", "awaiting_payment", "expired"})
"""States in which nothing of an order was given to its member."""
GIVEN: Final = frozenset({Reason.REDEMPTION, Reason.HOLD_SETTLED, Reason.PAID})


def what_is_given_was_paid(books: Books) -> Faults:
    """An order with cash settles by its payment, one without never; nobody pays a released one."""
    by_order: dict[str, set[Reason]] = {}
    for journal in books.entries().values():
        for entry in journal:
            by_order.setdefault(entry.refers.get("order", ""), set()).add(entry.reason)
    for row in books.of("order"):
        reasons = by_order.get(row["s"].removeprefix("O#"), set())
        wanted = {Reason.PAID} if row.get("ca") else {Reason.REDEMPTION, Reason.HOLD_SETTLED}
        if not reasons & GIVEN <= wanted:
            yield f"the order {row['s']} settled otherwise than its price says"
        if reasons >= {Reason.PAID, Reason.UNPAID}:
            yield f"the order {row['s']} was released and paid"
        if Reason.PAID in reasons and not row.get("pi"):
            yield f"the order {row['s']} was paid by no payment"
        if not _is_whole(row):
            yield f"the order {row['s']} has a part of what tells its cash"


def cash_comes_back_in_the_proportion_paid(books: Books) -> Faults:
    """Refunds of cash are numbered from 1, of the order's payment, and make what came back of it.

    Never more than was paid; and up to the rounding of either, as great a part as of the points.
    """
    refunds: dict[str, list[Row]] = {}
    for row in books.of("order refund"):
        if row.get("ca"):
            refunds.setdefault(row["o"], []).append(row)
        elif any(row.get(name) for name in ("cc", "k", "pi", "sa")):
            yield f"the refund {row['s']} tells of cash that it does not have"
    for row in books.of("order"):
        found = refunds.pop(row["s"].removeprefix("O#"), [])
        yield from (f"{row['s']}: {fault}" for fault in _wrong_with(row, found))
    yield from (f"cash went back of {name}, which is not there" for name in refunds)


def refunds_wait_until_their_cash_is_back(books: Books) -> Faults:
    """A refund is found by the job exactly while its cash is on its way."""
    for row in books.of("order refund"):
        is_pending = row.get("sa") == "pending"
        if is_pending != bool(row.get("wk") and row.get("wa")):
            yield f"the refund {row['s']} is {row.get('sa')}, and the job is told otherwise"


def _is_whole(row: Mapping[str, object]) -> bool:
    """Tell whether everything or nothing is there that tells of cash."""
    told = [bool(row.get(name)) for name in ("ca", "cc", "at")]
    return all(told) or not (any(told) or row.get("pi") or row.get("rn") or row.get("cb"))


def _is_in_proportion(row: Row) -> bool:
    points, cash = row["b"], row["ca"]
    return bool(abs((row.get("br") or 0) * cash - row["cb"] * points) <= cash + points)


def _wrong_with(row: Row, refunds: list[Row]) -> Faults:
    """Yield what refunds of cash have against their order."""
    back, paid = row.get("cb") or 0, row.get("ca") or 0
    if back != sum(one["ca"] for one in refunds) or not 0 <= back <= paid:
        yield f"{back} of {paid} came back, its refunds say otherwise"
    if sorted(one["k"] for one in refunds) != list(range(1, len(refunds) + 1)):
        yield "its refunds are not numbered from 1"
    if any((one["cc"], one["pi"]) != (row.get("cc"), row.get("pi")) for one in refunds):
        yield "a refund is of another payment"
    if row["st"] in UNPAID and refunds:
        yield f"it is {row['st']}, and cash went back"
    if refunds and not _is_in_proportion(row):
        yield "points and cash came back in another proportion"

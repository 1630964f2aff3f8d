"""What must hold of the cash of orders: paid before anything is given, given back in proportion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.gateways.payments.rules import step_of
from chalicelib.ledger.journal.model import Reason
from chalicelib.redeem.refunds.rules import stray_id_of
from tests.books import Books, Faults, Row

UNPAID: Final = frozenset({"in_review", "awaiting_payment", "expired"})
"""States in which nothing of an order was given to its member."""
DEAD: Final = frozenset({"cancelled", "expired"})
FOR_MONEY: Final = frozenset({Reason.PAID, Reason.REVIVED})
GIVEN: Final = frozenset({Reason.REDEMPTION, Reason.HOLD_SETTLED}) | FOR_MONEY
CASH: Final = ("cc", "pi", "sa", "at", "re", "oa", "ak")
"""What a refund tells of cash, and no refund without cash."""


def what_is_given_was_paid(books: Books) -> Faults:
    """An order with cash settles by its payment, one without never; nobody pays a released one."""
    by_order: dict[str, set[Reason]] = {}
    for journal in books.entries().values():
        for entry in journal:
            by_order.setdefault(entry.refers.get("order", ""), set()).add(entry.reason)
    for row in books.of("order"):
        reasons = by_order.get(row["s"].removeprefix("O#"), set())
        if not reasons & GIVEN <= (FOR_MONEY if row.get("ca") else GIVEN - FOR_MONEY):
            yield f"the order {row['s']} settled otherwise than its price says"
        if reasons >= {Reason.PAID, Reason.UNPAID}:
            yield f"the order {row['s']} was released and paid"
        if reasons & FOR_MONEY and not row.get("pi"):
            yield f"the order {row['s']} was paid by no payment"
        if not _is_whole(row):
            yield f"the order {row['s']} has a part of what tells its cash"


def cash_comes_back_in_the_proportion_paid(books: Books) -> Faults:
    """Refunds of cash are of the order's payment, and make what came back of it.

    Never more than was paid; and up to the rounding of either, as great a part as of the points.
    Money that nobody may keep goes back beside that: of another payment, or of a dead order's own.
    """
    refunds: dict[str, list[Row]] = {}
    for row in books.of("order refund"):
        if not all(row.get(name) for name in ("ca", "cc", "pi", "sa", "at", "oa")):
            if row.get("ca") or any(row.get(name) for name in CASH):
                yield f"the refund {row['s']} tells of cash that it does not have"
        else:
            refunds.setdefault(row["o"], []).append(row)
    for row in books.of("order"):
        found = refunds.pop(row["s"].removeprefix("O#"), [])
        yield from (f"{row['s']}: {fault}" for fault in _wrong_with(row, found))
    yield from (f"cash went back of {name}, which is not there" for name in refunds)


def orders_with_cash_are_found_by_time(books: Books) -> Faults:
    """The entry that reserved an order with cash, and no other, names it by the time of placing."""
    told = {row["wa"]: row["wk"] for row in books.of("entry") if row.get("wa")}
    wanted = {
        f"{row['l1'].removeprefix('O#')}#{row['s'].removeprefix('O#')}"
        for row in books.of("order")
        if row.get("ca")
    }
    yield from (f"an order with cash is not found by {name}" for name in wanted - told.keys())
    yield from (f"an entry is found by {name} for nothing" for name in told.keys() - wanted)
    if any(not kind.startswith("cash#") for kind in told.values()):
        yield "an entry waits for something"


def refunds_wait_until_their_cash_is_back(books: Books) -> Faults:
    """A refund is found by the job exactly while its cash is on its way."""
    for row in books.of("order refund"):
        is_pending = row.get("sa") == "pending"
        if row.get("sa") == "succeeded" and not row.get("re") and row.get("ak") != 0:
            yield f"the refund {row['s']} succeeded, and Stripe has no name for it"
        if is_pending != bool(row.get("wk") and row.get("wa")):
            yield f"the refund {row['s']} is {row.get('sa')}, and the job is told otherwise"


def wishes_are_carried_out_once(books: Books) -> Faults:
    """An order remembers who cancelled it before it was paid; the receipt is there once it ended.

    Until then the request was not carried out, and an order that ended otherwise never did it.
    """
    receipts = {(row["p"], row["s"]): row["f"] for row in books.of("receipt")}
    for row in books.of("order"):
        receipt = receipts.get((row["p"], row.get("cw") or ""))
        ways = {"awaiting_payment": None, "cancelled": row.get("cf")}
        if bool(row.get("cw")) != bool(row.get("cf")):
            yield f"the order {row['s']} has a part of what tells who cancelled it"
        elif row.get("cw") and receipt != ways.get(row["st"], b""):
            yield f"the order {row['s']} is {row['st']}, and the wish to cancel it says otherwise"


def _is_whole(row: Mapping[str, object]) -> bool:
    """Tell whether everything or nothing is there that tells of cash."""
    told = [bool(row.get(name)) for name in ("ca", "cc", "at")]
    return all(told) or not (any(told) or row.get("pi") or row.get("cb"))


def _is_in_proportion(row: Row) -> bool:
    points, cash = row["b"], row["ca"]
    rounded = cash + points * step_of(row["cc"])
    return bool(abs((row.get("br") or 0) * cash - row["cb"] * points) <= rounded)


def is_stray(refund: Row) -> bool:
    """Tell whether a refund gives back a payment that nobody may keep."""
    return bool(refund["s"] == f"B#{stray_id_of(refund.get('pi') or '')}")


def _wrong_with(row: Row, found: list[Row]) -> Faults:
    """Yield what refunds of cash have against their order."""
    for stray in filter(is_stray, found):
        if stray["pi"] == row.get("pi") and row["st"] not in DEAD:
            yield f"it is {row['st']}, and what was paid for it went back"
        if stray["n"] or stray["b"] or stray["d"] or stray["r"]:
            yield "points or units went back with money that nobody may keep"
    refunds = [one for one in found if not is_stray(one)]
    back, paid = row.get("cb") or 0, row.get("ca") or 0
    if back != sum(one["ca"] for one in refunds) or not 0 <= back <= paid:
        yield f"{back} of {paid} came back, its refunds say otherwise"
    if any((one["cc"], one["pi"]) != (row.get("cc"), row.get("pi")) for one in refunds):
        yield "a refund is of another payment"
    if row["st"] in UNPAID and refunds:
        yield f"it is {row['st']}, and cash went back"
    if refunds and row.get("ds") != "lost" and not _is_in_proportion(row):
        yield "points and cash came back in another proportion"

"""Corruptions of what orders remember of members who cancel them before they are paid."""

from __future__ import annotations

from typing import Any, Final

from tests.invariants_cash import wishes_are_carried_out_once
from tests.vandalism import Columns, Plants, alter, items, order, put, s

RECEIPT: Final = "R#000000000000000000000"
WISH: Final[Columns] = {"cw": s(RECEIPT), "cf": {"B": b"1"}}


def mine(**columns: dict[str, Any]) -> None:
    """Change lin's order of two mugs."""
    alter(items("order", "lin")[0], **columns)


def carried_out(row: Columns) -> Columns:
    """Return an order after its member's request got its receipt."""
    put({"p": row["p"], "s": s(RECEIPT), "f": {"B": b"1"}})
    return row


PLANTS: Final[Plants] = {
    "half a wish to cancel": (wishes_are_carried_out_once, lambda: mine(cw=s(RECEIPT))),
    "a wish to cancel what was paid": (wishes_are_carried_out_once, lambda: mine(**WISH)),
    "a wish that was carried out without its receipt": (
        wishes_are_carried_out_once,
        lambda: alter(order(st="cancelled"), **WISH),
    ),
    "a receipt of a wish before it was carried out": (
        wishes_are_carried_out_once,
        lambda: alter(carried_out(items("order", "lin")[0]), st=s("awaiting_payment"), **WISH),
    ),
}
"""Corruptions by name, each with the invariant that has to see it."""

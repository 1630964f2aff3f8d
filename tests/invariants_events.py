"""What must hold of what Stripe told: each event is whole, and leased or not."""

from __future__ import annotations

from typing import Final

from tests.books import Books, Faults

STATES: Final = frozenset({"received", "leased", "done"})
THINGS: Final = frozenset({"payment_intent", "refund", "dispute"})


def events_are_whole(books: Books) -> Faults:
    """An event names what to look at, and says until when it is leased exactly while it is."""
    for row in books.of("event"):
        if row["st"] not in STATES or row["k"] not in THINGS or not row["i"]:
            yield f"nobody knows what {row['p']} is about"
        if (row["st"] == "leased") != bool(row.get("u")):
            yield f"{row['p']} is {row['st']}, and its lease says otherwise"
        if row["k"] == "payment_intent" and (row.get("pi") != row["i"] or not row.get("o")):
            yield f"{row['p']} is of a payment, and does not say whose"

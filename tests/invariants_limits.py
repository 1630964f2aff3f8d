"""What must hold of what orders count against and where they go: limits and addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.kernel.clock import day_of
from tests.books import Books, Faults, audited, period_of
from tests.invariants_orders import DEAD


def limits_count_orders(books: Books) -> Faults:
    """Every counter is the units that its period's orders keep, and no more than was ever allowed.

    Orders that were cancelled, and units that were refunded to be sold again, do not count.
    """
    limits = _limits_by_version(books)
    restocked = _restocked(books)
    counted: Counter[str] = Counter()
    most: dict[str, int] = {}
    for row in books.of("order"):
        placed_on = day_of(datetime.fromisoformat(row["l1"][2:]), books.zone)
        version = (row["w"], row["wv"])
        if version not in limits:
            yield f"nobody made {version}, of which {row['s']} is"
        told = limits.get(version, [])
        periods = [period_of(limit["per"], placed_on) for limit in told]
        wanted = [] if row["st"] in DEAD else periods
        if wanted != [period for period in (row.get("lp") or "").split(",") if period]:
            yield f"{row['s']} is counted in {row.get('lp')}, and should be in {periods}"
        for period, limit in zip(periods, told, strict=True):
            name = f"{row['p']} L#{row['w']}#{period}"
            kept = 0 if row["st"] in DEAD else row["n"] - restocked[row["s"][2:]]
            counted[name] += kept
            most[name] = max(most.get(name, 0), limit["units"])
    stored = {f"{row['p']} {row['s']}": row["n"] for row in books.of("limit")}
    for name in sorted(stored.keys() | counted.keys()):
        if stored.get(name, 0) != counted[name]:
            yield f"{name} says {stored.get(name, 0)}, its orders {counted[name]}"
        if counted[name] > most.get(name, 0):
            yield f"{name} goes past its limit of {most.get(name, 0)}"


def addresses_belong_to_orders(books: Books) -> Faults:
    """An order has an address when something is to be sent or was, else only if all came back."""
    orders = {row["s"][2:]: row for row in books.of("order")}
    kept = {row["s"][2:] for row in books.of("address")}
    erased = {row["p"] for row in books.of("wallet") if row.get("x")}
    for order_id, row in orders.items():
        if row["fu"] != "none" and order_id not in kept and row["p"] not in erased:
            yield f"{order_id} has no address"
        if row["fu"] == "none" and order_id in kept and (row.get("nr") or 0) != row["n"]:
            yield f"{order_id} has an address, and nothing is sent"
        if row["fu"] == "pending" and (row.get("nr") or 0) == row["n"]:
            yield f"{order_id} is to be sent, and all of it came back"
    yield from (
        f"an address is of {order_id}, which is not there" for order_id in kept - orders.keys()
    )


def _restocked(books: Books) -> Counter[str]:
    """Return the units of each order that are to be sold again: by support, or a lost dispute."""
    found: Counter[str] = Counter()
    came_back: Counter[str] = Counter()
    for row in books.of("order refund"):
        came_back[row["o"]] += row["n"]
        found[row["o"]] += row["n"] if row["r"] else 0
    for row in books.of("order"):
        if row.get("ds") == "lost" and row["st"] == "refunded":
            found[row["s"][2:]] += row["n"] - came_back[row["s"][2:]]
    return found


def _limits_by_version(books: Books) -> Mapping[tuple[str, int], list[Any]]:
    """Return the limits of every version of every reward; the audit log has them all."""
    documents = (
        audited(row, "a")
        for row in books.of("audit")
        if row["w"] in {"reward.create", "reward.change"}
    )
    return {(told["id"], told["version"]): told["limits"] for told in documents}

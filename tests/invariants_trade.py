"""What must hold between the ledger and what moved it: orders, purchases, stock, limits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.kernel.clock import day_of
from chalicelib.ledger.journal.model import Account, Entry, Reason
from tests.books import Books, Faults, Row, audited, days_of, period_of


def nothing_counted_is_negative(books: Books) -> Faults:
    """No shard or counter is below 0, and no more of a purchase goes back than was paid."""
    for row in books.of("shard"):
        if not 0 <= row["f"] <= row["m"]:
            yield f"the shard {row['p']} has {row['f']} of {row['m']} units free"
    for row in books.of("limit"):
        if row["n"] <= 0:
            yield f"the counter {row['p']} / {row['s']} counts {row['n']}"
    for row in books.of("purchase"):
        if not 0 <= row["r"] <= row["a"]:
            yield f"the purchase {row['p']} of {row['a']} is refunded by {row['r']}"


def orders_and_redemptions_agree(books: Books) -> Faults:
    """Every settled order has one redemption of its points and dates, and no other has any."""
    entries = books.referred(Reason.REDEMPTION, "order")
    orders = {row["s"].removeprefix("O#"): row for row in books.of("order")}
    for order_id in sorted(entries.keys() | orders.keys()):
        found, order = entries.get(order_id, []), orders.get(order_id)
        if len(found) != 1 or order is None:
            yield f"the order {order_id} is {order and order['st']}, with {len(found)} redemptions"
        elif not _pays(found[0], order):
            yield f"the redemption of {order_id} is not of its points and dates"


def purchases_and_entries_agree(books: Books) -> Faults:
    """Every purchase has one entry of its points, and every such entry a purchase."""
    entries = books.referred(Reason.PURCHASE, "purchase")
    purchases = {_purchase_name(row): row for row in books.of("purchase")}
    for name in sorted(entries.keys() | purchases.keys()):
        found, row = entries.get(name, []), purchases.get(name)
        if len(found) != 1 or row is None:
            yield f"the purchase {name} has {len(found)} entries, and is {row and 'there'}"
        elif not _is_of(found[0], row["m"], issued=-row["n"], debt=row["o"]):
            yield f"the entry of the purchase {name} is not of its points"


def refunds_and_entries_agree(books: Books) -> Faults:
    """Every refund has one entry of its points; those of a purchase add up to what went back."""
    entries = books.referred(Reason.REFUND, "purchase", "refund")
    refunds = {f"{_purchase_name(row)} {row['s'][2:]}": row for row in books.of("refund")}
    members = {_purchase_name(row): row["m"] for row in books.of("purchase")}
    for name in sorted(entries.keys() | refunds.keys()):
        found, row = entries.get(name, []), refunds.get(name)
        member_id = members.get(name.partition(" ")[0])
        if len(found) != 1 or row is None or member_id is None:
            yield f"the refund {name} has {len(found)} entries, and is {row and 'there'}"
        elif not _is_of(found[0], member_id, clawed_back=row["n"], debt=-row["o"]):
            yield f"the entry of the refund {name} is not of its points"
    back: Counter[str] = Counter()
    for row in refunds.values():
        back[row["p"]] += row["a"]
    for row in books.of("purchase"):
        if back[row["p"]] != row["r"]:
            yield f"the refunds of {row['p']} are not what went back"


def stock_adds_up(books: Books) -> Faults:
    """Of every counted reward, made = free + sold, and made = what it began with + what was added.

    Others have no shards.
    """
    made, free = _in_shards(books, "m"), _in_shards(books, "f")
    sold, added = _sold(books), _added(books)
    plans = {row["s"][2:]: json.loads(row["b"])["stock"] for row in books.of("reward")}
    for reward_id in sorted(plans.keys() | made.keys()):
        plan = plans.get(reward_id, {"mode": "unknown"})
        if plan["mode"] != "counted":
            if reward_id in made:
                yield f"{reward_id} has shards, and its stock is {plan['mode']}"
        elif made[reward_id] != free[reward_id] + sold[reward_id]:
            yield f"of {reward_id} {sold[reward_id]} units are sold, and that does not add up"
        elif made[reward_id] != plan["units"] + added[reward_id]:
            yield f"of {reward_id} there are {made[reward_id]} units, not all made by somebody"


def limits_count_orders(books: Books) -> Faults:
    """Every counter is the units of its period's orders, and no order went past its limit."""
    limits = _limits_by_version(books)
    counted: Counter[str] = Counter()
    for row in sorted(books.of("order"), key=lambda order: str(order["l1"])):
        placed_on = day_of(datetime.fromisoformat(row["l1"][2:]), books.zone)
        version = (row["w"], row["wv"])
        if version not in limits:
            yield f"nobody made {version}, of which {row['s']} is"
        for limit in limits.get(version, []):
            name = f"{row['p']} L#{row['w']}#{period_of(limit['per'], placed_on)}"
            counted[name] += row["n"]
            if counted[name] > limit["units"]:
                yield f"{name} goes past its limit of {limit['units']}"
    stored = {f"{row['p']} {row['s']}": row["n"] for row in books.of("limit")}
    for name in sorted(stored.keys() | counted.keys()):
        if stored.get(name, 0) != counted[name]:
            yield f"{name} says {stored.get(name, 0)}, its orders {counted[name]}"


def addresses_belong_to_orders(books: Books) -> Faults:
    """An order has an address exactly when something is to be sent."""
    sent = {row["s"][2:] for row in books.of("order") if row["fu"] != "none"}
    kept = {row["s"][2:] for row in books.of("address")}
    yield from (f"{order_id} and its address do not agree" for order_id in sorted(sent ^ kept))


def _pays(entry: Entry, order: Row) -> bool:
    """Tell whether an entry redeems an order's points and dates, and else only books expiry."""
    taken = days_of(order["d"])
    rest = {day: points for day, points in entry.dates.items() if day not in taken}
    return (
        entry.member_id == order["p"]
        and order["st"] == "settled"
        and sum(taken.values()) == order["b"] == entry.legs.get(Account.REDEEMED)
        and all(entry.dates.get(day) == -points for day, points in taken.items())
        and -sum(rest.values()) == entry.legs.get(Account.EXPIRED, 0)
    )


def _is_of(entry: Entry, member_id: str, **legs: int) -> bool:
    """Tell whether an entry is a member's, of these legs, and else only books expiry."""
    told = {Account[name.upper()]: points for name, points in legs.items()}
    rest = -sum(told.values()) - entry.legs.get(Account.EXPIRED, 0)
    told |= {Account.AVAILABLE: rest, Account.EXPIRED: entry.legs.get(Account.EXPIRED, 0)}
    return entry.member_id == member_id and entry.legs == {
        account: points for account, points in told.items() if points
    }


def _purchase_name(row: Row) -> str:
    """Return a purchase's name in the journal, for the purchase or one of its refunds."""
    return str(row["p"]).replace("#", "/", 1)


def _in_shards(books: Books, column: str) -> Counter[str]:
    """Return the sums of a column of all shards by reward."""
    found: Counter[str] = Counter()
    for row in books.of("shard"):
        found[row["p"].partition("#")[0]] += row[column]
    return found


def _sold(books: Books) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in books.of("order"):
        found[row["w"]] += row["n"]
    return found


def _added(books: Books) -> Counter[str]:
    """Return what operators added by reward, as the audit log has it."""
    found: Counter[str] = Counter()
    for row in books.of("audit"):
        if row["w"] == "reward.restock":
            found[row["u"]] += audited(row, "a")["units"]
    return found


def _limits_by_version(books: Books) -> Mapping[tuple[str, int], list[Any]]:
    """Return the limits of every version of every reward; the audit log has them all."""
    documents = (
        audited(row, "a")
        for row in books.of("audit")
        if row["w"] in {"reward.create", "reward.change"}
    )
    return {(told["id"], told["version"]): told["limits"] for told in documents}

"""What must hold of orders, whatever became of them: entries, refunds, units, codes, limits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chalicelib.kernel.clock import day_of
from chalicelib.ledger.journal.model import Account, Entry, Reason
from tests.books import Books, Faults, Row, audited, days_of, period_of

H, S, R = Reason.HOLD, Reason.HOLD_SETTLED, Reason.REDEMPTION
SETTLED: Final = ((R,), (H, S))
ENDED: Final = (
    *((*way, Reason.CANCELLATION) for way in SETTLED),
    (H, Reason.CANCELLATION),
    (H, Reason.HOLD_RETURNED),
)
WAYS: Final = {"in_review": ((H,),), "settled": SETTLED, "cancelled": ENDED}
"""What a member's journal says of an order in a state, refunds by support left out."""
BACK: Final = ("nr", "br", "o")
"""Of an order: units, points and paid debt that came back."""


def orders_and_entries_agree(books: Books) -> Faults:
    """An order's entries tell its way; what they moved is what it holds and what came back."""
    entries = _entries_by_order(books)
    orders = {row["s"].removeprefix("O#"): row for row in books.of("order")}
    for order_id in sorted(entries.keys() | orders.keys()):
        order = orders.get(order_id)
        if order is None:
            yield f"the order {order_id} has entries and is not there"
            continue
        found = entries.get(order_id, [])
        way = tuple(entry.reason for entry in found if entry.reason is not Reason.ORDER_REFUND)
        if way not in WAYS.get(order["st"], SETTLED):
            yield f"the order {order_id} is {order['st']}, and its entries are {way}"
        elif not _adds_up(found, order):
            yield f"the entries of {order_id} are not of its points and dates"


def orders_hold_what_did_not_come_back(books: Books) -> Faults:
    """Points by date follow the units that came back, as do price and state."""
    for row in books.of("order"):
        back, points = row.get("nr") or 0, row.get("br") or 0
        states = {
            "in_review": back == 0,
            "settled": back == 0,
            "partly_refunded": 0 < back < row["n"],
            "refunded": back == row["n"],
            "cancelled": back == row["n"] and not row["u"],
        }
        if not states.get(row["st"], False):
            yield f"the order {row['s']} is {row['st']} with {back} of {row['n']} units back"
        if row["b"] // row["n"] * back != points or row["b"] - points != sum(row["d"].values()):
            yield f"the order {row['s']} does not hold what is left of its price"
        if (row["st"] == "in_review") != bool(row.get("wk")) or bool(row.get("wk")) != bool(
            row.get("dl")
        ):
            yield f"the order {row['s']} is {row['st']}, and its deadline does not say so"


def refunds_make_what_came_back(books: Books) -> Faults:
    """Support's refunds of an order add up to what came back, each with one entry."""
    entries = Counter(
        entry.refers.get("order_refund", "")
        for journal in books.entries().values()
        for entry in journal
        if entry.reason is Reason.ORDER_REFUND
    )
    back: dict[str, Counter[str]] = {}
    for row in books.of("order refund"):
        told = {"nr": row["n"], "br": row["b"], "o": row["d"]}
        back.setdefault(row["o"], Counter()).update(told)
        if entries.pop(row["s"].removeprefix("B#"), 0) != 1:
            yield f"the refund {row['s']} has not one entry"
    yield from (f"the entry of {name} has no refund" for name in entries)
    for row in books.of("order"):
        found = back.pop(row["s"].removeprefix("O#"), Counter[str]())
        if row["st"] != "cancelled" and any((row.get(c) or 0) != found[c] for c in BACK):
            yield f"the refunds of {row['s']} are not what came back of it"
        if row["st"] == "cancelled" and found:
            yield f"{row['s']} is cancelled and was refunded"
    yield from (f"{name} was refunded and is not there" for name in back)


def stock_adds_up(books: Books) -> Faults:
    """In every shard made = free + taken + withdrawn, and what is taken is what orders hold.

    Over all shards, what was made and withdrawn is what operators did. Rewards that are not counted
    have no shards.
    """
    plans = _plans(books)
    held = _held(books, "counted")
    did = {what: _operated(books, what) for what in ("reward.restock", "reward.withdraw")}
    made, withdrawn = Counter[str](), Counter[str]()
    for row in books.of("shard"):
        reward_id, _, shard = row["p"].partition("#")
        made[reward_id] += row["m"]
        withdrawn[reward_id] += row.get("w") or 0
        taken = row["m"] - row["f"] - (row.get("w") or 0)
        if taken != held.pop((reward_id, int(shard)), 0):
            yield f"of {row['p']} {taken} units are taken, and orders do not hold them"
    yield from (f"orders hold units of {name}, which is not there" for name in held)
    for reward_id in sorted(plans.keys() | made.keys()):
        plan = plans.get(reward_id, {"mode": "unknown", "units": 0})
        if plan["mode"] != "counted":
            if reward_id in made:
                yield f"{reward_id} has shards, and its stock is {plan['mode']}"
        elif made[reward_id] != plan["units"] + did["reward.restock"][reward_id]:
            yield f"of {reward_id} there are {made[reward_id]} units, not all made by somebody"
        elif withdrawn[reward_id] != did["reward.withdraw"][reward_id]:
            yield f"of {reward_id} units are withdrawn that nobody withdrew"


def units_have_their_owners(books: Books) -> Faults:
    """Every numbered unit that an order holds is that order's, and every owner is such an order."""
    held = _owners(books)
    owned: dict[tuple[str, int], str] = {}
    plans = _plans(books)
    for row in books.of("unit"):
        reward_id, number = row["p"].partition("#")[0], int(row["s"][2:])
        plan = plans.get(reward_id, {"mode": "unknown"})
        if (plan["mode"] == "coded") != bool(row.get("c")):
            yield f"{row['p']} / {row['s']} is of a {plan['mode']} reward and says otherwise"
        if plan["mode"] == "numbered" and not 0 <= number < plan["made"]:
            yield f"{row['p']} / {row['s']} was never made"
        if row.get("o") not in {None, "withdrawn"}:
            owned[reward_id, number] = row["o"]
    for name in sorted(held.keys() | owned.keys()):
        if held.get(name) != owned.get(name):
            yield f"{name} is held by {held.get(name)} and owned by {owned.get(name)}"


def codes_exist_once(books: Books) -> Faults:
    """Every coded unit has one claim of its code, and every claim its unit."""
    units = {
        (row["p"].partition("#")[0], int(row["s"][2:])) for row in books.of("unit") if row.get("c")
    }
    claims = Counter((row["r"], row["n"]) for row in books.of("code"))
    yield from (f"{name} is claimed {claims[name]} times" for name in claims if claims[name] != 1)
    yield from (f"{name} has a code and no claim, or the reverse" for name in units ^ set(claims))


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
        if row["st"] != "cancelled" and periods != [
            p for p in (row.get("lp") or "").split(",") if p
        ]:
            yield f"{row['s']} is counted in {row.get('lp')}, and should be in {periods}"
        for period, limit in zip(periods, told, strict=True):
            name = f"{row['p']} L#{row['w']}#{period}"
            kept = 0 if row["st"] == "cancelled" else row["n"] - restocked[row["s"][2:]]
            counted[name] += kept
            most[name] = max(most.get(name, 0), limit["units"])
    stored = {f"{row['p']} {row['s']}": row["n"] for row in books.of("limit")}
    for name in sorted(stored.keys() | counted.keys()):
        if stored.get(name, 0) != counted[name]:
            yield f"{name} says {stored.get(name, 0)}, its orders {counted[name]}"
        if counted[name] > most.get(name, 0):
            yield f"{name} goes past its limit of {most.get(name, 0)}"


def addresses_belong_to_orders(books: Books) -> Faults:
    """An order has an address exactly when something is to be sent, or was."""
    sent = {row["s"][2:] for row in books.of("order") if row["fu"] != "none"}
    kept = {row["s"][2:] for row in books.of("address")}
    yield from (f"{order_id} and its address do not agree" for order_id in sorted(sent ^ kept))


def _adds_up(entries: list[Entry], order: Row) -> bool:
    """Tell whether entries are of an order's member, points and dates."""
    moved: Counter[Account] = Counter()
    for entry in entries:
        moved.update({a: entry.legs.get(a, 0) for a in (Account.ESCROW, Account.REDEEMED)})
    left = order["b"] - (order.get("br") or 0)
    account = Account.ESCROW if order["st"] == "in_review" else Account.REDEEMED
    other = Account.REDEEMED if account is Account.ESCROW else Account.ESCROW
    spent = -sum(points for points in entries[0].dates.values() if points < 0)
    expired = entries[0].legs.get(Account.EXPIRED, 0)
    return (
        all(entry.member_id == order["p"] for entry in entries)
        and (moved[account], moved[other]) == (left, 0)
        and spent - expired == order["b"]
        and all(
            entries[0].dates.get(day, 0) <= -points for day, points in days_of(order["d"]).items()
        )
    )


def _entries_by_order(books: Books) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for journal in books.entries().values():
        for entry in journal:
            if "order" in entry.refers:
                found.setdefault(entry.refers["order"], []).append(entry)
    return found


def _plans(books: Books) -> dict[str, dict[str, Any]]:
    """Return how each reward is supplied, with the numbers given out."""
    return {
        row["s"][2:]: json.loads(row["b"])["stock"] | {"made": row.get("m") or 0}
        for row in books.of("reward")
    }


def _held(books: Books, mode: str) -> Counter[tuple[str, int]]:
    """Return the units that orders hold, by reward and place."""
    found: Counter[tuple[str, int]] = Counter()
    for row in books.of("order"):
        if row["m"] == mode:
            found.update({(row["w"], int(place)): units for place, units in row["u"].items()})
    return found


def _owners(books: Books) -> dict[tuple[str, int], str]:
    """Return which order holds which numbered unit."""
    return {
        (row["w"], int(number)): row["s"].removeprefix("O#")
        for row in books.of("order")
        if row["m"] in {"numbered", "coded"}
        for number in row["u"]
    }


def _operated(books: Books, what: str) -> Counter[str]:
    """Return the units that operators added or withdrew by reward, as the audit log has it."""
    found: Counter[str] = Counter()
    for row in books.of("audit"):
        if row["w"] == what:
            found[row["u"]] += audited(row, "a")["units"]
    return found


def _restocked(books: Books) -> Counter[str]:
    """Return the units of each order that support refunded to be sold again."""
    found: Counter[str] = Counter()
    for row in books.of("order refund"):
        found[row["o"]] += row["n"] if row["r"] else 0
    return found


def _limits_by_version(books: Books) -> Mapping[tuple[str, int], list[Any]]:
    """Return the limits of every version of every reward; the audit log has them all."""
    documents = (
        audited(row, "a")
        for row in books.of("audit")
        if row["w"] in {"reward.create", "reward.change"}
    )
    return {(told["id"], told["version"]): told["limits"] for told in documents}

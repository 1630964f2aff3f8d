"""What must hold of orders, whatever became of them: entries, dates, refunds, limits, addresses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from chalicelib.kernel.clock import day_of, rfc3339
from chalicelib.ledger.journal.model import Account, Entry, Reason
from tests.books import Books, Faults, Row, audited, days_of
from tests.invariants_cash import is_stray

H, S, R = Reason.HOLD, Reason.HOLD_SETTLED, Reason.REDEMPTION
P, U, V = Reason.PAID, Reason.UNPAID, Reason.REVIVED
SETTLED: Final = ((R,), (H, S), (H, P), (H, U, V))
ENDED: Final = (
    *((*way, Reason.CANCELLATION) for way in SETTLED),
    (H, Reason.CANCELLATION),
    (H, Reason.HOLD_RETURNED),
)
WAYS: Final = {
    "in_review": ((H,),),
    "awaiting_payment": ((H,),),
    "settled": SETTLED,
    "cancelled": ENDED,
    "expired": ((H, U),),
    "refunded": (*SETTLED, *((*way, Reason.DISPUTE_LOST) for way in SETTLED)),
}
"""What a member's journal says of an order in a state, refunds by support left out."""
BY_HOUSE: Final = frozenset({Reason.ORDER_REFUND, Reason.HOLD_RETURNED, Reason.DISPUTE_LOST})
OF_WALLETS: Final = frozenset({Reason.DISPUTE, Reason.DISPUTE_WON})
"""What an order's dispute takes from its member and gives back; the order keeps its own points."""
WAKES: Final = {"in_review": "review#", "awaiting_payment": "payment#"}
"""Which deadline an order in a state has."""
DEAD: Final = frozenset({"cancelled", "expired"})
"""States in which everything came back by itself or at the member's wish."""
DAY: Final = timedelta(days=1)
WEEK: Final = 7 * DAY
LOTS_MAX: Final = 72
"""Once there were as many dates, two may have been merged, and later again with fewer."""
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
        beside = OF_WALLETS | {Reason.ORDER_REFUND}
        way = tuple(entry.reason for entry in found if entry.reason not in beside)
        if way not in WAYS.get(order["st"], SETTLED):
            yield f"the order {order_id} is {order['st']}, and its entries are {way}"
        elif not _adds_up(found, order):
            yield f"the entries of {order_id} are not of its points and dates"
        elif not _tells_what_expired(found, order):
            yield f"the order {order_id} says {order.get('x')} of its points expired"
        elif _settled_at(found) != order.get("sa"):
            yield f"the order {order_id} settled when its entry did not"


def orders_hold_what_did_not_come_back(books: Books) -> Faults:
    """Points by date follow the units that came back, as do price and state.

    A member cancels nothing that was seen or sent; only who waits for a decision has a deadline.
    """
    for row in books.of("order"):
        back, points = row.get("nr") or 0, row.get("br") or 0
        cash = row.get("cb") or 0
        whole = points == row["b"] and cash == row["ca"] if row.get("ca") else back == row["n"]
        whole |= row.get("ds") == "lost" and back == row["n"]
        ended = back == row["n"] and not (row["u"] or row.get("c") or row["fu"] == "sent")
        states = {
            "in_review": back + cash == 0,
            "awaiting_payment": back + cash == 0,
            "settled": back + cash == 0,
            "partly_refunded": back + cash > 0 and not whole,
            "refunded": whole,
            "cancelled": ended,
            "expired": ended and cash == 0,
        }
        if not states.get(row["st"], False):
            yield f"the order {row['s']} is {row['st']} with {back} of {row['n']} units back"
        is_priced = bool(row.get("ca")) or row["b"] // row["n"] * back == points
        if not is_priced or row["b"] - points != sum(row["d"].values()):
            yield f"the order {row['s']} does not hold what is left of its price"
        if row.get("c") and row["m"] != "coded":
            yield f"codes of {row['s']} were fetched, and it has none"
        if not _waits_rightly(row):
            yield f"the order {row['s']} is {row['st']}, and its deadline does not say so"


def what_comes_back_keeps_its_dates(books: Books) -> Faults:
    """No date gets back more than it gave, but for a week from the house where one has passed."""
    gave: defaultdict[str, Counter[date]] = defaultdict(Counter)
    turned_away = {row["o"] for row in books.of("order refund") if is_stray(row)}
    keeps = {row["s"][2:]: days_of(row["d"]) for row in books.of("order")}
    revived = {
        one.refers["order"] for found in books.referred(V, "order").values() for one in found
    }
    for name in keeps.keys() - revived:
        gave[name].subtract(keeps[name])
    for entries in books.entries().values():
        lots, crowded = Counter[date](), False
        for entry in entries:
            crowded = crowded or sum(map(bool, lots.values())) >= LOTS_MAX
            lots.update(entry.dates)
            order_id = entry.refers.get("order", "")
            if entry.reason in {R, H, V}:
                gave[order_id].update(_spent(entry))
                gave[order_id].subtract(keeps.get(order_id, {}) if entry.reason is V else {})
            elif order_id and not crowded and entry.reason not in OF_WALLETS:
                by_house = entry.reason in BY_HOUSE or order_id in turned_away
                late = _week_after(entry, books) if by_house else ()
                for day, points in entry.dates.items():
                    gave[order_id][day] -= points if points > 0 and day not in late else 0
                    if gave[order_id][day] < 0:
                        yield f"{order_id} gives points of {day} back that it did not take"


def refunds_make_what_came_back(books: Books) -> Faults:
    """Support's refunds of an order add up to what came back, each with one entry of its points."""
    entries = books.referred(Reason.ORDER_REFUND, "order", "order_refund")
    lost = books.referred(Reason.DISPUTE_LOST, "order")
    back: dict[str, Counter[str]] = {}
    cancelled = _cancelled(books)
    for row in books.of("order refund"):
        told = {"nr": row["n"], "br": row["b"], "o": row["d"]}
        if is_stray(row):
            continue
        back.setdefault(row["o"], Counter()).update(told)
        if row["o"] in cancelled:
            continue
        found = entries.pop(f"{row['o']} {row['s'].removeprefix('B#')}", [])
        legs = [(e.legs.get(Account.REDEEMED, 0), e.legs.get(Account.DEBT, 0)) for e in found]
        if legs != [(-row["b"], row["d"])]:
            yield f"the refund {row['s']} has not one entry of its points"
    yield from (f"the entry of {name} has no refund" for name in entries)
    for row in books.of("order"):
        found_back = back.pop(row["s"].removeprefix("O#"), Counter[str]())
        found_back += _lost(row, lost.get(row["s"].removeprefix("O#"), []), back=found_back)
        if (row["st"] not in DEAD or found_back) and any(
            (row.get(c) or 0) != found_back[c] for c in BACK
        ):
            yield f"the refunds of {row['s']} are not what came back of it"
        if row["st"] in DEAD and found_back and not row.get("cb"):
            yield f"{row['s']} is cancelled and was refunded"
    yield from (f"{name} was refunded and is not there" for name in back)


def deeds_at_the_desk_are_in_the_log(books: Books) -> Faults:
    """Support's refunds and approvals each have a row of the audit log, and no row is of nothing.

    A review that ends by itself returns what was held as a rejection does, and has no row.
    """
    told = [(row, audited(row, "a")) for row in books.of("audit")]
    logged = Counter((r["u"], a["restock"]) for r, a in told if r["w"] == "order.refund")
    members = _cancelled(books)
    made = [row for row in books.of("order refund") if not is_stray(row)]
    desk = [row for row in made if row["o"] not in members]
    by_order = Counter((row["o"], row["r"]) for row in desk)
    yield from (
        f"refunds of {name} and their log do not agree" for name in _differing(logged, by_order)
    )
    reviews = [(row["u"], after["decision"]) for row, after in told if row["w"] == "order.review"]
    decided = {
        what: Counter(name for name, decision in reviews if decision == what)
        for what in ("approve", "reject")
    }
    entries = _entries_by_order(books)
    approved = Counter(n for n, found in entries.items() if any(e.reason is S for e in found))
    approved.update(_approved_to_be_paid(books, entries, decided["approve"]))
    returned = {n for n, f in entries.items() if any(e.reason is Reason.HOLD_RETURNED for e in f)}
    for name in _differing(decided["approve"], approved):
        yield f"{name} is approved without a row of the log, or the reverse"
    yield from (
        f"{name} is rejected only in the log" for name in decided["reject"].keys() - returned
    )


def _lost(row: Row, entries: list[Entry], *, back: Counter[str]) -> Counter[str]:
    """Return what came back of an order when its dispute was lost: whatever else was left."""
    found: Counter[str] = Counter()
    for entry in entries:
        legs = (-entry.legs.get(Account.REDEEMED, 0), entry.legs.get(Account.DEBT, 0))
        found.update(dict(zip(BACK, (row["n"] - back["nr"], *legs), strict=True)))
    return found


def _adds_up(entries: list[Entry], order: Row) -> bool:
    """Tell whether entries are of an order's member, points and dates."""
    moved: Counter[Account] = Counter()
    for entry in entries:
        moved.update({a: entry.legs.get(a, 0) for a in (Account.ESCROW, Account.REDEEMED)})
    left = order["b"] - (order.get("br") or 0)
    taking = next((entry for entry in entries if entry.reason is V), entries[0])
    account = Account.ESCROW if order["st"] in WAKES else Account.REDEEMED
    other = Account.REDEEMED if account is Account.ESCROW else Account.ESCROW
    spent = -sum(points for points in taking.dates.values() if points < 0)
    expired = taking.legs.get(Account.EXPIRED, 0)
    return (
        all(entry.member_id == order["p"] for entry in entries)
        and (moved[account], moved[other]) == (left, 0)
        and spent - expired == order["b"]
        and all(taking.dates.get(day, 0) <= -points for day, points in days_of(order["d"]).items())
    )


def _tells_what_expired(entries: list[Entry], order: Row) -> bool:
    """Tell whether as many points were dead when they came back as the order says.

    The same entry books what has expired in the wallet, which leaves its date.
    """
    reasons = [entry.reason for entry in entries]
    since = reasons.index(V) if V in reasons else 0
    beside = OF_WALLETS | {R, H, S, P, V}
    back = [entry for entry in entries[since:] if entry.reason not in beside]
    dead = sum(entry.legs.get(Account.EXPIRED, 0) for entry in back)
    others = sum(sum(_spent(entry).values()) for entry in back)
    return bool(dead - others <= (order.get("x") or 0) <= dead)


def _settled_at(entries: list[Entry]) -> str | None:
    """Return when an order settled, by its journal."""
    return next((rfc3339(entry.at) for entry in entries if entry.reason in {R, S, P, V}), None)


def _waits_rightly(row: Row) -> bool:
    """Tell whether an order has a deadline exactly while it waits, and the index knows it.

    There, too, one is found whose payment is disputed, by the instant of placing.
    """
    if row["st"] not in WAKES:
        found = (str(row.get("wk") or "").partition("#")[0], row.get("wa"))
        disputed = ("disputed", f"{row['l1'][2:]}#{row['s'][2:]}")
        return not row.get("dl") and found == (disputed if row.get("ds") == "open" else ("", None))
    return (
        str(row.get("wk")).startswith(WAKES[row["st"]])
        and row.get("wa") == f"{row.get('dl')}#{row['s'][2:]}"
    )


def _spent(entry: Entry) -> dict[date, int]:
    return {day: -points for day, points in entry.dates.items() if points < 0}


def _week_after(entry: Entry, books: Books) -> tuple[date, ...]:
    """Return the dates that late points may get: a week from now, and no end of a month.

    Where a longer validity moved that one, it is the day after.
    """
    day = day_of(entry.at, books.zone) + WEEK
    return (day, day + DAY) if (day + DAY).day == 1 else (day,)


def _differing(one: Counter[Any], other: Counter[Any]) -> list[Any]:
    return sorted(name for name in one.keys() | other.keys() if one[name] != other[name])


def _entries_by_order(books: Books) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for journal in books.entries().values():
        for entry in journal:
            if "order" in entry.refers:
                found.setdefault(entry.refers["order"], []).append(entry)
    return found


def _cancelled(books: Books) -> frozenset[str]:
    """Return the orders with cash that were cancelled: only their money is a refund."""
    found = (row for row in books.of("order") if row["st"] == "cancelled" and row.get("ca"))
    return frozenset(row["s"][2:] for row in found)


def _approved_to_be_paid(
    books: Books, entries: Mapping[str, list[Entry]], told: Counter[str]
) -> Counter[str]:
    """Return the orders that were approved and then waited for money, which no entry tells.

    One that its member cancelled may have been: there the log is believed, once.
    """
    found: Counter[str] = Counter()
    for row in books.of("order"):
        name = row["s"][2:]
        if not (row.get("ca") and row.get("co")) or row["st"] == "in_review":
            continue
        reasons = {entry.reason for entry in entries.get(name, [])}
        if row["st"] == "awaiting_payment" or reasons & {P, U}:
            found[name] = 1
        elif Reason.CANCELLATION in reasons:
            found[name] = min(told[name], 1)
    return found

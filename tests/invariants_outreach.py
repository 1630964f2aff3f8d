"""What must hold of what members are told, how they wish it, and of records that were put aside."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from chalicelib.kernel.clock import day_of
from tests.books import Books, Faults, Row

SHARDS: Final = 4
TRIES_MAX: Final = 12
READS: Final = 5
"""How often a record is read before it is put aside, each time."""
HOUR: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
CARRIED: Final = frozenset({"sent", "refused"})
"""What only becomes of a notice that was begun to be sent."""
ENDED: Final = CARRIED | {"unwanted"}
GIVEN_UP: Final = "given_up"
KINDS: Final = {
    "redemption": "order_settled",
    "order_paid": "order_settled",
    "order_approved": "order_settled",
    "order_revived": "order_settled",
    "cancellation": "order_cancelled",
    "order_unpaid": "order_unpaid",
    "order_rejected": "order_rejected",
    "order_refund": "order_refunded",
    "dispute_lost": "order_refunded",
    "payment_disputed": "payment_disputed",
    "dispute_won": "dispute_won",
    "purchase_refund": "points_taken_back",
    "referral_refund": "referral_taken_back",
    "adjustment": "points_adjusted",
    "frozen": "account_frozen",
    "thawed": "account_thawed",
}
"""Which sort of notice tells of which reason in the journal."""
REMINDER: Final = "expiry_reminder"
KEPT: Final = timedelta(days=30)
RUN: Final = timedelta(minutes=4)
"""How long whoever sends may run: their limit in the stack."""


def notices_wait_or_are_over(books: Books) -> Faults:
    """A notice waits, and is found when its time has come; or it is over, and goes some day."""
    for row in books.of("notice"):
        name, due, ended = f"{row['p']}#{row['s'][2:]}", row.get("a"), row.get("st")
        if bool(due) == bool(ended) or bool(due) == bool(row.get("t")):
            yield f"{name} waits until {due}, ended as {ended}, and goes at {row.get('t')}"
        shard = f"notice#{sum(name.encode()) % SHARDS}" if due else None
        at, _, woken = (row.get("wa") or "").partition("#")
        if row.get("wk") != shard or woken != (name if due else ""):
            yield f"{name} is in the index as {row.get('wk')} / {row.get('wa')}"
        elif due and datetime.fromisoformat(at) != datetime.fromisoformat(due):
            yield f"{name} is found at {at}, and not at {due}"


def notices_are_tried_a_few_times(books: Books) -> Faults:
    """Every try is counted, the last one gives up, and what was never begun was never sent."""
    for row in books.of("notice"):
        tries, ended = row["n"], row.get("st")
        least, most = _bounds_of(ended)
        if not least <= tries <= most or row["v"] < tries + (ended in ENDED):
            yield f"{row['p']}#{row['s'][2:]} ended as {ended} after {tries} tries, as {row['v']}"


def notices_tell_what_happened(books: Books) -> Faults:
    """A notice is of an entry of its member's journal, or of a reminder that they were given."""
    notices = books.of("notice")
    entries = {(row["p"], row["s"]): row for row in books.of("entry")} if notices else {}
    reminded = {row["p"]: row.get("rd") or "" for row in books.of("wallet")}
    for row in notices:
        source, kind = row["s"][2:].rpartition("#")[0], row["k"]
        if source.startswith("rd#"):
            if kind != REMINDER or reminded.get(row["p"], "") < source[3:]:
                yield f"{row['p']} was not reminded on {source[3:]}, and a notice says so: {kind}"
            continue
        entry = entries.get((row["p"], source), {})
        if kind != KINDS.get(entry.get("k", "")) or row.get("o") != entry.get("o"):
            yield f"a notice tells {row['p']} {kind}, and {source} is {entry.get('k')}"
        elif row["g"].get("balance", entry["b"]) != entry["b"]:
            yield f"a notice tells {row['p']} of another balance than {source}"


def reminders_come_once_a_day(books: Books) -> Faults:
    """No two reminders went to a member by one way on one day; a notice goes 30 days after.

    But for the relay and the job within a run of each other, which may not see each other.
    """
    sent: dict[tuple[str, date, str], list[datetime]] = {}
    for row in books.of("notice"):
        if row["k"] == REMINDER and row.get("st") == "sent":
            at = datetime.fromtimestamp(row["t"], UTC) - KEPT
            sent.setdefault((row["p"], day_of(at, books.zone), _way(row)), []).append(at)
    for (member_id, day, way), instants in sent.items():
        if max(instants) - min(instants) > RUN:
            yield f"{member_id} was reminded {len(instants)} times on {day} by {way}"


def wishes_are_whole(books: Books) -> Faults:
    """Whoever wishes is a member, and hours that are quiet begin and end."""
    members = {row["p"] for row in books.of("wallet")}
    for row in books.of("wishes"):
        hours = [row[column] for column in ("qf", "qu") if row.get(column)]
        whole = not hours or (len(set(hours)) == 2 and all(map(HOUR.fullmatch, hours)))
        if row["p"] not in members or row["v"] < 1 or not whole:
            yield f"the wishes of {row['p']} are of nobody, or half: {hours}"
        if not all(isinstance(row.get(column), bool) for column in "mxur"):
            yield f"{row['p']} neither wishes nor does not"


def parked_records_are_whole(books: Books) -> Faults:
    """A record put aside is listed until it was read, and somebody asked wherever one did."""
    rows = books.of("audit") if books.of("parked") else []
    asked = {row["u"] for row in rows if row["w"] == "parked.replay"}
    for row in books.of("parked"):
        name = row["s"].removeprefix("E#")
        if row["st"] not in {"parked", "asked", "replayed"} or row["n"] % READS or row["n"] < 1:
            yield f"{name} is {row['st']} after {row['n']} reads"
        listed = None if row["st"] == "replayed" else f"{row['a']}#{name}"
        if row.get("l1") != listed or bool(row.get("t")) == bool(listed):
            yield f"{name} is {row['st']}, listed as {row.get('l1')}, goes at {row.get('t')}"
        was_asked = bool(row.get("q"))
        if was_asked != (name in asked) or (row["st"] != "parked" and not was_asked):
            yield f"{name} is {row['st']}, and the log says otherwise of who asked for it"
        if row["v"] < 1 + was_asked or row["w"] != _about(row):
            yield f"{name} is not about {row['w']}, or is its version {row['v']} too early"


def _bounds_of(ended: str | None) -> tuple[int, int]:
    if ended == GIVEN_UP:
        return TRIES_MAX, TRIES_MAX
    if ended in ENDED:
        return int(ended in CARRIED), TRIES_MAX
    return (0, TRIES_MAX - 1) if ended is None else (1, 0)


def _way(row: Row) -> str:
    return str(row["s"]).rpartition("#")[2]


def _about(row: Row) -> str:
    keys = json.loads(row["b"])["dynamodb"]["Keys"]
    return f"{keys['p']['S']} / {keys['s']['S']}"

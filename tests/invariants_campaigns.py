"""What must hold of campaigns: purchases are worth what they were judged, and bounds are kept."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from chalicelib.kernel.money import MINOR_DIGITS
from chalicelib.ledger.journal.model import Reason
from tests.books import EPOCH, Books, Faults, Row, period_of

Terms = dict[str, dict[str, Any]]
"""Campaigns of one version of the set, by their ids, as they are stored."""
UNITS: Final = {name: 10**digits for name, digits in MINOR_DIGITS.items()}


def purchases_are_worth_what_they_were_judged(books: Books) -> Faults:
    """Points are whole units times the rate of the version, and what campaigns gave."""
    rates = _rates(books)
    for row in books.of("purchase"):
        base = row["a"] // UNITS[row["c"]] * rates[row["pv"]]
        if row["n"] != base + sum(_given(row).values()):
            yield f"the purchase {row['p']} has {row['n']} points, and was judged otherwise"


def campaigns_give_what_their_terms_say(books: Books) -> Faults:
    """A bonus is whole; a multiplier gives at most its share of the matching lines."""
    terms, rates = _terms(books), _rates(books)
    for row in books.of("purchase"):
        for name, points in _given(row).items():
            campaign = terms.get(row.get("cv") or 0, {}).get(name)
            if campaign is None:
                yield f"the purchase {row['p']} got points of {name}, which was not there"
                continue
            about = (row.get("l") or {}).get(name, row["a"])
            more = (campaign["multiplier_bp"] or 0) - 10_000
            most = about // UNITS[row["c"]] * rates[row["pv"]] * more // 10_000
            if points != campaign["bonus"] and not 0 < points <= most:
                yield f"the purchase {row['p']} got {points} points of {name}"


def budgets_pay_for_what_is_given(books: Books) -> Faults:
    """What is left of a budget is what its newest version leaves, and it paid for what was given.

    A purchase is paid for where its own version of the campaign had a budget, and where it was
    booked once there was the one of now. Below nothing is left where a budget was cut; from then on
    it pays for nothing.
    """
    terms, changed, booked = _terms(books), _changed(books), _booked(books)
    counted = {row["p"]: row for row in books.of("budget")}
    paid: Counter[str] = Counter()
    spoilt = []
    for row in books.of("purchase"):
        for name, points in _given(row).items():
            bound = changed[name][0] is not None
            since = bound and booked.get(row["p"], EPOCH) > changed[name][1]
            if since or (row.get("k") and terms[row["cv"]][name]["budget"]):
                paid[name] += points
            if since and (counted.get(name, {}).get("l") or 0) < 0:
                spoilt.append(name)
    yield from (f"{name} gave more when its budget was spent" for name in spoilt)
    for name, (budget, _) in changed.items():
        row = counted.get(name, {})
        taken, left = row.get("n") or 0, row.get("l")
        if paid[name] > taken or left != (None if budget is None else budget - taken):
            yield f"{name} gave {paid[name]}, took {taken} of {budget}, and has {left} left"


def caps_count_what_is_given(books: Books) -> Faults:
    """A member's counter of a campaign has what the purchases of its period got, within the cap."""
    terms, zone = _terms(books), ZoneInfo(books.zone)
    counted: Counter[tuple[str, str]] = Counter()
    for row in books.of("purchase"):
        for name, points in _given(row).items():
            cap = terms.get(row.get("cv") or 0, {}).get(name, {}).get("per_member")
            if cap is not None:
                day: date = datetime.fromisoformat(row["t"]).astimezone(zone).date()
                counted[row["m"], f"Y#{name}#{period_of(cap['per'], day)}"] += points
    kept = {(row["p"], row["s"]): row["n"] for row in books.of("cap")}
    for key in sorted(counted.keys() | kept.keys()):
        if counted[key] != kept.get(key, 0):
            yield f"{key} counts {kept.get(key, 0)}, and purchases got {counted[key]}"


def versions_follow_each_other(books: Books) -> Faults:
    """The instants of versions are in the order of their numbers."""
    for name in ("program", "campaigns"):
        since = EPOCH
        for row in _documents(books, name):
            before, since = since, datetime.fromisoformat(json.loads(row["b"])["since"])
            if since < before:
                yield f"{row['s']} holds from before the version that it replaced"


def _changed(books: Books) -> dict[str, tuple[int | None, datetime]]:
    """Return the budget of each campaign, and since when it has been that one."""
    bodies = [json.loads(row["b"]) for row in books.of("campaign")]
    now = {body["id"]: body["budget"] for body in bodies}
    found: dict[str, tuple[int | None, datetime]] = {}
    for row in _documents(books, "campaigns"):
        body = json.loads(row["b"])
        budgets = {c["id"]: c["budget"] for c in body["campaigns"]}
        # What has left the set has the budget with which it was ended.
        for name in budgets.keys() | found.keys():
            budget = budgets.get(name, now[name])
            if name not in found or found[name][0] != budget:
                found[name] = (budget, datetime.fromisoformat(body["since"]))
    return found


def _booked(books: Books) -> dict[str, datetime]:
    """Return when members' purchases were booked, by their partitions."""
    entries = [entry for journal in books.entries().values() for entry in journal]
    bought = (entry for entry in entries if entry.reason is Reason.PURCHASE)
    return {entry.refers["purchase"].replace("/", "#"): entry.at for entry in bought}


def _given(row: Row) -> dict[str, int]:
    return {name: points for name, points in (row.get("g") or {}).items() if points > 0}


def _rates(books: Books) -> dict[int, int]:
    """Return the points for a whole unit by version of the settings; 1 before anybody wrote any."""
    told = {_number(row): json.loads(row["b"]) for row in _documents(books, "program")}
    return {0: 1} | {number: body["points_per_unit"] for number, body in told.items()}


def _terms(books: Books) -> dict[int, Terms]:
    """Return the campaigns by version of their set."""
    told = {
        _number(row): json.loads(row["b"])["campaigns"] for row in _documents(books, "campaigns")
    }
    return {number: {c["id"]: c for c in campaigns} for number, campaigns in told.items()}


def _documents(books: Books, name: str) -> list[Row]:
    return [row for row in books.of("document") if row["s"].startswith(f"D#{name}#")]


def _number(row: Row) -> int:
    return int(row["s"].rpartition("#")[2])

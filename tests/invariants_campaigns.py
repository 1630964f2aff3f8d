"""What must hold of campaigns: purchases are worth what they were judged, and bounds are kept."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from chalicelib.kernel.money import MINOR_DIGITS
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
    """No budget is exceeded, and no purchase has points of one that were not taken from it."""
    terms = _terms(books)
    paid: Counter[str] = Counter()
    for row in books.of("purchase"):
        for name, points in _given(row).items():
            if row.get("k") and terms[row["cv"]][name]["budget"]:
                paid[name] += points
    taken = {row["p"]: row["n"] for row in books.of("budget")}
    budgets: dict[str, int] = {}
    for campaigns in terms.values():
        for name, campaign in campaigns.items():
            budgets[name] = max(budgets.get(name, 0), campaign["budget"] or 0)
    for name in sorted(paid.keys() | taken.keys()):
        if not paid[name] <= taken.get(name, 0) <= budgets[name]:
            yield f"{name} gave {paid[name]}, took {taken.get(name, 0)} of {budgets[name]}"


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

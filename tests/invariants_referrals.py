"""What must hold of referrals: paid once, counted within the cap, and taken back where due."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from chalicelib.kernel.ids import base62, keyed_digest
from chalicelib.ledger.journal.model import Account, Reason
from chalicelib.settings import settings
from tests.books import Books, Faults, Row
from tests.invariants_activities import brought, entries_of, is_forgotten, terms_of

GIVEN: Final = ("paid", "taken_back")
"""Outcomes of those who brought points."""
OUTCOMES: Final = (*GIVEN, "closed", "known")


def referrals_are_paid_once(books: Books) -> Faults:
    """A new member brings points to whoever referred them, once, by a purchase of their own.

    Who referred them is forgotten with everything else of those who were erased since.
    """
    paid: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for entry in entries_of(books, Reason.REFERRAL):
        key = (entry.member_id, entry.refers.get("referred", ""))
        paid.setdefault(key, []).append(brought(entry))
    bought = {
        (entry.member_id, entry.refers["purchase"]): entry.at
        for entry in entries_of(books, Reason.PURCHASE, Reason.CLAIM)
    }
    profiles = {row["p"]: row for row in books.of("profile")}
    for row in books.of("referred"):
        new = _new(row)
        told = [(row["b"], row["o"])] if row["st"] in GIVEN else []
        if paid.pop((row["p"], new), []) != told or (row["b"] > 0) != bool(told):
            yield f"what {new} brought to {row['p']} is not booked"
        profile = profiles.get(new, {})
        if new == row["p"] or ("x" not in profile and profile.get("r") != row["p"]):
            yield f"{new} was not referred by {row['p']}"
        if bought.get((new, row["q"])) != datetime.fromisoformat(row["a"]):
            yield f"{new} brought something, and did not buy {row['q']} at {row['a']}"
        if row["st"] not in OUTCOMES or bool(row.get("e")) != (row["b"] > 0):
            yield f"{new} is {row['st']}, and brought {row['b']} until {row.get('e')}"
    yield from (f"{key} is booked, and nobody was referred" for key in paid)


def referrals_are_taken_back_where_due(books: Books) -> Faults:
    """What was paid for a purchase that was returned since is taken once, and for no other."""
    taken: dict[tuple[str, str], list[int]] = {}
    for entry in entries_of(books, Reason.REFERRAL_REFUND):
        key = (entry.member_id, entry.refers.get("referred", ""))
        taken.setdefault(key, []).append(entry.legs.get(Account.CLAWED_BACK, 0))
    sold = {row["p"].replace("#", "/", 1): row for row in books.of("purchase")}
    for row in books.of("referred"):
        told = taken.pop((row["p"], _new(row)), [])
        # Nothing, where the points had passed their last day.
        due = ([row["b"]], [0]) if row["st"] == "taken_back" else ([],)
        if told not in due:
            yield f"{told} was taken back of what {_new(row)} brought to {row['p']}"
        purchase = sold.get(row["q"], {"a": 0, "r": 0})
        least = max(1, terms_of(books)[row["pv"]]["referral"]["minimum"])
        if row["st"] == "taken_back" and purchase["a"] - purchase["r"] >= least:
            yield f"{row['q']} is not returned, and its referral was taken back"
    yield from (f"{key} was taken back, and nobody was referred" for key in taken)


def purchases_name_who_was_paid(books: Books) -> Faults:
    """A purchase names the referrer whom it paid, and every referral that paid has such a one."""
    named = {(row["p"].replace("#", "/", 1), row["rf"]) for row in _paying(books)}
    paid = {(row["q"], row["p"]) for row in books.of("referred") if row["st"] in GIVEN}
    yield from (f"{who} was paid for {what}: one says so" for what, who in sorted(named ^ paid))


def newcomers_are_known_again(books: Books) -> Faults:
    """Every contact of a new member who brought points is claimed, and no other."""
    profiles = {row["p"]: row for row in books.of("profile")}
    claimed = {row["p"] for row in books.of("newcomer")}
    wanted: set[str] = set()
    gone = 0
    for row in books.of("referred"):
        profile = profiles.get(_new(row), {})
        if row["st"] in GIVEN:
            gone += "x" in profile
            wanted |= set(_contacts(profile))
    yield from (f"{name} is not claimed" for name in sorted(wanted - claimed))
    if len(claimed - wanted) > 3 * gone:
        yield f"{len(claimed - wanted)} contacts are claimed for nobody"


def referrals_are_counted_within_their_cap(books: Books) -> Faults:
    """A month's counter has the new members who were paid for, and no more than are allowed."""
    zone = ZoneInfo(books.zone)
    paid = Counter(
        (row["p"], f"V#referral#m{datetime.fromisoformat(row['a']).astimezone(zone):%y%m}")
        for row in books.of("referred")
        if row["b"]
    )
    most = max(terms["referral"]["per_month"] for terms in terms_of(books).values())
    counted = Counter(
        {(r["p"], r["s"]): r["n"] for r in books.of("times") if r["s"].startswith("V#referral")}
    )
    for key in sorted(paid.keys() | counted.keys()):
        if key not in counted and is_forgotten(key[1], books):
            continue
        if paid[key] != counted[key] or counted[key] > most:
            yield f"{key} has {paid[key]} who were paid for, and counts {counted[key]}"


def _new(row: Row) -> str:
    return str(row["s"].removeprefix("F#"))


def _paying(books: Books) -> list[Row]:
    return [row for row in books.of("purchase") if row.get("rf")]


def _contacts(profile: Row) -> list[str]:
    """Return the keys under which a profile's contacts are claimed."""
    email = re.sub(r"(?<=.)\+.*@", "@", profile["e"].casefold()) if profile.get("e") else None
    told = {"phone": profile.get("t"), "email": email, "device": profile.get("d")}
    digests = [
        keyed_digest(settings().secret, purpose="newcomer", message=f"{kind} {value}")
        for kind, value in told.items()
        if value
    ]
    return [f"newcomer#{base62(int.from_bytes(one, 'big'), 22)}" for one in digests]

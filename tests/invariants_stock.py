"""What must hold of stock: shards, numbered units, voucher codes, and imports."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from chalicelib.kernel.ids import base62, keyed_digest
from chalicelib.settings import settings
from chalicelib.storage.sealing import Unsealable, unseal
from tests.books import Books, Faults, Row, audited, texts_in

CHUNK_CODES: Final = 1000
CLAIM_CHARS: Final = 22
TELLING_CHARS: Final = 6
"""Shorter codes may stand in an id by chance."""

Unit = tuple[str, int]
"""A reward, and a number of it or one of its shards."""


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
    """Every numbered unit that an order holds is that order's, and every owner is such an order.

    Nobody owns a number that was never made. Only units of codes have one.
    """
    held, plans = _owners(books), _plans(books)
    owned: dict[Unit, list[str]] = {}
    for row in books.of("unit"):
        (reward_id, number), owner = _unit(row), row.get("o")
        plan = plans.get(reward_id, {"mode": "unknown", "made": 0})
        if (plan["mode"] == "coded") != bool(row.get("c")) or plan["mode"] == "unknown":
            yield f"{row['p']} / {row['s']} is of a {plan['mode']} reward and says otherwise"
        if not 0 <= number < plan["made"] and (owner or plan["mode"] == "numbered"):
            yield f"{row['p']} / {row['s']} was never made"
        if int(row["p"].partition("#")[2]) != number // CHUNK_CODES:
            yield f"{row['p']} / {row['s']} lies in another block"
        if owner not in {None, "withdrawn"}:
            owned[reward_id, number] = [owner]
    for name in sorted(held.keys() | owned.keys()):
        if held.get(name) != owned.get(name):
            yield f"{name} is held by {held.get(name)} and owned by {owned.get(name)}"


def numbers_are_made_and_withdrawn_by_somebody(books: Books) -> Faults:
    """A drop's numbers are what operators made; what is withdrawn, they or a seen code withdrew.

    A dispenser never hints past the end. Of a code that was fetched and refunded to be sold again
    it cannot be told whether it was fetched before, so withdrawn codes have an upper bound only.
    """
    did = {what: _operated(books, what) for what in ("reward.restock", "reward.withdraw")}
    withdrawn = Counter(_unit(row)[0] for row in books.of("unit") if row.get("o") == "withdrawn")
    seen = _seen_and_restocked(books)
    drawn = {row["p"]: row["n"] for row in books.of("dispenser")}
    for reward_id, plan in _plans(books).items():
        if plan["mode"] == "numbered":
            if plan["made"] != plan["units"] + did["reward.restock"][reward_id]:
                yield f"of {reward_id} there are {plan['made']} numbers, not all made by somebody"
        elif plan["mode"] != "coded" and plan["made"]:
            yield f"{reward_id} has numbers, and its stock is {plan['mode']}"
        most = did["reward.withdraw"][reward_id] + seen[reward_id]
        least = 0 if plan["mode"] == "counted" else did["reward.withdraw"][reward_id]
        if not least <= withdrawn.pop(reward_id, 0) <= most:
            yield f"of {reward_id} other numbers are withdrawn than somebody withdrew"
        if not 0 <= drawn.pop(reward_id, 0) <= plan["made"]:
            yield f"the dispenser of {reward_id} hints numbers that were never made"
    yield from (f"{name} is no reward and has numbers" for name in withdrawn.keys() | drawn.keys())


def codes_exist_once(books: Books) -> Faults:
    """Every coded unit has one claim of its code, and every claim its unit."""
    units = {_unit(row) for row in books.of("unit") if row.get("c")}
    claims = Counter((row["r"], row["n"]) for row in books.of("code"))
    yield from (f"{name} is claimed {claims[name]} times" for name in claims if claims[name] != 1)
    yield from (f"{name} has a code and no claim, or the reverse" for name in units ^ set(claims))


def codes_are_sealed(books: Books) -> Faults:
    """Each code opens where it lies, is the one that its claim is of, and stands nowhere else."""
    claims = {(row["r"], row["n"]): row["p"] for row in books.of("code")}
    told = "\n".join(text for rows in books.rows.values() for row in rows for text in texts_in(row))
    for row in books.of("unit"):
        code = _opened(row, about=f"{row['p']}/{row['s']}") if row.get("c") else ""
        if code is None:
            yield f"the code of {row['p']} / {row['s']} does not open"
        elif code and claims.get(_unit(row)) != _claim(code):
            yield f"the code of {row['p']} / {row['s']} is not the one that was claimed"
        elif code and len(code) >= TELLING_CHARS and code in told:
            yield f"the code of {row['p']} / {row['s']} stands in the clear"


def imports_make_the_codes(books: Books) -> Faults:
    """Imports have numbers behind each other, and what they put there are all codes there are.

    Every unit lies where an import put it, and of one that is done exactly as many as it says.
    Orders find what they say is dealt with, and nothing behind it.
    """
    numbers: dict[str, list[int]] = {}
    for row in books.of("unit"):
        if row.get("c"):
            numbers.setdefault(_unit(row)[0], []).append(_unit(row)[1])
    for reward_id, plan in _plans(books).items():
        end = least = most = 0
        for row in _begun(books, reward_id):
            there = sum(row["b"] <= n < row["b"] + row["v"] for n in numbers.get(reward_id, []))
            if row["b"] != end or not _counts_well(row, there):
                yield f"the import {row['s']} says {row['i']} codes, and {there} are there"
            end = row["b"] + row["v"]
            reached = row["b"] + row["d"] if row["i"] else 0
            most, least = max(most, reached), max(least, reached if row["t"] == "done" else 0)
        if plan["mode"] == "coded" and not least <= plan["made"] <= most:
            yield f"orders find numbers of {reward_id} below {plan['made']}, imports {most}"
        if plan["promised"] != end or any(n >= end for n in numbers.get(reward_id, [])):
            yield f"of {reward_id} {plan['promised']} numbers are promised, and not {end}"


def imports_keep_no_codes(books: Books) -> Faults:
    """What an import has put on the shelf lies nowhere else; what it has not, it still has."""
    chunks = {(row["p"], int(row["s"][2:])): bool(row.get("c")) for row in books.of("chunk")}
    for row in books.of("import"):
        name = row["s"][2:]
        for number in range(-(-row["v"] // CHUNK_CODES)):
            wanted = row["t"] != "done" and number >= row["d"] // CHUNK_CODES
            if chunks.pop((name, number), None) != wanted:
                yield f"chunk {number} of {name} {'is gone' if wanted else 'still has codes'}"
    yield from (f"the chunk {name} is of no import" for name in chunks)


def _plans(books: Books) -> dict[str, dict[str, Any]]:
    """Return how each reward is supplied, with the numbers given out and promised."""
    return {
        row["s"][2:]: json.loads(row["b"])["stock"]
        | {"made": row.get("m") or 0, "promised": row.get("rs") or 0}
        for row in books.of("reward")
    }


def _begun(books: Books, reward_id: str) -> list[Row]:
    """Return a reward's imports that have numbers, in the order of these."""
    found = [row for row in books.of("import") if row["l1"].startswith(f"{reward_id}#")]
    return sorted((r for r in found if r["t"] != "previewed"), key=lambda row: (row["b"], row["v"]))


def _counts_well(row: Row, there: int) -> bool:
    """Tell whether an import says what is there; one that was killed may have done more."""
    if row["t"] == "done" and (there != row["i"] or row["d"] != row["v"]):
        return False
    return bool(0 <= row["i"] <= min(row["d"], there) and row["d"] <= row["v"] <= row["n"])


def _unit(row: Row) -> Unit:
    """Return which unit an item is."""
    return row["p"].partition("#")[0], int(row["s"][2:])


def _held(books: Books, mode: str) -> Counter[Unit]:
    """Return the units that orders hold, by reward and place."""
    found: Counter[Unit] = Counter()
    for row in books.of("order"):
        if row["m"] == mode:
            found.update({(row["w"], int(place)): units for place, units in row["u"].items()})
    return found


def _owners(books: Books) -> dict[Unit, list[str]]:
    """Return which orders hold each numbered unit; more than one is one too many."""
    found: dict[Unit, list[str]] = {}
    for row in books.of("order"):
        if row["m"] in {"numbered", "coded"}:
            for number in row["u"]:
                found.setdefault((row["w"], int(number)), []).append(row["s"][2:])
    return found


def _seen_and_restocked(books: Books) -> Counter[str]:
    """Return the units of orders with fetched codes that support refunded to be sold again."""
    fetched = {row["s"][2:]: row["w"] for row in books.of("order") if row.get("c")}
    found: Counter[str] = Counter()
    for row in books.of("order refund"):
        if row["r"] and row["o"] in fetched:
            found[fetched[row["o"]]] += row["n"]
    return found


def _operated(books: Books, what: str) -> Counter[str]:
    """Return the units that operators added or withdrew by reward, as the audit log has it."""
    found: Counter[str] = Counter()
    for row in books.of("audit"):
        if row["w"] == what:
            found[row["u"]] += audited(row, "a")["units"]
    return found


def _opened(row: Row, *, about: str) -> str | None:
    try:
        return unseal(settings().secret, bytes(row["c"]), about=about).decode()
    except Unsealable:
        return None


def _claim(code: str) -> str:
    """Return where it stands that a code exists, at whichever reward."""
    told = keyed_digest(settings().secret, purpose="code", message=code)
    return f"code#{base62(int.from_bytes(told, 'big'), CLAIM_CHARS)}"

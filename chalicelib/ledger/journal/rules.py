"""How entries hold together: the chain, the double entry, and recomputing both from nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeVar

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.sentences import Sentence
from chalicelib.ledger.journal.model import Account, Besides, Entry, Figures, Reason
from chalicelib.storage.dates import day_of_key, key_of_day

FREEZING: Final[Mapping[Reason, bool]] = {Reason.FROZEN: True, Reason.THAWED: False}
"""What the entries that stop or allow spending leave behind."""

ENDINGS: Final = frozenset({Reason.EXPIRY, Reason.ERASED})
"""Whose sentence is itself about points that expired; of all others it is about something else."""

PAID: Final = "paid"
"""What an entry names the points, by date, that paid what was owed instead of coming in."""
UNPAID: Final = "unpaid"
"""What an entry names how many such points came in after all."""

K = TypeVar("K")


def seal(entry: Entry) -> Entry:
    """Return the entry with its hash: SHA-256(previous || canonical JSON of what it says)."""
    told = json.dumps(
        [
            entry.member_id,
            entry.version,
            rfc3339(entry.at),
            entry.reason.code,
            sorted((account.value, points) for account, points in entry.legs.items()),
            sorted((day.isoformat(), points) for day, points in entry.dates.items()),
            sorted(entry.refers.items()),
            entry.program_version,
        ],
        separators=(",", ":"),
    )
    return replace(entry, hash=hashlib.sha256(entry.previous + told.encode()).digest())


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What a journal alone says of its wallet, and every fault found on the way, in words."""

    version: int
    chain: bytes
    totals: Mapping[Account, int]
    dates: Mapping[date, int]
    frozen: bool
    exempt_until: date | None
    exempt_since: date | None
    erased: bool
    faults: tuple[str, ...]


def recompute(entries: Iterable[Entry]) -> Recomputed:
    """Walk a journal from its first entry and recompute everything it implies.

    Checks that versions are dense, the chain is whole, legs sum to 0, and that dates agree with
    AVAILABLE and never go below 0.
    """
    faults: list[str] = []
    chain, version = b"", 0
    totals: dict[Account, int] = {}
    dates: dict[date, int] = {}
    frozen = erased = False
    exempt: dict[str, date] = {}
    for entry in entries:
        version += 1
        faults += _faults_of(entry, version=version, previous=chain)
        chain = entry.hash
        _add(totals, entry.legs)
        _add(dates, entry.dates)
        faults += [
            f"version {entry.version}: {day} goes below 0" for day in dates if dates[day] < 0
        ]
        if entry.available_after != sum(dates.values()):
            faults.append(f"version {entry.version}: balance is not the sum of its dates")
        frozen = FREEZING.get(entry.reason, frozen)
        erased = erased or entry.reason is Reason.ERASED
        exempt = _exemption(entry) if entry.reason is Reason.EXEMPTION else exempt
    left = {day: points for day, points in sorted(dates.items()) if points}
    return Recomputed(
        version,
        chain,
        totals,
        left,
        frozen,
        exempt_until=exempt.get("until"),
        exempt_since=exempt.get("since"),
        erased=erased,
        faults=tuple(faults),
    )


def sentence(reason: Reason, task: Sentence | None) -> Sentence:
    """Return what a member reads of an entry, with the task that was done where there is one."""
    told = Sentence(reason.sentence("zh-CN"), reason.sentence("en"))
    if task is None:
        return told
    return told.then(en=task.en.rstrip(" ."), zh=task.zh.rstrip(" 。"))


def figures(entry: Entry) -> Figures:
    """Return what an entry tells in numbers.

    Every write books what has expired by then into its own entry, and debt takes from what comes
    in: so the change of the balance is not what the reason's sentence is about.
    """
    legs = entry.legs
    debt = -legs.get(Account.DEBT, 0)
    expired = 0 if entry.reason in ENDINGS else legs.get(Account.EXPIRED, 0)
    points = legs.get(Account.AVAILABLE, 0) + expired - debt
    return Figures(points, expired, held=legs.get(Account.ESCROW, 0), debt=debt)


def besides(told: Figures) -> Mapping[Besides, int]:
    """Return what else changed the balance, and by how much: with `points`, by all of it."""
    moved = {
        Besides.DEBT_PAID: min(0, told.debt),
        Besides.OWED: max(0, told.debt),
        Besides.EXPIRED: -told.expired,
    }
    return {what: points for what, points in moved.items() if points}


def paid_with(points: Iterable[tuple[date, int]]) -> Mapping[str, str]:
    """Return what an entry tells of points that paid what was owed: `281130:60 never:5`."""
    told = " ".join(f"{key_of_day(day)}:{paid}" for day, paid in points if paid)
    return {PAID: told} if told else {}


def last_paid(entries: Iterable[Entry], points: int) -> dict[date, int]:
    """Return by date the last points that paid what was owed, so many of them.

    `entries` come newest first. Points that came in after all, when an earlier claw-back was
    undone, are none of them.
    """
    found: dict[date, int] = {}
    again = 0
    for entry in entries:
        if not points:
            break
        again += int(entry.refers.get(UNPAID, 0))
        for told in reversed(entry.refers.get(PAID, "").split()):
            key, _, number = told.partition(":")
            skipped = min(again, int(number))
            step = min(points, int(number) - skipped)
            again, points = again - skipped, points - step
            _add(found, {day_of_key(key): step} if step else {})
    assert not points, "more was paid than the journal says"
    return found


def trial_balance(totals: Mapping[Account, int]) -> bool:
    """Tell whether the books balance: all legs sum to 0, and transfers net to 0."""
    return sum(totals.values()) == 0 and totals.get(Account.TRANSFER, 0) == 0


def _exemption(entry: Entry) -> dict[str, date]:
    """Return an exemption's last day and its first, nothing where it ended."""
    return {name: date.fromisoformat(day) for name, day in entry.refers.items()}


def _faults_of(entry: Entry, *, version: int, previous: bytes) -> list[str]:
    name = f"version {entry.version}"
    good = {
        "is out of order": entry.version == version,
        "does not follow its predecessor": entry.previous == previous,
        "does not have its own hash": seal(entry).hash == entry.hash,
        "has legs that do not sum to 0": sum(entry.legs.values()) == 0,
        "has dates that are not its balance": sum(entry.dates.values())
        == entry.legs.get(Account.AVAILABLE, 0),
    }
    return [f"{name} {fault}" for fault, holds in good.items() if not holds]


def _add(sums: dict[K, int], parts: Mapping[K, int]) -> None:
    for key, points in parts.items():
        sums[key] = sums.get(key, 0) + points

"""How entries hold together: the chain, the double entry, and recomputing both from nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeVar

from chalicelib.kernel.clock import rfc3339
from chalicelib.ledger.journal.model import Account, Entry, Reason

FREEZING: Final[Mapping[Reason, bool]] = {Reason.FROZEN: True, Reason.THAWED: False}
"""What the entries that stop or allow spending leave behind."""

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
    frozen = False
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
        faults=tuple(faults),
    )


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

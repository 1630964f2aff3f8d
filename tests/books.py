"""The whole table, read at once and sorted by what its items are: what invariants are told.

Items are read here from DynamoDB's own form, without the product's models, so that a mistake in
those cannot hide itself.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Any, Final

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from chalicelib.ledger.journal.model import REASONS, Account, Entry, Reason
from chalicelib.ledger.wallets.model import Lot, Wallet
from chalicelib.program.documents import service as documents
from chalicelib.settings import settings
from chalicelib.storage.table import connection
from chalicelib.storage.work import Work
from tests.loopback import SAID

Row = Mapping[str, Any]
Raw = Mapping[str, Mapping[str, Any]]
Faults = Iterator[str]
"""What an invariant yields: every fault in words."""

HEADERS: Final = SAID | {
    "X-Amz-Target": "DynamoDB_20120810.Scan",
    "Content-Type": "application/x-amz-json-1.0",
}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MEMBER: Final = r"mem_[0-9A-Za-z]{11}"
ORDER: Final = r"ord_[0-9A-Za-z]{20}"
REWARD: Final = r"rwd_[0-9A-Za-z]{11}"
CAMPAIGN: Final = r"cmp_[0-9A-Za-z]{11}"
REPORTED: Final = r"[A-Za-z0-9._~-]{1,64}"
SHAPES: Final = {
    "wallet": rf"{MEMBER} W",
    "entry": rf"{MEMBER} J#\d{{12}}",
    "profile": rf"{MEMBER} P",
    "order": rf"{MEMBER} O#{ORDER}",
    "address": rf"{MEMBER} A#{ORDER}",
    "limit": rf"{MEMBER} L#{REWARD}#(e|[dw]\d{{6}}|m\d{{4}})",
    "purchase": rf"{REPORTED}#{REPORTED} P",
    "refund": rf"{REPORTED}#{REPORTED} F#{REPORTED}",
    "claim": r"claim#[0-9A-Za-z]{22} K",
    "shard": rf"{REWARD}#\d+ S",
    "unit": rf"{REWARD}#\d+ U#\d{{6}}",
    "dispenser": rf"{REWARD} N",
    "import": r"codes I#imp_[0-9A-Za-z]+",
    "chunk": r"imp_[0-9A-Za-z]+ C#\d+",
    "code": r"code#[0-9A-Za-z]{22} C",
    "event": r"event#[A-Za-z0-9_]{1,64} E",
    "order refund": r"refunds B#rfd_[0-9A-Za-z]{20}",
    "adjustment": r"adjustments B#adj_[0-9A-Za-z]{20}",
    "alone": rf"({MEMBER} Z#|desk Z#[0-9A-Za-z]{{21}}#)\d{{4}}-\d\d-\d\d",
    "reconciliation": r"reconciliation M",
    "reward": rf"catalog R#{REWARD}",
    "campaign": rf"campaigns K#{CAMPAIGN}",
    "budget": rf"{CAMPAIGN} N",
    "check-in": rf"{MEMBER} C#[0-9A-Za-z]{{21}}",
    "streak": rf"{MEMBER} Y",
    "task": rf"{MEMBER} T#[0-9A-Za-z]{{21}}",
    "evidence": rf"{MEMBER} E#[0-9A-Za-z]{{22}}",
    "times": rf"{MEMBER} V#(task/{REPORTED}#d\d{{6}}|referral#m\d{{4}})",
    "referred": rf"{MEMBER} F#{MEMBER}",
    "newcomer": r"newcomer#[0-9A-Za-z]{22} K",
    "cap": rf"{MEMBER} Y#{CAMPAIGN}#(e|d\d{{6}}|m\d{{4}})",
    "receipt": r"\S+ R#[0-9A-Za-z]{21}",
    "document": r"program D#[a-z]+#\d{12}",
    "head": r"program HEAD",
    "audit": r"audit#\d{4}-\d\d-\d\d#\d+ \S+#[0-9A-Za-z]{8}",
    "phone": r"phone#[0-9A-Za-z]{22} M",
    "wishes": rf"{MEMBER} N",
    "notice": rf"{MEMBER} N#(J#\d{{12}}|rd#\d{{4}}-\d\d-\d\d)#(mail|sms|push)",
    "parked": r"parked E#prk_[0-9A-Za-z]{16}",
    "tries": r"tries#\S+ T",
}
"""Every sort of item there is, by its two keys."""


@dataclass(frozen=True, slots=True)
class Books:
    """The items by shape, each as plain values with its keys `p` and `s`; `""` for no shape."""

    rows: Mapping[str, list[Row]]
    raw: Sequence[Raw]
    zone: str

    def of(self, shape: str) -> list[Row]:
        """Return the items of a shape, in the order of their keys."""
        return self.rows.get(shape, [])

    def entries(self) -> dict[str, list[Entry]]:
        """Return every member's journal, oldest entry first."""
        journals: dict[str, list[Entry]] = {}
        for row in self.of("entry"):
            journals.setdefault(row["p"], []).append(_entry(row))
        return journals

    def referred(self, reason: Reason, *names: str) -> dict[str, list[Entry]]:
        """Return the entries of a reason by what they refer to, empty where they do not."""
        found: dict[str, list[Entry]] = {}
        for journal in self.entries().values():
            for entry in journal:
                if entry.reason is reason:
                    told = " ".join(entry.refers.get(name, "") for name in names)
                    found.setdefault(told, []).append(entry)
        return found

    def wallets(self) -> dict[str, Wallet]:
        """Return every member's wallet."""
        return {row["p"]: _wallet(row) for row in self.of("wallet")}


def read_books(work: Work) -> Books:
    """Return the whole table, by one consistent scan."""
    return books_of(scan(), zone=documents.present(work).zone)


def books_of(raw: Sequence[Raw], *, zone: str) -> Books:
    """Return items of a table by their shapes."""
    rows: dict[str, list[Row]] = {}
    for item in raw:
        row = {name: plain(value) for name, value in item.items()}
        rows.setdefault(shape_of(row), []).append(row)
    return Books(rows, raw, zone)


def scan() -> list[Raw]:
    """Return every item as DynamoDB has it, in the order of their keys.

    Botocore would look every value up in its model of the service, which takes most of the time
    that invariants take.
    """
    client = connection().connection.client
    asked: dict[str, Any] = {"TableName": settings().table, "ConsistentRead": True}
    found: list[Raw] = []
    while True:
        body = json.dumps(asked).encode()
        request = AWSRequest("POST", client.meta.endpoint_url, headers=HEADERS, data=body)
        answer = _http().send(request.prepare())
        assert answer.status_code == HTTPStatus.OK, answer.text
        page = json.loads(answer.content)
        found += [_with_bytes(item) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return sorted(found, key=lambda item: (item["p"]["S"], item["s"]["S"]))
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


@cache
def _http() -> URLLib3Session:
    return URLLib3Session()


def _with_bytes(item: dict[str, dict[str, Any]]) -> Raw:
    """Return an item whose binary values are bytes, as botocore would read them."""
    for value in item.values():
        if "B" in value:
            value["B"] = base64.b64decode(value["B"])
    return item


def shape_of(row: Row) -> str:
    """Return the shape of an item, empty where nobody knows it."""
    return _shape(f"{row['p']} {row['s']}")


@lru_cache(maxsize=100_000)
def _shape(told: str) -> str:
    return next((name for name, form in SHAPES.items() if re.fullmatch(form, told)), "")


def plain(value: Mapping[str, Any]) -> Any:
    """Return what DynamoDB's typed value says."""
    ((kind, told),) = value.items()
    if kind == "N":
        return int(told)
    if kind == "M":
        return {name: plain(inner) for name, inner in told.items()}
    return None if kind == "NULL" else told


def day_of_key(key: str) -> date:
    """Return the day of a `yymmdd`."""
    return date.max if key == "never" else date(2000 + int(key[:2]), int(key[2:4]), int(key[4:]))


def days_of(points: Mapping[str, int]) -> dict[date, int]:
    """Return points by day."""
    return {day_of_key(key): number for key, number in points.items()}


def period_of(per: str, day: date) -> str:
    """Return the period of a limit that a day falls in, as counters name it."""
    monday = day - timedelta(days=day.weekday())
    told = {"day": f"d{day:%y%m%d}", "week": f"w{monday:%y%m%d}", "month": f"m{day:%y%m}"}
    return told.get(per, "e")


def size_of(value: object) -> int:
    """Return about what DynamoDB counts for a value, in bytes."""
    if isinstance(value, str | bytes):
        return len(value.encode() if isinstance(value, str) else value)
    if isinstance(value, Mapping):
        return 3 + sum(len(name) + 1 + size_of(inner) for name, inner in value.items())
    if isinstance(value, bool) or value is None:
        return 1
    return 2 + len(str(value)) // 2


def texts_in(value: object) -> Iterator[str]:
    """Yield every text within a value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from texts_in(inner)


def audited(row: Row, column: str) -> Any:
    """Return what an audit row keeps as JSON: `b` before, `a` after."""
    return json.loads(row[column])


def _entry(row: Row) -> Entry:
    told = {
        "order": "o",
        "purchase": "q",
        "refund": "r",
        "order_refund": "x",
        "adjustment": "j",
        "task": "m",
        "referred": "f",
        "until": "u",
        "since": "n",
        "paid": "y",
        "unpaid": "w",
    }
    return Entry(
        member_id=row["p"],
        version=int(row["s"][2:]),
        at=EPOCH + timedelta(microseconds=row["a"]),
        reason=REASONS[row["k"]],
        legs={Account(letter): points for letter, points in row["g"].items()},
        dates=days_of(row["d"]),
        refers={name: row[letter] for name, letter in told.items() if row.get(letter)},
        program_version=row["pv"],
        available_after=row["b"],
        previous=row["ph"],
        hash=row["h"],
    )


def _wallet(row: Row) -> Wallet:
    return Wallet(
        member_id=row["p"],
        version=row["v"],
        available=row["a"],
        held=row["h"],
        debt=row["o"],
        lots=tuple(Lot(day_of_key(key), row["d"][key]) for key in sorted(row["d"])),
        exempt_until=date.fromisoformat(row["e"]) if row.get("e") else None,
        frozen=row["z"],
        chain=row["c"],
        exempt_since=date.fromisoformat(row["b"]) if row.get("b") else None,
        wakes_on=date.fromisoformat(row["wa"].partition("#")[0]) if row.get("wa") else None,
        reminded_on=date.fromisoformat(row["rd"]) if row.get("rd") else None,
        erased=bool(row.get("x")),
        merged=tuple(
            (last - timedelta(days=days), last)
            for last, days in sorted(days_of(row.get("g") or {}).items())
        ),
    )

"""Imports as items, what they keep sealed until it is on the shelf, and whose each code is.

    codes / I#imp_…               one import; `l1` is the order of its reward's imports
    imp_… / C#00                  a thousand of its codes, sealed; emptied once they are imported
    code#<keyed digest> / C       that a code of a reward exists, and under which number

No code stands in a key: a claim's digest is keyed, so codes that can be guessed cannot be looked
for by whoever holds the table alone. A claim is put where none is, in the transaction that puts its
unit, and never changes; that alone makes every code exist once, whoever imports it how often.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.catalog.codes.model import Fault, Import, Problem, State
from chalicelib.catalog.codes.rules import CHUNK_CODES_MAX, PROBLEMS_TOLD_MAX
from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended
from chalicelib.kernel.ids import keyed62
from chalicelib.kernel.pages import Page
from chalicelib.settings import settings
from chalicelib.storage.reads import Range, fetch_raw, query
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.sealing import seal, unseal
from chalicelib.storage.table import IntAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import Mistaken, Transaction
from chalicelib.storage.work import Work

PARTITION: Final = "codes"
"""Of the imports of all rewards, as a request's receipt is looked up without its reward."""
CLAIM_CHARS: Final = 22
"""131 bits: no two codes ever share a digest."""
ELSEWHERE: Final = -1
"""The number of a code that another reward has: none of ours."""


class Overtaken(Mistaken):
    """Somebody else has brought the import further than was read."""


class Claimed(Mistaken):
    """A code that was free when it was looked up exists by now."""


class ImportItem(Item):
    """One import as stored."""

    state = UnicodeAttribute(attr_name="t")
    lines = IntAttribute(attr_name="n")
    valid = IntAttribute(attr_name="v")
    problems = UnicodeAttribute(attr_name="e")
    base = IntAttribute(attr_name="b")
    done = IntAttribute(attr_name="d")
    imported = IntAttribute(attr_name="i")
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)


class ChunkItem(Item):
    """Some codes of an import, sealed for this very item; nothing once they are imported."""

    sealed = BinaryAttribute(attr_name="c", legacy_encoding=False, null=True)


class ClaimItem(Item):
    """That a code of a reward exists, and the number of its unit."""

    reward_id = UnicodeAttribute(attr_name="r")
    number = IntAttribute(attr_name="n")


def key_of(import_id: str) -> Key:
    """Return where an import is."""
    return (PARTITION, f"I#{import_id}")


def find_raw(work: Work, import_id: str) -> RawItem | None:
    """Return an import's image, or None."""
    key = key_of(import_id)
    return fetch_raw(work, [key]).get(key)


def import_from(raw: RawItem) -> Import:
    """Return the import that an image holds."""
    return _import(ImportItem.read(raw))


def page_of(work: Work, reward_id: str, *, limit: int, after: str | None) -> Page[Import]:
    """Return a reward's imports, newest first."""
    part = Range(PARTITION, f"{reward_id}#", index="l1", forward=False, limit=limit, after=after)
    page = query(work, ImportItem, part=part)
    return Page([_import(item) for item in page.items], page.next_position)


def put_import(tx: Transaction, told: Import, *, fingerprint: bytes) -> None:
    """Add a new import, which is the receipt of the request that makes it."""
    item = ImportItem(
        *key_of(told.id),
        state=told.state.value,
        lines=told.lines,
        valid=told.valid,
        problems=_problems_told(told.problems),
        base=told.base,
        done=told.done,
        imported=told.imported,
        fingerprint=fingerprint,
        l1=f"{told.reward_id}#{rfc3339(told.created_at)}",
    )
    tx.put(item, otherwise=replayed_or_reused(fingerprint))


def put_chunk(tx: Transaction, import_id: str, *, number: int, codes: Sequence[str]) -> None:
    """Add some codes of a new import, sealed."""
    key = _chunk_key(import_id, number)
    plain = "\n".join(codes).encode()
    sealed = seal(settings().secret, plain, about="/".join(key), dice=tx.work.dice)
    tx.put(ChunkItem(*key, sealed=sealed), otherwise=lambda _: Contended())


def read_chunk(work: Work, import_id: str, *, number: int) -> list[str] | None:
    """Return some codes of an import, or None once they are imported."""
    key = _chunk_key(import_id, number)
    raw = fetch_raw(work, [key])[key]
    if "c" not in raw:
        return None
    sealed = ChunkItem.read(raw).sealed
    return unseal(settings().secret, sealed, about="/".join(key)).decode().split("\n")


def empty_chunk(tx: Transaction, import_id: str, *, number: int) -> None:
    """Add that codes which are on the shelf lie nowhere else."""
    tx.update(
        ChunkItem(*_chunk_key(import_id, number)),
        (ChunkItem.sealed.remove(),),
        condition=ChunkItem.partition.exists(),
        otherwise=lambda _: Contended(),
    )


def begin(tx: Transaction, told: Import) -> None:
    """Add that an import runs, its numbers from `base` on; raises `Overtaken` if it did already."""
    tx.update(
        ImportItem(*key_of(told.id)),
        (ImportItem.state.set(told.state.value), ImportItem.base.set(told.base)),
        condition=ImportItem.state == State.PREVIEWED.value,
        otherwise=lambda _: Overtaken(),
    )


def save(tx: Transaction, told: Import) -> None:
    """Add how far a running import has come; raises `Overtaken` if it was further already.

    What was imported follows from how much is done, so whoever comes as far may say so again.
    """
    tx.update(
        ImportItem(*key_of(told.id)),
        (
            ImportItem.state.set(told.state.value),
            ImportItem.done.set(told.done),
            ImportItem.imported.set(told.imported),
        ),
        condition=(ImportItem.state == State.RUNNING.value) & (ImportItem.done <= told.done),
        otherwise=lambda _: Overtaken(),
    )


def claims_of(work: Work, reward_id: str, *, codes: Iterable[str]) -> dict[str, int]:
    """Return the numbers of those codes that exist already, ELSEWHERE for another reward's."""
    wanted = list(codes)
    numbers: dict[str, int] = {}
    for start in range(0, len(wanted), CHUNK_CODES_MAX):
        keys = {_claim_key(code): code for code in wanted[start:][:CHUNK_CODES_MAX]}
        for key, raw in fetch_raw(work, list(keys)).items():
            item = ClaimItem.read(raw)
            is_ours = item.reward_id == reward_id
            numbers[keys[key]] = item.number if is_ours else ELSEWHERE
    return numbers


def put_claims(tx: Transaction, reward_id: str, *, batch: Mapping[str, int]) -> None:
    """Add that codes exist, as a reward's; raises `Claimed` when one did already, at any."""
    for code, number in batch.items():
        item = ClaimItem(*_claim_key(code), reward_id=reward_id, number=number)
        tx.put(item, otherwise=lambda _: Claimed())


def _chunk_key(import_id: str, number: int) -> Key:
    return (import_id, f"C#{number:02d}")


def _claim_key(code: str) -> Key:
    """Return where it stands that a code exists: once in the program, whichever reward has it."""
    told = keyed62(settings().secret, purpose="code", message=code, chars=CLAIM_CHARS)
    return (f"code#{told}", "C")


def _import(item: ImportItem) -> Import:
    assert item.l1 is not None
    reward_id, _, created_at = item.l1.partition("#")
    return Import(
        id=item.sort.removeprefix("I#"),
        reward_id=reward_id,
        created_at=datetime.fromisoformat(created_at),
        state=State(item.state),
        lines=item.lines,
        valid=item.valid,
        problems=tuple(Problem(one[0], Fault(one[1]), one[2]) for one in json.loads(item.problems)),
        base=item.base,
        done=item.done,
        imported=item.imported,
    )


def _problems_told(problems: Sequence[Problem]) -> str:
    told = [(one.line, one.fault, one.of_line) for one in problems[:PROBLEMS_TOLD_MAX]]
    return json.dumps(told, separators=(",", ":"))

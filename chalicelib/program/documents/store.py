"""Settings documents as items: `program / D#name#version`, immutable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Stale
from chalicelib.kernel.sentences import Sentence
from chalicelib.program.documents.model import (
    DOCUMENT,
    Activities,
    CheckIn,
    Longer,
    Program,
    Referral,
    ReviewPolicy,
    StreakBonus,
    Task,
)
from chalicelib.storage.reads import fetch
from chalicelib.storage.receipts import replayed_or_reused
from chalicelib.storage.table import Item, RawItem
from chalicelib.storage.transaction import Replayed, Transaction
from chalicelib.storage.work import Work


class DocumentItem(Item):
    """One version of a document, with the fingerprint of the request that wrote it."""

    body = UnicodeAttribute(attr_name="b")
    fingerprint = BinaryAttribute(attr_name="f", legacy_encoding=False)


def read_program(work: Work, version: int) -> Program:
    """Return a version of the settings; the head names only versions that exist."""
    item = fetch(work, DocumentItem.named("program", _sort(version)))
    assert item is not None, version
    return program_from(item)


def program_from(item: DocumentItem) -> Program:
    """Return the settings that an item holds."""
    told = json.loads(item.body)
    told["languages"] = tuple(told["languages"])
    review, since, shortened_on = told["review"], told["since"], told["shortened_on"]
    told["review"] = ReviewPolicy(**review) if review else None
    told["since"] = datetime.fromisoformat(since) if since else None
    told["activities"] = _activities(told["activities"])
    told["shortened_on"] = date.fromisoformat(shortened_on) if shortened_on else None
    told["longer"] = tuple(map(_longer, told["longer"]))
    return Program(**told)


def put_program(tx: Transaction, program: Program, *, fingerprint: bytes) -> None:
    """Add a version. Already there: our own, whose answer was lost, or someone else's."""
    judge = replayed_or_reused(fingerprint)

    def otherwise(image: RawItem | None) -> Exception:
        meant = judge(image)
        return meant if isinstance(meant, Replayed) else Stale()

    told = asdict(program)
    body = json.dumps(told, default=_plain, ensure_ascii=False, separators=(",", ":"))
    item = DocumentItem("program", _sort(program.version), body=body, fingerprint=fingerprint)
    tx.put(item, otherwise=otherwise)


def _plain(value: date) -> str:
    return rfc3339(value) if isinstance(value, datetime) else value.isoformat()


def _longer(told: Mapping[str, Any]) -> Longer:
    first, last, on = (date.fromisoformat(told[name]) for name in ("first", "last", "on"))
    return Longer(first, last, told["months"], on)


def _activities(told: Mapping[str, Any]) -> Activities:
    check_in = told["check_in"]
    streaks = tuple(StreakBonus(**streak) for streak in check_in["streaks"])
    return Activities(
        CheckIn(check_in["points"], streaks),
        {name: _task(task) for name, task in told["tasks"].items()},
        Referral(**told["referral"]),
    )


def _task(told: Mapping[str, Any]) -> Task:
    sentence = told["sentence"]
    return Task(told["points"], told["per_day"], Sentence(**sentence) if sentence else None)


def _sort(version: int) -> str:
    return f"D#{DOCUMENT}#{version:012d}"

"""Reading records of the stream as Lambda hands them on, and what becomes of one that fails."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.kernel.ids import digest62
from chalicelib.outreach.relay.model import Parked, RawImage, Record, State

TRIES_MAX: Final = 5
"""How often a record is read before it is put aside."""
PAUSE_FIRST_SECONDS: Final = 0.1
"""Doubles with each try: 1.5 s in all, and a batch of nothing but poison stays within four minutes.
An outage of the table is longer; then parking fails, and the batch comes again."""
ASK_AGAIN: Final = timedelta(minutes=5)
"""After that whoever asked may ask again: the relay has had time, or has died over it."""
PARKED: Final = "parked"
"""The partition of what was put aside."""
RECORD_PREFIX: Final = "E#"
PARKED_CHARS: Final = 16
"""95 bits: two records never share an id."""
WHY_CHARS_MAX: Final = 400
"""The sort of a failure and where it happened are shorter; a line that is read in a list."""


def record_of(raw: Mapping[str, Any]) -> Record:
    """Return a record that Lambda handed on; JSON carries bytes as base64."""
    told = raw["dynamodb"]
    keys = told["Keys"]
    return Record(
        told["SequenceNumber"],
        keys["p"]["S"],
        keys["s"]["S"],
        _image(told.get("OldImage")),
        _image(told.get("NewImage")),
    )


def about(raw: Mapping[str, Any]) -> str:
    """Return what a record is about: the keys of its item, which are nobody's name."""
    keys = raw["dynamodb"]["Keys"]
    return f"{keys['p']['S']} / {keys['s']['S']}"


def parked(raw: Mapping[str, Any], *, why: str, at: datetime) -> Parked:
    """Return a record put aside; the same record has the same id."""
    told = {"eventName": raw["eventName"], "dynamodb": raw["dynamodb"]}
    digest = digest62((about(raw), raw["dynamodb"]["SequenceNumber"]), PARKED_CHARS)
    kept = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return Parked(f"prk_{digest}", at, about(raw), why[:WHY_CHARS_MAX], kept, TRIES_MAX)


def parked_again(before: Parked, *, why: str) -> Parked:
    """Return a parked record after it failed once more."""
    return replace(
        before,
        why=why[:WHY_CHARS_MAX],
        tries=before.tries + TRIES_MAX,
        state=State.PARKED,
        version=before.version + 1,
    )


def asked(before: Parked, now: datetime) -> Parked:
    """Return a parked record that somebody wants read again.

    One that was asked for a moment ago stays as it is: the same request sent again is one.
    """
    if before.asked_at and before.state is State.ASKED and now < before.asked_at + ASK_AGAIN:
        return before
    return replace(before, state=State.ASKED, asked_at=now, version=before.version + 1)


def replayed(before: Parked) -> Parked:
    """Return a parked record that was read in the end."""
    return replace(before, state=State.REPLAYED, version=before.version + 1)


def is_asked(record: Record) -> bool:
    """Tell whether a change of a parked record asks for it to be read again."""
    if record.partition != PARKED or record.old is None or record.new is None:
        return False
    return _asked(record.new) != _asked(record.old)


def parked_id_of(record: Record) -> str:
    """Return the id of the parked record that a change is of."""
    return record.sort.removeprefix(RECORD_PREFIX)


def pause_before(attempt: int) -> float:
    """Return how many seconds to wait before a further try, the second being 1."""
    return float(PAUSE_FIRST_SECONDS * 2 ** (attempt - 1))


def _asked(image: RawImage) -> str:
    return str(image.get("q", {"S": ""})["S"])


def _image(told: Mapping[str, Any] | None) -> RawImage | None:
    return None if told is None else {name: _value(value) for name, value in told.items()}


def _value(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value; no fact has bytes within a list or a map."""
    ((kind, value),) = told.items()
    return {kind: base64.b64decode(value) if kind == "B" else value}

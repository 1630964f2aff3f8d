"""A record of the table's stream, and one that nobody could read, put aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

RawImage = dict[str, dict[str, Any]]
"""An item in DynamoDB's own form, bytes as bytes: the `RawItem` of the storage."""


@dataclass(frozen=True, slots=True)
class Record:
    """One change of one item: its keys, and the item before and after where there is one.

    No item before: it was added; none after: it was removed. `sequence` is its place in the stream,
    the same however often it comes.
    """

    sequence: str
    partition: str
    sort: str
    old: RawImage | None
    new: RawImage | None


class State(StrEnum):
    """Where a parked record stands."""

    PARKED = "parked"
    ASKED = "asked"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that failed every time: what it is about, why it failed, how often it was tried.

    `what` are its keys, `why` the sort of failure and where it happened; `record` is itself, as
    JSON. `asked_at` is when somebody last wanted it read again.
    """

    id: str
    parked_at: datetime
    what: str
    why: str
    record: str
    tries: int
    state: State = State.PARKED
    asked_at: datetime | None = None
    version: int = 1

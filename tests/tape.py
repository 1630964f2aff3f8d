"""The table's stream for tests in process: records made of what really stands in the table.

tape = Tape()
…                       # something happens
tape.play(mall)         # and the relay reads what came of it, as Lambda would call it

Records follow from two looks at the whole table, so an item that changed twice in between makes one
record; the real streams of both engines are read in the tests of the pump.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from chalicelib.storage.table import Key, RawItem
from infra.local.pump import Handler, is_wanted, lambda_record
from tests.mall import Mall
from tests.rows import everything

Record = Mapping[str, Any]
_numbers: Final = itertools.count(1)


class Tape:
    """What changed since the last look."""

    def __init__(self) -> None:
        """Look at the table as it is."""
        self._seen = _items()

    def take(self) -> list[Record]:
        """Return the records of what changed, those of a partition in the order of their keys."""
        before, now = self._seen, _items()
        self._seen = now
        changed = [key for key in sorted(now) if now[key] != before.get(key)]
        return [a_record(now[key], before.get(key)) for key in changed]

    def play(self, mall: Mall) -> list[str]:
        """Let the relay read what changed; return which records it wants again."""
        return play(mall, self.take())


def play(mall: Mall, records: Sequence[Record]) -> list[str]:
    """Let the relay read a batch; return which records it wants again."""
    wanted = [record for record in records if is_wanted(record)]
    handler = cast("Handler", mall.app.handler_map["relay"])
    answer = handler({"Records": wanted}, None)
    return [str(failed["itemIdentifier"]) for failed in answer["batchItemFailures"]]


def a_record(new: RawItem, old: RawItem | None = None) -> Record:
    """Return the record of a change, as it stands in Lambda's event."""
    images = {"NewImage": new} if old is None else {"NewImage": new, "OldImage": old}
    told = {
        "Keys": {"p": new["p"], "s": new["s"]},
        "SequenceNumber": f"{next(_numbers):021}",
        "ApproximateCreationDateTime": 0,
        "SizeBytes": 1,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        **images,
    }
    return lambda_record({"eventName": "MODIFY" if old else "INSERT", "dynamodb": told})


def _items() -> dict[Key, RawItem]:
    return {(row["p"]["S"], row["s"]["S"]): row for row in everything()}

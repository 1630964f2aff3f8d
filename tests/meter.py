"""Units that DynamoDB bills, counted at the one seam between Jifen and it: botocore's events.

    with metered() as meter:
        lin.post("/orders", …)
    assert meter.writes == 9

The engine tells what each call consumed because the request asks for it; nothing in the product
knows. Reads are counted a second time, from the sizes of what came back, because engines have been
seen to bill them wrongly. A cancelled transaction tells nothing here and is billed by AWS.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.storage.table import connection

READ_UNIT_BYTES: Final = 4096
"""One unit reads as much consistently (AWS's price list); an item of a batch is rounded up."""
NUMBER_DIGITS_A_BYTE: Final = 2
CONTAINER_BYTES: Final = 3
"""What a map or a list costs beside its members, each of which costs one more."""

Json = Mapping[str, Any]


@dataclass
class Meter:
    """What was consumed: writes and reads as the engine bills them, and reads by size.

    Threads may share it: a call is told before and after by the same one.
    """

    writes: float = 0
    reads_billed: float = 0
    reads: int = 0
    calls: list[str] = field(default_factory=list)
    _asked: threading.local = field(default_factory=threading.local)
    _one: threading.Lock = field(default_factory=threading.Lock)

    def before(self, params: dict[str, Any], **_: object) -> None:
        """Ask to be told what the call consumes."""
        params["ReturnConsumedCapacity"] = "TOTAL"
        self._asked.params = params

    def after(self, model: Any, parsed: Json, **_: object) -> None:
        """Add what a call consumed."""
        with self._one:
            self._add(model.name, parsed)

    def _add(self, name: str, parsed: Json) -> None:
        self.calls.append(name)
        told = parsed.get("ConsumedCapacity", [])
        units = sum(one["CapacityUnits"] for one in (told if isinstance(told, list) else [told]))
        if name in {"BatchGetItem", "Query"}:
            self.reads_billed += units
            self.reads += read_units(self._asked.params, parsed)
        else:
            self.writes += units


@contextmanager
def metered() -> Iterator[Meter]:
    """Count the units of every call that is made inside."""
    meter = Meter()
    events = connection().connection.client.meta.events
    # The stubs know only handlers that take every argument.
    before: Any = meter.before
    after: Any = meter.after
    events.register("provide-client-params.dynamodb", before)
    events.register("after-call.dynamodb", after)
    try:
        yield meter
    finally:
        events.unregister("provide-client-params.dynamodb", before)
        events.unregister("after-call.dynamodb", after)


def read_units(asked: Json, told: Json) -> int:
    """Return the units of a consistent read, from the sizes of the items it found."""
    if "Items" in told:
        return max(1, math.ceil(sum(map(item_bytes, told["Items"])) / READ_UNIT_BYTES))
    keys = sum(len(table["Keys"]) for table in asked["RequestItems"].values())
    found = [item for items in told["Responses"].values() for item in items]
    units = sum(max(1, math.ceil(item_bytes(item) / READ_UNIT_BYTES)) for item in found)
    return units + keys - len(found)


def item_bytes(item: Json) -> int:
    """Return an item's size as DynamoDB counts it."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(told: Json) -> int:
    (kind, value) = next(iter(told.items()))
    if kind == "M":
        return CONTAINER_BYTES + len(value) + item_bytes(value)
    if kind == "L":
        return CONTAINER_BYTES + len(value) + sum(map(_value_bytes, value))
    if kind == "N":
        return math.ceil(len(value.lstrip("-")) / NUMBER_DIGITS_A_BYTE) + 1
    if kind in {"BOOL", "NULL"}:
        return 1
    return len(value.encode() if isinstance(value, str) else value)

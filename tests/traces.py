"""What a request leaves behind besides its answer: keys it tried to write, and memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.awsrequest import AWSPreparedRequest

from chalicelib.storage.kept import Kept
from chalicelib.storage.table import Key, connection


def forget() -> None:
    """Lose what a process remembers, as a crash does."""
    for remembered in _memories():
        remembered.clear()


@cache
def _memories() -> tuple[dict[Any, Any], ...]:
    """Return whatever the program's modules keep between requests."""
    modules = [vars(sys.modules[name]) for name in sys.modules if name.startswith("chalicelib.")]
    kept = [value for names in modules for value in names.values() if isinstance(value, Kept)]
    return tuple(vars(one)["_values"] for one in kept)


@contextmanager
def written() -> Iterator[set[Key]]:
    """Collect the keys of whatever any call tries to write, carried out or not."""
    keys: set[Key] = set()

    def note(request: AWSPreparedRequest, **_: object) -> None:
        keys.update(_keys_written(json.loads(_text(request))))

    events = connection().connection.client.meta.events
    handler: Any = note
    events.register_first("before-send.dynamodb", handler)
    try:
        yield keys
    finally:
        events.unregister("before-send.dynamodb", handler)


def _keys_written(call: dict[str, Any]) -> Iterator[Key]:
    for piece in call.get(
        "TransactItems", [{"Update": call}] if "UpdateExpression" in call else []
    ):
        for kind, part in piece.items():
            if kind != "ConditionCheck":
                key = part["Item"] if kind == "Put" else part["Key"]
                yield (key["p"]["S"], key["s"]["S"])


def _text(request: AWSPreparedRequest) -> str:
    body = request.body
    return body.decode() if isinstance(body, bytes) else str(body)

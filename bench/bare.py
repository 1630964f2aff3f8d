"""The least that the same work can cost: bare boto3, without validation, making the same calls.

What the product asks of DynamoDB for one request is recorded at botocore's seam. Making it again
takes the wallet that the read returned, and fills version, balance, keys and token into the
recorded calls: the same conditions, items of the same size, nothing checked, nothing decided.
"""

from __future__ import annotations

import copy
import itertools
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.storage.table import connection
from infra.local.engines import REGION

Params = dict[str, Any]


@dataclass
class Calls:
    """What one request asked for: its read, and its transaction where it wrote."""

    read: Params = field(default_factory=dict)
    write: Params = field(default_factory=dict)

    def note(self, params: Params, model: Any, **_: object) -> None:
        """Keep what a call asks for."""
        kept = copy.deepcopy(params)
        if model.name == "TransactWriteItems":
            self.write = kept
        else:
            assert model.name == "BatchGetItem", model.name
            assert not self.read, "one read a request, when warm"
            self.read = kept


@contextmanager
def recorded() -> Iterator[Calls]:
    """Record the calls of one request."""
    calls = Calls()
    events = connection().connection.client.meta.events
    # The stubs know only handlers that take every argument.
    note: Any = calls.note
    events.register("provide-client-params.dynamodb", note)
    try:
        yield calls
    finally:
        events.unregister("provide-client-params.dynamodb", note)


def bare_client(endpoint: str, *, connections: int = 1) -> Any:
    """Return a client like the product's: the same engine, no retries, no validation."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - no engine asks for one
        config=Config(
            account_id_endpoint_mode="disabled",
            parameter_validation=False,
            max_pool_connections=connections,
            retries={"total_max_attempts": 1},
        ),
    )


class Bare:
    """Makes recorded calls again and again, for one member."""

    def __init__(self, client: Any, calls: Calls, *, member_id: str) -> None:
        before = _wallet_piece(calls.write)["p"]["S"] if calls.write else member_id
        self._client = client
        self._read = _renamed(calls.read, {before: member_id})
        self._write = _renamed(calls.write, {before: member_id})
        self._numbers = itertools.count()
        self._mark = uuid.uuid4().hex[:8]

    def __call__(self) -> None:
        """Make the calls once."""
        told = self._client.batch_get_item(**self._read)
        if not self._write:
            return
        (found,) = told["Responses"].values()
        wallet = next(item for item in found if item["s"]["S"] == "W")
        self._fill(int(wallet["v"]["N"]), int(wallet["a"]["N"]))
        self._client.transact_write_items(**self._write)

    def _fill(self, version: int, available: int) -> None:
        """Put the next version and a new id into the recorded transaction."""
        self._write["ClientRequestToken"] = uuid.uuid4().hex
        for piece in self._write["TransactItems"]:
            if "Put" not in piece:
                continue
            item = piece["Put"]["Item"]
            sort = item["s"]["S"]
            if sort == "W":
                item["v"] = {"N": str(version + 1)}
                item["a"] = {"N": str(available)}
                piece["Put"]["ExpressionAttributeValues"][":0"] = {"N": str(version)}
            elif sort.startswith("J#"):
                item["s"] = {"S": f"J#{version + 1:012d}"}
            elif sort == "P":
                item["p"] = {"S": f"store-1#{self._mark}{next(self._numbers):06d}"}
            else:
                item["s"] = {"S": f"O#ord_{self._mark}{next(self._numbers):012d}"}


def _wallet_piece(write: Params) -> Mapping[str, Any]:
    puts = [piece["Put"]["Item"] for piece in write["TransactItems"] if "Put" in piece]
    return next(item for item in puts if item["s"]["S"] == "W")


def _renamed(told: Any, names: Mapping[str, str]) -> Any:
    """Return recorded calls for another member."""
    if isinstance(told, dict):
        return {name: _renamed(value, names) for name, value in told.items()}
    if isinstance(told, list):
        return [_renamed(value, names) for value in told]
    return names.get(told, told) if isinstance(told, str) else told

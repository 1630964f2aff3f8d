"""The table's stream on a laptop: read from the engine, handed to the app as Lambda would.

    pump = Pump(app, source, where=Where(endpoint, table, file))
    pump.step()         # reads a batch, if there is one, and tells whether there was

The semantics are those of Lambda's event source mapping as `infra/template/stack.yaml` sets it up:
records that no filter lets through are left out; a batch whose answer names a record comes again
from there on; one that breaks is halved; what fails too often goes to the dead letters, and the
rest goes on. How far each shard is read stands in a file, written after the handler has answered,
so a pump that dies reads a batch twice and never skips one.

What differs: dynoxide keeps its stream for ever, ministack until it stops. A stop ends the pump
before the engine, so of ministack's only what was written in the last moment may stay unread.
"""

from __future__ import annotations

import base64
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from chalice.app import DynamoDBEventConfig

from infra.local.engines import REGION
from infra.local.gateway import LambdaContext
from infra.local.jobs import Scheduler
from infra.local.outbox import opened
from infra.local.table import dynamodb

FILTERS: Final[tuple[Mapping[str, Any], ...]] = (
    {"eventName": ["INSERT"], "dynamodb": {"Keys": {"s": {"S": [{"prefix": "J#"}]}}}},
    {"eventName": ["INSERT"], "dynamodb": {"Keys": {"p": {"S": [{"prefix": "audit#"}]}}}},
    {
        "eventName": ["MODIFY"],
        "dynamodb": {"Keys": {"s": {"S": ["W"]}}, "NewImage": {"rd": {"S": [{"exists": True}]}}},
    },
    {"eventName": ["MODIFY"], "dynamodb": {"Keys": {"p": {"S": ["parked"]}}}},
)
"""Which records are handed on, in Lambda's words; a test compares them with the template's."""
LOOK_SECONDS: Final = 0.15
"""Between two looks where the first found nothing: a look costs an engine about 2 ms."""
RETRY_SECONDS: Final = 1.0
RETRIES_MAX: Final = 10
"""In AWS a record is tried for six hours; nobody waits so long at a laptop."""
GONE: Final = frozenset({"TrimmedDataAccessException", "ExpiredIteratorException"})
"""What a place in the stream is that no longer exists, or was kept too long."""
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS checkpoints (shard TEXT PRIMARY KEY, sequence TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letters (
    sequence TEXT PRIMARY KEY, shard TEXT NOT NULL, failed_at REAL NOT NULL
);
"""

Event = Mapping[str, Any]
Handler = Callable[[Event, object], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Where:
    """The engine's address, the table, and the file that says how far its stream is read."""

    endpoint: str
    table: str
    file: Path


def streams_of(app: Scheduler) -> list[DynamoDBEventConfig]:
    """Return what reads the table's stream."""
    return [one for one in app.event_sources if isinstance(one, DynamoDBEventConfig)]


class Pump:
    """Reads the stream for one function."""

    def __init__(self, app: Scheduler, source: DynamoDBEventConfig, *, where: Where) -> None:
        self._handler = cast("Handler", app.handler_map[source.name])
        self._batch_max = source.batch_size
        self._limits: dict[str, int] = {}
        self._where = where
        self._client = _client(where.endpoint)
        self._iterators: dict[str, str] = {}
        self._failures: dict[str, int] = {}
        self._next_look = 0.0
        with opened(where.file) as connection:
            connection.executescript(SCHEMA)

    def step(self) -> bool:
        """Hand one batch of each shard to the app, and tell whether there was any."""
        if time.monotonic() < self._next_look:
            return False
        found = [self._read(shard) for shard in self._shards()]
        if not any(found):
            self._next_look = time.monotonic() + LOOK_SECONDS
        return any(found)

    def _shards(self) -> Iterator[str]:
        described = dynamodb(self._where.endpoint).describe_table(TableName=self._where.table)
        self._stream = described["Table"].get("LatestStreamArn", "")
        if self._stream:
            told = self._client.describe_stream(StreamArn=self._stream)["StreamDescription"]
            yield from (shard["ShardId"] for shard in told["Shards"])

    def _read(self, shard: str) -> bool:
        try:
            answer = self._client.get_records(
                ShardIterator=self._iterators.get(shard) or self._iterator(shard),
                Limit=self._limits.get(shard, self._batch_max),
            )
        except ClientError as failure:
            if failure.response["Error"]["Code"] not in GONE:
                raise
            self._iterators.pop(shard, None)
            return False
        records = cast("Sequence[Event]", answer["Records"])
        if not records:
            self._keep(shard, answer.get("NextShardIterator"))
            return False
        rest = self._hand_over(shard, [lambda_record(one) for one in records])
        if rest is None:
            self._save(shard, _sequence(records[-1]))
            self._keep(shard, answer.get("NextShardIterator"))
            self._limits.pop(shard, None)
        else:
            self._stop_at(shard, records, rest=rest)
        return True

    def _hand_over(self, shard: str, records: Sequence[Event]) -> str | None:
        """Return from which record on a batch is to come again, or None."""
        wanted = [one for one in records if is_wanted(one)]
        if not wanted:
            return None
        try:
            answer = self._handler({"Records": wanted}, LambdaContext(str(uuid.uuid4())))
        except Exception:  # noqa: BLE001 - Lambda, too, takes whatever breaks for a failed batch
            traceback.print_exc(file=sys.stderr)
            self._limits[shard] = max(1, len(records) // 2)
            return _sequence(wanted[0])
        failed = [str(one["itemIdentifier"]) for one in answer["batchItemFailures"]]
        return min(failed, key=[_sequence(one) for one in wanted].index) if failed else None

    def _stop_at(self, shard: str, records: Sequence[Event], *, rest: str) -> None:
        """Go on from a record that failed, or behind it once it failed too often."""
        sequences = [_sequence(one) for one in records]
        place = sequences.index(rest)
        if self._failed(rest) >= RETRIES_MAX:
            self._bury(shard, rest)
            place += 1
        else:
            self._next_look = time.monotonic() + RETRY_SECONDS
        if place:
            self._save(shard, sequences[place - 1])
        self._iterators.pop(shard, None)

    def _failed(self, sequence: str) -> int:
        self._failures[sequence] = self._failures.get(sequence, 0) + 1
        return self._failures[sequence]

    def _iterator(self, shard: str) -> str:
        """Return an iterator behind what was read, or at the oldest record that there is."""
        with opened(self._where.file) as connection:
            row = connection.execute(
                "SELECT sequence FROM checkpoints WHERE shard = ?", (shard,)
            ).fetchone()
        if row is not None:
            try:
                return self._begun(shard, "AFTER_SEQUENCE_NUMBER", SequenceNumber=row[0])
            except ClientError as failure:
                if failure.response["Error"]["Code"] not in GONE:
                    raise
        return self._begun(shard, "TRIM_HORIZON")

    def _begun(self, shard: str, kind: str, **place: str) -> str:
        told = self._client.get_shard_iterator(
            StreamArn=self._stream, ShardId=shard, ShardIteratorType=kind, **place
        )
        return str(told["ShardIterator"])

    def _keep(self, shard: str, iterator: str | None) -> None:
        if iterator is None:
            self._iterators.pop(shard, None)
        else:
            self._iterators[shard] = iterator

    def _save(self, shard: str, sequence: str) -> None:
        with opened(self._where.file) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO checkpoints (shard, sequence) VALUES (?, ?)",
                (shard, sequence),
            )

    def _bury(self, shard: str, sequence: str) -> None:
        with opened(self._where.file) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?)",
                (sequence, shard, time.time()),
            )


def is_wanted(record: Event) -> bool:
    """Tell whether one of the filters lets a record through."""
    return any(matches(pattern, record) for pattern in FILTERS)


def matches(pattern: Mapping[str, Any], value: Any) -> bool:
    """Tell whether a value has what a pattern asks for, by Lambda's rules as far as we use them."""
    for name, wanted in pattern.items():
        inner = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(wanted, Mapping):
            if not matches(wanted, inner):
                return False
        elif not any(_is(one, inner) for one in wanted):
            return False
    return True


def lambda_record(record: Event) -> Event:
    """Return a record of the engine as it stands in Lambda's event: JSON, with bytes as base64."""
    plain: Event = _plain(record)
    return {**plain, "eventSourceARN": "arn:aws:dynamodb:local:000000000000:table/jifen/stream/1"}


def _is(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return bool(wanted == value)
    if "prefix" in wanted:
        return isinstance(value, str) and value.startswith(wanted["prefix"])
    return (value is not None) is bool(wanted["exists"])


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.timestamp() if isinstance(value, datetime) else value


def _sequence(record: Event) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _client(endpoint: str) -> Any:
    return boto3.client(
        "dynamodbstreams",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - no engine asks for one
        config=Config(
            account_id_endpoint_mode="disabled",
            connect_timeout=2,
            read_timeout=10,
            # The names of dynoxide's shards are shorter than AWS's are.
            parameter_validation=False,
            retries={"total_max_attempts": 1},
        ),
    )

"""The local pump against a real stream: order, batches, failures, and going on after a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from chalice.app import DynamoDBEventConfig

from infra.local import pump as pumps
from infra.local.engines import RunningEngine
from infra.local.outbox import opened
from infra.local.pump import FILTERS, RETRIES_MAX, Pump, Where, is_wanted, matches
from infra.local.table import create_table, dynamodb
from tests.faults import Crashed

TABLE: Final = "streamed"


@dataclass
class Reader:
    """An app with one function that reads a stream; it fails when it is told to."""

    batches: list[list[str]] = field(default_factory=list)
    records: list[Mapping[str, Any]] = field(default_factory=list)
    poison: str = ""
    break_on: Callable[[list[str]], bool] = lambda _: False
    batch_max: int = 4

    @property
    def event_sources(self) -> list[object]:
        return [DynamoDBEventConfig("relay", "app.relay", "arn", self.batch_max, "LATEST", 0)]

    @property
    def handler_map(self) -> Mapping[str, Callable[..., object]]:
        return {"relay": self.read}

    @property
    def read_once(self) -> list[str]:
        """Return what was read, each once, in the order of the first time."""
        return list(dict.fromkeys(name for batch in self.batches for name in batch))

    def read(self, event: Mapping[str, Any], _: object) -> Mapping[str, Any]:
        names = [record["dynamodb"]["Keys"]["s"]["S"] for record in event["Records"]]
        if self.break_on(names):
            raise ValueError(names)
        self.batches.append(names)
        self.records += event["Records"]
        failed = [
            {"itemIdentifier": record["dynamodb"]["SequenceNumber"]}
            for record, name in zip(event["Records"], names, strict=True)
            if name == self.poison
        ]
        return {"batchItemFailures": failed[:1]}


@pytest.fixture
def where(engine: RunningEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Where:
    """Return a new table with a stream, of which nothing is read; nobody waits between looks."""
    monkeypatch.setattr(pumps, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(pumps, "RETRY_SECONDS", 0.0)
    name = f"{TABLE}-{tmp_path.name}"
    create_table(engine.endpoint, name, stream=True)
    return Where(engine.endpoint, name, tmp_path / "outreach.sqlite")


def write(where: Where, *names: str) -> None:
    """Put entries, and between them items that concern nobody."""
    for name in names:
        for sort in (name, f"O#{name}"):
            item: Mapping[str, Any] = {
                "p": {"S": "mem_1"},
                "s": {"S": sort},
                "h": {"B": b"\x00\xff"},
            }
            dynamodb(where.endpoint).put_item(TableName=where.table, Item=item)


def a_pump(reader: Reader, where: Where) -> Pump:
    (source,) = pumps.streams_of(reader)
    return Pump(reader, source, where=where)


def run(pump: Pump) -> None:
    """Take steps until nothing is left."""
    steps = 0
    while pump.step():
        steps += 1
        assert steps < 100, "it does not come to an end"


def names(count: int) -> list[str]:
    return [f"J#{number:012d}" for number in range(count)]


def test_what_concerns_somebody_is_read_in_order_and_once(where: Where) -> None:
    reader = Reader()
    write(where, *names(5))
    pump = a_pump(reader, where)
    run(pump)
    write(where, "J#000000000005")
    run(pump)
    assert [name for batch in reader.batches for name in batch] == names(6)
    assert max(len(batch) for batch in reader.batches) <= reader.batch_max


def test_a_new_pump_goes_on_where_the_last_one_stopped(where: Where) -> None:
    first, second = Reader(), Reader()
    write(where, *names(3))
    run(a_pump(first, where))
    write(where, "J#000000000003")
    run(a_pump(second, where))
    assert second.read_once == ["J#000000000003"]


def test_a_pump_that_dies_reads_its_batch_again(where: Where) -> None:
    def die(_: list[str]) -> bool:
        raise Crashed

    write(where, *names(2))
    with pytest.raises(Crashed):
        a_pump(Reader(break_on=die), where).step()
    reader = Reader()
    run(a_pump(reader, where))
    assert reader.read_once == names(2)


def test_a_batch_comes_again_from_the_record_that_failed_which_is_skipped_in_the_end(
    where: Where,
) -> None:
    reader = Reader(poison="J#000000000001", batch_max=8)
    write(where, *names(4))
    run(a_pump(reader, where))
    assert reader.batches[0] == names(4)
    assert reader.batches[1] == names(4)[1:]
    assert sum("J#000000000001" in batch for batch in reader.batches) == RETRIES_MAX
    assert reader.batches[-1] == names(4)[2:]
    assert dead_letters(where) == 1


def test_what_breaks_a_batch_is_found_by_halving(
    where: Where, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = Reader(break_on=lambda batch: "J#000000000002" in batch, batch_max=8)
    write(where, *names(4))
    run(a_pump(reader, where))
    assert reader.read_once == ["J#000000000000", "J#000000000001", "J#000000000003"]
    assert dead_letters(where) == 1
    assert "ValueError" in capsys.readouterr().err


def test_a_shard_is_halved_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    streams = Shards()
    for name in ("_client", "dynamodb"):
        monkeypatch.setattr(pumps, name, lambda _: streams)
    monkeypatch.setattr(pumps, "RETRY_SECONDS", 0.0)
    reader = Reader(break_on=lambda batch: batch[0].startswith("J#a"), batch_max=8)
    pump = a_pump(reader, Where("http://nowhere", TABLE, tmp_path / "shards"))
    pump.step()
    pump.step()
    assert streams.asked == [("a", 8), ("b", 8), ("a", 2), ("b", 8)]
    assert "ValueError" in capsys.readouterr().err


@dataclass
class Shards:
    """A stream of two shards, each with the same records for ever; what is asked for is kept."""

    asked: list[tuple[str, int]] = field(default_factory=list)

    def describe_table(self, **_: str) -> Mapping[str, object]:
        """Return where the stream is."""
        return {"Table": {"LatestStreamArn": "arn"}}

    def describe_stream(self, **_: str) -> Mapping[str, object]:
        """Return the shards."""
        return {"StreamDescription": {"Shards": [{"ShardId": "a"}, {"ShardId": "b"}]}}

    def get_shard_iterator(self, **asked: str) -> Mapping[str, str]:
        """Return the shard's name."""
        return {"ShardIterator": asked["ShardId"]}

    def get_records(self, *, ShardIterator: str, Limit: int) -> Mapping[str, object]:  # noqa: N803
        """Return four entries."""
        self.asked.append((ShardIterator, Limit))
        told = [{"p": {"S": "mem_1"}, "s": {"S": f"J#{ShardIterator}{place}"}} for place in "1234"]
        records = [
            {
                "eventName": "INSERT",
                "dynamodb": {"Keys": keys, "SequenceNumber": keys["s"]["S"], "NewImage": keys},
            }
            for keys in told
        ]
        return {"Records": records, "NextShardIterator": ShardIterator}


def test_bytes_and_times_are_those_of_lambdas_events(where: Where) -> None:
    reader = Reader()
    write(where, "J#000000000000")
    run(a_pump(reader, where))
    (record,) = reader.records
    assert record["dynamodb"]["NewImage"]["h"] == {"B": "AP8="}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)


@pytest.mark.parametrize(
    ("event", "partition", "sort", "rd", "wanted"),
    [
        ("INSERT", "mem_1", "J#000000000001", None, True),
        ("MODIFY", "mem_1", "J#000000000001", None, False),
        ("INSERT", "audit#2026-11-21#0", "x", None, True),
        ("MODIFY", "mem_1", "W", "2026-11-21", True),
        ("MODIFY", "mem_1", "W", None, False),
        ("INSERT", "mem_1", "W", "2026-11-21", False),
        ("MODIFY", "parked", "E#1", None, True),
        ("INSERT", "parked", "E#1", None, False),
        ("INSERT", "mem_1", "O#1", None, False),
        ("REMOVE", "mem_1", "J#000000000001", None, False),
    ],
)
def test_filters_let_through_what_concerns_somebody(
    event: str, partition: str, sort: str, rd: str | None, *, wanted: bool
) -> None:
    image = {"rd": {"S": rd}} if rd else {}
    told = {"Keys": {"p": {"S": partition}, "s": {"S": sort}}, "NewImage": image}
    assert is_wanted({"eventName": event, "dynamodb": told}) is wanted


def test_every_filter_lets_something_through() -> None:
    assert not matches(FILTERS[0], {})


def dead_letters(where: Where) -> int:
    with opened(where.file) as connection:
        (count,) = connection.execute("SELECT count(*) FROM dead_letters").fetchone()
    return int(count)

"""The engines below the tests keep what they acknowledged, stop, and say what they lack."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from infra.local import engines
from infra.local.engines import EngineError, Kind
from infra.local.table import create_table, dynamodb

TABLE: Final = "stones"
ITEM: Final = {"p": {"S": "a stone"}, "s": {"S": "STONE"}}
INSTALLED: Final = [kind for kind in Kind if engines.is_installed(kind)]
GONE_SECONDS: Final = 10.0


def put(endpoint: str) -> None:
    dynamodb(endpoint).put_item(TableName=TABLE, Item=ITEM)


def count(endpoint: str) -> int:
    return dynamodb(endpoint).scan(TableName=TABLE, ConsistentRead=True)["Count"]


@pytest.mark.parametrize("kind", INSTALLED)
def test_an_engine_keeps_its_data_when_it_is_stopped(kind: Kind, tmp_path: Path) -> None:
    with engines.start(kind, state=tmp_path) as first:
        assert create_table(first.endpoint, TABLE)
        put(first.endpoint)
    assert first.process.returncode == 0
    with engines.start(kind, state=tmp_path) as second:
        assert not create_table(second.endpoint, TABLE)
        assert count(second.endpoint) == 1


@pytest.mark.parametrize("kind", [kind for kind in INSTALLED if kind is Kind.DYNOXIDE])
def test_dynoxide_keeps_what_it_acknowledged_when_it_is_killed(kind: Kind, tmp_path: Path) -> None:
    first = engines.start(kind, state=tmp_path)
    create_table(first.endpoint, TABLE)
    put(first.endpoint)
    first.kill()
    assert first.process.returncode == -signal.SIGKILL
    with engines.start(kind, state=tmp_path) as second:
        assert count(second.endpoint) == 1


@pytest.mark.parametrize("kind", [kind for kind in INSTALLED if kind is Kind.DYNOXIDE])
def test_dynoxide_finds_the_next_stream_record_by_an_index(kind: Kind, tmp_path: Path) -> None:
    plan = (
        "EXPLAIN QUERY PLAN SELECT * FROM _stream_records"
        " WHERE table_name = ? ORDER BY CAST(sequence_number AS INTEGER) DESC LIMIT 1"
    )
    with engines.start(kind, state=tmp_path) as engine:
        create_table(engine.endpoint, TABLE, stream=True)
        put(engine.endpoint)
        with contextlib.closing(sqlite3.connect(engines.database(tmp_path))) as connection:
            steps = [step for *_, step in connection.execute(plan, [TABLE])]
    assert any("USING INDEX" in step for step in steps)
    assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize("kind", INSTALLED)
def test_a_port_that_is_taken_is_refused_in_one_sentence(kind: Kind, tmp_path: Path) -> None:
    with engines.start(kind, state=tmp_path / "first") as first:
        port = int(first.endpoint.rpartition(":")[2])
        with pytest.raises(EngineError, match=f"Port {port} is taken"):
            engines.start(kind, state=tmp_path / "second", port=port)


def test_an_engine_that_cannot_start_says_why(tmp_path: Path) -> None:
    kind = engines.choose(None)
    folder = "dynoxide.sqlite" if kind is Kind.DYNOXIDE else "ministack-scratch/ministack-1.pid"
    (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(EngineError, match=r"ended while starting and said: .+"):
        engines.start(kind, state=tmp_path, port=None if kind is Kind.DYNOXIDE else 1)


def test_an_engine_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(EngineError, match="no engine 'sqlite'"):
        engines.choose("sqlite")


@pytest.mark.parametrize("kind", INSTALLED)
def test_an_engine_that_is_named_is_chosen(kind: Kind) -> None:
    assert engines.choose(kind.value) is kind


def test_without_dynoxide_the_choice_is_ministack_and_said_aloud(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "DYNOXIDE_HOME", tmp_path)
    assert engines.choose(None) is Kind.MINISTACK
    assert "ministack takes the place of dynoxide" in capsys.readouterr().err
    with pytest.raises(EngineError, match="run `make install`"):
        engines.choose("dynoxide")


if sys.platform == "linux":  # Elsewhere nobody tells a child that its parent was killed.

    def test_an_engine_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
        program = (
            "import pathlib, sys; from infra.local import engines\n"
            "engine = engines.start(engines.Kind(sys.argv[1]), state=pathlib.Path(sys.argv[2]))\n"
            "print(engine.endpoint, flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, engines.choose(None), str(tmp_path)],
            cwd=engines.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as parent:
            assert parent.stdout is not None
            endpoint = parent.stdout.readline().strip()
            assert answers(endpoint)
            parent.kill()
        deadline = time.monotonic() + GONE_SECONDS
        while answers(endpoint) and time.monotonic() < deadline:
            time.sleep(engines.POLL_SECONDS)
        assert not answers(endpoint)


def answers(endpoint: str) -> bool:
    host, _, port = endpoint.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_the_table_of_a_test_is_new_and_its_indexes_can_be_queried(
    engine: engines.RunningEngine, table: str
) -> None:
    client = dynamodb(engine.endpoint)
    client.put_item(TableName=table, Item=ITEM | {"l1": {"S": "2026"}})
    for index, found in (("by_l1", 1), ("by_l2", 0)):
        answer = client.query(
            TableName=table,
            IndexName=index,
            KeyConditionExpression="p = :p",
            ExpressionAttributeValues={":p": ITEM["p"]},
            ConsistentRead=True,
        )
        assert answer["Count"] == found


def test_the_stream_is_off_unless_it_is_asked_for(engine: engines.RunningEngine) -> None:
    client = dynamodb(engine.endpoint)
    create_table(engine.endpoint, "still")
    create_table(engine.endpoint, "streaming", stream=True)
    assert "LatestStreamArn" not in client.describe_table(TableName="still")["Table"]
    described = client.describe_table(TableName="streaming")["Table"]
    assert described["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"

"""A stack waits for what a killed one left running, and never joins it on the same data."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.running import AlreadyRunning, began, hold
from infra.local.state import State, state_at


@pytest.fixture
def state(tmp_path: Path) -> State:
    return state_at(tmp_path)


@pytest.fixture
def engine() -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that does not end by itself."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def leave(state: State, engine: int, *, engine_began: int) -> None:
    """Write the note that a killed stack left."""
    noted = {"supervisor": 0, "engine": engine, "engine_began": engine_began}
    state.running.write_text(json.dumps(noted))


def test_an_engine_that_outlives_the_patience_is_never_joined(
    state: State, engine: subprocess.Popen[bytes]
) -> None:
    leave(state, engine.pid, engine_began=began(engine.pid))
    told = rf"still runs on {state.engine} \(process {engine.pid}\); .*run again\.$"
    with pytest.raises(AlreadyRunning, match=told), hold(state, patience=0.1):
        pass
    with pytest.raises(AlreadyRunning, match=told), hold(state, patience=0.1):
        pass


def test_an_engine_that_ends_in_time_is_waited_for(
    state: State, engine: subprocess.Popen[bytes]
) -> None:
    leave(state, engine.pid, engine_began=began(engine.pid))
    threading.Timer(0.2, engine.kill).start()
    with hold(state, patience=20):
        assert engine.poll() is not None or engine.wait(1) < 0


def test_another_process_by_the_engines_number_is_no_engine(
    state: State, engine: subprocess.Popen[bytes]
) -> None:
    leave(state, engine.pid, engine_began=began(engine.pid) + 1)
    with hold(state, patience=0):
        assert engine.poll() is None


def test_the_note_says_when_the_engine_began(state: State, engine: subprocess.Popen[bytes]) -> None:
    with hold(state) as held:
        held.note(engine=engine.pid)
        noted = json.loads(state.running.read_text())
        assert (noted["engine"], noted["engine_began"]) == (engine.pid, began(engine.pid))
    assert state.running.read_text() == ""

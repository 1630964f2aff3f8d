"""One stack at a time holds a STATE, and the next one waits for what the last one left running.

The lock is the operating system's, on an open file that the workers inherit: it is free when the
supervisor and every worker are gone, whatever ended them. The engine cannot inherit it, so the
file names its process; after a supervisor was killed, its engine may still be saving the data that
the next one is about to read. One that does not end is never joined by a second one on its data.

A process number may come back, after a restart of the machine or of a container. So the note also
says when the engine's process started, where the system tells (Linux).
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.local.state import State

PATIENCE_SECONDS: Final = 20.0
"""Longer than an engine gets to save its data."""
POLL_SECONDS: Final = 0.05


NOBODY: Final = {"supervisor": 0, "engine": 0, "engine_began": 0}


class AlreadyRunning(Exception):
    """Another stack or its engine holds this STATE; the message says which and what to do."""


class Hold:
    """A held STATE: the lock to hand on to workers, and what to note about the engine."""

    def __init__(self, file: int) -> None:
        self.file = file

    def note(self, *, engine: int = 0) -> None:
        """Write down who runs here now."""
        noted = {"supervisor": os.getpid(), "engine": engine, "engine_began": began(engine)}
        os.ftruncate(self.file, 0)
        os.pwrite(self.file, json.dumps(noted).encode(), 0)

    def clear(self) -> None:
        """Write down that nothing is left running."""
        os.ftruncate(self.file, 0)


@contextmanager
def hold(state: State, *, patience: float = PATIENCE_SECONDS) -> Iterator[Hold]:
    """Hold STATE against a second stack, or raise `AlreadyRunning`."""
    file = os.open(state.running, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before = _noted(file)
        _lock(file, state, supervisor=before["supervisor"])
        if began(before["engine"]) == before["engine_began"]:
            _wait_for_end(before["engine"], state, patience=patience)
        held = Hold(file)
        held.note()
        try:
            yield held
        finally:
            held.clear()
    finally:
        os.close(file)


def _noted(file: int) -> dict[str, int]:
    told = os.pread(file, 1000, 0)
    noted: dict[str, int] = json.loads(told or b"{}")
    return NOBODY | noted


def _lock(file: int, state: State, *, supervisor: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if is_alive(supervisor) or time.monotonic() > deadline:
                raise AlreadyRunning(_message(state, supervisor)) from None
            time.sleep(POLL_SECONDS)


def _message(state: State, supervisor: int) -> str:
    where = ""
    if state.stack.exists():
        where = f" at {json.loads(state.stack.read_text())['api']}"
    return (
        f"Jifen already runs on {state.home}{where} (process {supervisor});"
        " stop that one, or set STATE=DIR to run another beside it."
    )


def _wait_for_end(engine: int, state: State, *, patience: float) -> None:
    deadline = time.monotonic() + patience
    while is_alive(engine):
        if time.monotonic() > deadline:
            raise AlreadyRunning(
                f"The engine of a stack that was killed still runs on {state.engine} (process"
                f" {engine}); wait until it ends, or stop it, and run again."
            )
        time.sleep(POLL_SECONDS)


def began(process: int) -> int:
    """Return when a process started, in the system's ticks; 0 where that cannot be told."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0
    # The name stands in parentheses and may hold anything; proc(5) counts the start as field 22.
    return int(status.rpartition(") ")[2].split()[19])


def is_alive(process: int) -> bool:
    """Tell whether one of our processes runs; one that ended and waits to be reaped does not."""
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, PermissionError):
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and ") Z " in status.read_text())

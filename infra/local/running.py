"""One stack at a time holds a STATE, and the next one waits for what the last one left running.

The lock is the operating system's, on an open file that the workers inherit: it is free when the
supervisor and every worker are gone, whatever ended them. The engine cannot inherit it, so the
file names its process; after a supervisor was killed, its engine may still be saving the data that
the next one is about to read.
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


class AlreadyRunning(Exception):
    """Another stack holds this STATE; the message says which and what to do."""


class Hold:
    """A held STATE: the lock to hand on to workers, and what to note about the engine."""

    def __init__(self, file: int) -> None:
        self.file = file

    def note(self, *, engine: int = 0) -> None:
        """Write down who runs here now."""
        told = json.dumps({"supervisor": os.getpid(), "engine": engine}).encode()
        os.ftruncate(self.file, 0)
        os.pwrite(self.file, told, 0)

    def clear(self) -> None:
        """Write down that nothing is left running."""
        os.ftruncate(self.file, 0)


@contextmanager
def hold(state: State) -> Iterator[Hold]:
    """Hold STATE against a second stack, or raise `AlreadyRunning`."""
    file = os.open(state.running, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before = _noted(file)
        _lock(file, state, supervisor=before["supervisor"])
        _wait_for_end(before["engine"])
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
    noted: dict[str, int] = json.loads(told) if told else {"supervisor": 0, "engine": 0}
    return noted


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


def _wait_for_end(process: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


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

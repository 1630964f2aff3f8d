"""A stack as a process: started the way `make run` starts it, watched, stopped, killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.local import engines
from infra.local.engines import ROOT
from infra.local.running import is_alive
from tests.stack.client import Client, a_client

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 40.0
POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class StackProcess:
    """A stack that answers."""

    process: subprocess.Popen[bytes]
    home: Path
    clients: list[Client] = field(default_factory=list)

    def client(self) -> Client:
        """Return a client, as nobody; its connections close when the stack ends."""
        stack = json.loads((self.home / "stack.json").read_text())
        self.clients.append(a_client(stack["api"], stack["control"]))
        return self.clients[-1]

    def said(self) -> str:
        """Return what it said to whoever started it."""
        return (self.home / "said.txt").read_text()

    def children(self) -> list[int]:
        """Return the processes that it started: engine, Stripe, background, then the workers."""
        found = (pid for pid, parent in _processes() if parent == self.process.pid)
        return sorted(pid for pid in found if is_alive(pid))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal that ends it; return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(STOP_SECONDS)
        self.hang_up()
        return code

    def hang_up(self) -> None:
        """Close the connections of its clients."""
        for client in self.clients:
            client.http.close()


def start(home: Path, **environment: str) -> StackProcess:
    """Start a stack on a free port and return it once it answers.

    `DEMO="yes"` fills it, `STACK_WORKERS=""` gives it as many workers as users have.
    """
    # What a killed stack left behind says nothing of this one.
    (home / "stack.json").unlink(missing_ok=True)
    process = launch(home, **environment)
    stack = StackProcess(process, home)

    def is_up() -> bool:
        assert process.poll() is None, stack.said()
        return (home / "stack.json").exists()

    until(is_up, seconds=START_SECONDS)
    return stack


def launch(home: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start `python -m infra.local` and return at once."""
    home.mkdir(parents=True, exist_ok=True)
    asked = {"PORT": "0", "STATE": str(home), "ENGINE": engines.choose(None), "DEMO": "no"}
    asked["STACK_WORKERS"] = "1"
    with (home / "said.txt").open("wb") as sink:
        return subprocess.Popen(
            [sys.executable, "-m", "infra.local"],
            cwd=ROOT,
            env={**os.environ, **asked, **environment},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            preexec_fn=hear,  # noqa: PLW1509 - it does nothing that a thread could hold up
        )


def hear() -> None:
    """Hear the signals of a terminal, which whoever runs the tests may have been told to ignore."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def a_stack(home: Path, **environment: str) -> Iterator[StackProcess]:
    """Run a stack for the length of a block."""
    stack = start(home, **environment)
    try:
        yield stack
    finally:
        if stack.process.poll() is None:
            stack.stop()
        stack.hang_up()


def refusal(home: Path, **environment: str) -> str:
    """Start a stack that cannot start; return what it said, which is one line and no trace."""
    process = launch(home, **environment)
    assert process.wait(START_SECONDS) == 1
    said = (home / "said.txt").read_text()
    assert said.count("\n") == 1, said
    return said.strip()


def until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(POLL_SECONDS)


def all_gone(processes: list[int]) -> bool:
    """Tell whether none of the processes runs any more."""
    return not any(map(is_alive, processes))


def _processes() -> Iterator[tuple[int, int]]:
    """Yield the processes that there are, each with its parent; Linux needs no `ps` for that."""
    if Path("/proc/self/stat").exists():
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                pid, _, rest = status.read_text().partition(" (")
                yield int(pid), int(rest.rpartition(") ")[2].split()[1])
        return
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], stdout=subprocess.PIPE, check=True)
    for line in listed.stdout.decode().splitlines():
        pid, parent = line.split()
        yield int(pid), int(parent)

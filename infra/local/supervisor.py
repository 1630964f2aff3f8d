"""The workers: several processes on one listening socket, replaced when they die.

The parent binds the socket and hands it on, so connections that come while a worker is being
replaced wait for another one. A pipe tells the workers that the parent is gone. Workers leave
Ctrl-C to the parent, which lets them finish what they are doing before the engine stops. The local
Stripe is kept alive the same way, alone on a socket of its own, and what works in the background
without any.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from infra.local.engines import ROOT
from infra.local.state import State

STOP_SECONDS: Final = 8.0
"""waitress gives its threads five seconds to finish."""
DEATHS_MAX: Final = 5
DEATHS_SECONDS: Final = 10.0
"""A worker that dies five times in ten seconds would die a sixth time."""


class WorkersDying(Exception):
    """No worker stays alive; the message says where to look."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What each worker is started with: its program, its environment, and files it inherits.

    `name` is what its log is called.
    """

    state: State
    listening: socket.socket | None
    environment: Mapping[str, str]
    program: Sequence[str]
    name: str = "app"
    inherited: Sequence[int] = ()


class Workers:
    """A fixed number of workers."""

    def __init__(self, plan: Plan, count: int) -> None:
        self._plan = plan
        self._count = count
        self._processes: list[subprocess.Popen[bytes]] = []
        self._deaths: deque[float] = deque(maxlen=DEATHS_MAX)
        self._lifeline, self._kept_open = os.pipe()
        self._log: BinaryIO = plan.state.new_log(plan.name)

    def start(self) -> None:
        """Start them all."""
        for _ in range(self._count):
            self._processes.append(self._started())

    def tend(self) -> None:
        """Replace those that died, or raise `WorkersDying` when that does not help."""
        for place, process in enumerate(self._processes):
            if process.poll() is None:
                continue
            now = time.monotonic()
            self._deaths.append(now)
            if len(self._deaths) == DEATHS_MAX and now - self._deaths[0] < DEATHS_SECONDS:
                raise WorkersDying(f"The workers keep dying: {self.last_words()}")
            self._processes[place] = self._started()

    def last_words(self) -> str:
        """Return the last line of the log and where the rest is."""
        lines = self._plan.state.log(self._plan.name).read_text(errors="replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), "nothing")
        return f"{said[:300]} (all of it in {self._plan.state.log(self._plan.name)})"

    def stop(self) -> None:
        """Let them finish, and end by force those that do not."""
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        os.close(self._kept_open)
        os.close(self._lifeline)
        self._log.close()

    def _started(self) -> subprocess.Popen[bytes]:
        plan = self._plan
        listening = [] if plan.listening is None else [plan.listening.fileno()]
        return subprocess.Popen(
            [
                *(sys.executable, "-m", *plan.program),
                *(word for file in listening for word in ("--socket", str(file))),
                *("--lifeline", str(self._lifeline), "--state", str(plan.state.home)),
            ],
            cwd=ROOT,
            env=plan.environment,
            pass_fds=[*listening, self._lifeline, *plan.inherited],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

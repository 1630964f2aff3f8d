"""Workers to be killed: processes that run the real app, and clients that outlive them.

    with a_crew(4) as crew:
        crew.kill(0)                # SIGKILL, whatever it is doing
        reply = crew.place(ask)     # by another worker when this one dies

A worker listens on a socket file and answers each connection in a thread of its own. A client who
gets no answer sends the same request to another worker, as a browser's next try would find another
Lambda. What became of the first try, nobody knows: that is the point.

All workers are forks of one process that has imported the app and done nothing else, which saves
each of them a second. They end when the pipe from the test closes, however that happens.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import connection
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Final, NoReturn, cast

from app import app
from infra.local.engines import ROOT
from tests.events import Reply
from tests.mall import Hands
from tests.rush.buying import Ask, at

START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.02
BACKLOG: Final = 64
"""More than the clients of one test."""
GONE: Final = (EOFError, OSError)
"""What a client meets when a worker dies, or has died."""

Line = connection.Connection


@dataclass(slots=True)
class Crew:
    """Some workers, of which some may be dead, and the requests that died with them."""

    pids: Sequence[int]
    sockets: Sequence[Path]
    killed: set[int] = field(default_factory=set)
    interrupted: list[Ask] = field(default_factory=list)
    _here: threading.local = field(default_factory=threading.local)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def kill(self, number: int) -> None:
        """End a worker without a chance to finish anything."""
        assert len(self.killed) < len(self.pids) - 1, "somebody must answer"
        self.killed.add(number)
        os.kill(self.pids[number], signal.SIGKILL)

    def place(self, ask: Ask) -> Reply:
        """Send a request to one worker after another, until somebody answers it."""
        for number in self._numbers:
            line = self._line(number % len(self.sockets))
            if line is None:
                continue
            try:
                line.send(ask)
                return cast(Reply, line.recv())
            except GONE:
                self.interrupted.append(ask)
                del self._here.line
        raise AssertionError("numbers do not end")

    def _line(self, number: int) -> Line | None:
        """Return this thread's line, or a new one to a worker, None where that is dead."""
        kept: Line | None = getattr(self._here, "line", None)
        if kept is None:
            try:
                kept = self._here.line = connection.Client(str(self.sockets[number]))
            except GONE:
                assert number in self.killed, f"worker {number} died by itself"
        return kept


@contextmanager
def a_crew(count: int) -> Iterator[Crew]:
    """Run workers on this process's table for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="rush-") as home:
        sockets = [Path(home) / f"{number}.sock" for number in range(count)]
        command = [sys.executable, "-m", "tests.rush.workers", *map(str, sockets)]
        with Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as nest:
            assert nest.stdout is not None
            pids = [int(word) for word in nest.stdout.readline().split()]
            assert len(pids) == count, "the workers did not start"
            _await(sockets)
            # Leaving the block closes the pipes, and the workers end.
            yield Crew(pids, sockets)


def _await(sockets: Sequence[Path]) -> None:
    """Return when every worker listens: then its socket has its name."""
    deadline = time.monotonic() + START_SECONDS
    while not all(path.exists() for path in sockets):
        assert time.monotonic() < deadline, "a worker is still not listening"
        time.sleep(POLL_SECONDS)


def main(sockets: Sequence[str]) -> None:
    """Fork a worker for each socket, tell their ids, and stay until all have ended."""
    app.clock = Hands()
    app.prepare()
    pids: list[int] = []
    for path in sockets:
        pid = os.fork()
        if pid == 0:
            serve(path)
        pids.append(pid)
    os.write(sys.stdout.fileno(), f"{' '.join(map(str, pids))}\n".encode())
    for pid in pids:
        os.waitpid(pid, 0)


def serve(path: str) -> NoReturn:
    """Answer whoever connects, until killed or until the test is gone."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, sys.stdout.fileno())
    threading.Thread(target=_end_with_test, daemon=True).start()
    unnamed = f"{path}-unnamed"
    with connection.Listener(unnamed, backlog=BACKLOG) as listener:
        Path(unnamed).rename(path)
        while True:
            threading.Thread(target=_answer, args=(listener.accept(),), daemon=True).start()


def _end_with_test() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


def _answer(line: Line) -> None:
    place = at(app)
    with contextlib.suppress(*GONE):
        while True:
            line.send(place(cast(Ask, line.recv())))


if __name__ == "__main__":
    main(sys.argv[1:])

"""A real DynamoDB engine as a child process, for the local stack, the tests and the bench.

Two engines, because neither does everything. *dynoxide* keeps its data in a SQLite file that
survives a crash, and bills capacity as AWS does: tests, races and figures run on it. *ministack*
is a whole local AWS from PyPI, so it needs no npm; it saves its data when it is told to stop.

A start takes a free port, or the one it is given, runs the engine and waits for its first answer.
The engine belongs to the process that started it: it stays in its process group, leaves Ctrl-C
to it, and is told to stop by the kernel if that process dies first (on Linux; elsewhere an engine
outlives a parent that was killed). The price is 30 ms for the small launcher that arranges this.
Linux watches the thread and not the process: start engines from a thread that lasts.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from infra.local.state import OWNER_ONLY_FOLDER

ROOT: Final = Path(__file__).resolve().parents[2]
DYNOXIDE_HOME: Final = ROOT / "infra" / "local" / "node_modules" / "@dynoxide"
MINISTACK: Final = ROOT / ".local" / "ministack" / "bin" / "ministack"

HOST: Final = "127.0.0.1"
REGION: Final = "ap-southeast-1"
"""Any region does on a laptop; engines and clients only have to agree."""

START_SECONDS: Final = 30.0
"""ministack starts in under a second; a loaded machine has taken eight."""
STOP_SECONDS: Final = 15.0
"""ministack lets open connections end for 3 s and then writes all of its data."""
POLL_SECONDS: Final = 0.01
PORT_TRIES_MAX: Final = 3
"""Somebody may take a free port between our look and the engine's start; three times, no."""

# Linux: PR_SET_PDEATHSIG is 1. The parent may have died before the call: then nobody would signal.
LAUNCHER: Final = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the parent is gone")
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
os.execv(sys.argv[2], sys.argv[2:])
"""

STREAM_INDEX: Final = (
    "CREATE INDEX IF NOT EXISTS jifen_stream_order"
    " ON _stream_records (table_name, CAST(sequence_number AS INTEGER))"
)
"""Without it dynoxide looks for the next stream record by a scan: each write slows the next."""


class EngineError(Exception):
    """An engine cannot be had; the message says what to do, in one sentence."""


class Kind(StrEnum):
    """Which engine."""

    DYNOXIDE = "dynoxide"
    MINISTACK = "ministack"


@dataclass(frozen=True, slots=True)
class RunningEngine:
    """A started engine; as a context manager it stops at the end."""

    kind: Kind
    endpoint: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Ask the engine to save and end; end it by force when it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the engine without a chance to save, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the engine."""
        self.stop()


def choose(name: str | None) -> Kind:
    """Return the engine of that name, or without a name the better of those installed.

    An engine that is named and not installed is refused; a second choice is said aloud.
    """
    if name:
        kind = _named(name)
        if not is_installed(kind):
            raise EngineError(_missing(kind))
        return kind
    if is_installed(Kind.DYNOXIDE):
        return Kind.DYNOXIDE
    if not is_installed(Kind.MINISTACK):
        raise EngineError(_missing(Kind.MINISTACK))
    print(f"ministack takes the place of dynoxide: {_missing(Kind.DYNOXIDE)}", file=sys.stderr)
    return Kind.MINISTACK


def start(kind: Kind, *, state: Path, port: int | None = None) -> RunningEngine:
    """Start an engine on the data in a folder of its own, and return it once it answers."""
    if not is_installed(kind):
        raise EngineError(_missing(kind))
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(OWNER_ONLY_FOLDER)
    if port is not None:
        return _start_once(kind, state, port=port)
    for _ in range(PORT_TRIES_MAX - 1):
        with contextlib.suppress(EngineError):
            return _start_once(kind, state, port=free_port())
    return _start_once(kind, state, port=free_port())


def is_installed(kind: Kind) -> bool:
    """Tell whether `make install` could install it here."""
    return _dynoxide() is not None if kind is Kind.DYNOXIDE else MINISTACK.exists()


def free_port() -> int:
    """Return a port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def database(state: Path) -> Path:
    """Return the file in which dynoxide keeps the data of a folder."""
    return state / "dynoxide.sqlite"


def client_environment(endpoint: str) -> dict[str, str]:
    """Return the variables that point botocore at an engine and at nothing else."""
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        # An engine has no account, and botocore would put one into the host name.
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    }


def _named(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        known = " or ".join(kind.value for kind in Kind)
        raise EngineError(f"There is no engine {name!r}: set ENGINE to {known}.") from None


def _dynoxide() -> Path | None:
    """Return the binary of this platform, which is the only one that npm unpacks."""
    return next(iter(sorted(DYNOXIDE_HOME.glob("*/dynoxide"))), None)


def _missing(kind: Kind) -> str:
    if kind is Kind.MINISTACK:
        return "ministack is missing; run `make install`."
    return "dynoxide needs npm and Linux on x86-64; with both, run `make install`."


def _start_once(kind: Kind, state: Path, *, port: int) -> RunningEngine:
    if _is_listening(port):
        raise EngineError(f"Port {port} is taken; choose another.")
    log = state / f"{kind}.log"
    launch = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid())]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            launch + _command(kind, state, port=port),
            env=_environment(kind, state, port=port),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
    engine = RunningEngine(kind, f"http://{HOST}:{port}", process)
    try:
        _wait(engine, port=port, log=log)
        if kind is Kind.DYNOXIDE:
            _index_stream(database(state))
    except BaseException:
        engine.kill()
        raise
    return engine


def _wait(engine: RunningEngine, *, port: int, log: Path) -> None:
    """Return when the engine listens; it listens last."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if engine.process.poll() is not None:
            said = (log.read_text(errors="replace").strip() or "nothing").splitlines()[-1]
            raise EngineError(f"{engine.kind} ended while starting and said: {said}")
        if _is_listening(port):
            return
        time.sleep(POLL_SECONDS)
    raise EngineError(f"{engine.kind} is still not answering; see what it says in {log}.")


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _index_stream(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute(STREAM_INDEX)


def _command(kind: Kind, state: Path, *, port: int) -> list[str]:
    if kind is Kind.MINISTACK:
        return [str(MINISTACK)]
    return [str(_dynoxide()), "serve", "--port", str(port), "--db-path", str(database(state))]


def _environment(kind: Kind, state: Path, *, port: int) -> Mapping[str, str]:
    """Return an environment in which nothing of the user's is seen or touched."""
    scratch = state / f"{kind}-scratch"
    scratch.mkdir(exist_ok=True)
    clean = {"PATH": os.defpath, "HOME": str(scratch), "TMPDIR": str(scratch)}
    if kind is Kind.DYNOXIDE:
        return clean
    return clean | {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "ministack"),
    }

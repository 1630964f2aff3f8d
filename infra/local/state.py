"""STATE: the one folder in which a stack keeps everything that outlives a process.

Whatever two processes share goes through these files or the database, never through memory. Files
are replaced whole (written beside, then renamed), so a reader sees the old or the new and never a
half. What is kept is the owner's alone: a folder that is made for it lets nobody else in, and of
one that was there before the secrets and the engine's data are closed to others.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

SECRET_BYTES: Final = 32
"""The SHA-256 that it keys (`chalicelib.settings` asks for as many)."""
OWNER_ONLY: Final = 0o600
OWNER_ONLY_FOLDER: Final = 0o700


class StateUnusable(Exception):
    """STATE cannot be written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """Where everything lives under STATE."""

    home: Path

    @property
    def stack(self) -> Path:
        """Addresses of the running stack; there only while it answers."""
        return self.home / "stack.json"

    @property
    def key(self) -> Path:
        """The issuer's private key."""
        return self.home / "issuer.pem"

    @property
    def secret(self) -> Path:
        """The program's secret."""
        return self.home / "secret"

    @property
    def clock(self) -> Path:
        """How far the program's clock runs ahead."""
        return self.home / "clock.json"

    @property
    def environment(self) -> Path:
        """What the workers run with, for the console; there only while the stack answers."""
        return self.home / "environment.json"

    @property
    def running(self) -> Path:
        """Which processes hold this STATE, locked while one of them lives."""
        return self.home / "running.json"

    @property
    def engine(self) -> Path:
        """The engine's data."""
        return self.home / "engine"

    def demo(self, kind: str) -> Path:
        """How far the demo mall is loaded into one engine's data."""
        return self.home / f"demo-{kind}.json"

    def stripe(self, kind: str) -> Path:
        """What the local Stripe knows of the orders in one engine's data."""
        return self.home / f"stripe-{kind}.sqlite"

    def queues(self, kind: str) -> Path:
        """What waits to be worked off on one engine's data."""
        return self.home / f"queues-{kind}.sqlite"

    def outreach(self, kind: str) -> Path:
        """How far the stream of one engine's table is read, and what members were told of it."""
        return self.home / f"outreach-{kind}.sqlite"

    def log(self, name: str) -> Path:
        """What the processes of one sort say since the last start."""
        return self.home / f"{name}.log"

    def new_log(self, name: str) -> BinaryIO:
        """Begin a log, keeping the one before it."""
        log = self.log(name)
        if log.exists():
            log.replace(self.home / f"{name}.previous.log")
        return log.open("wb")

    def secret_text(self) -> str:
        """Return the program's secret, made at the first start."""
        if not self.secret.exists():
            write_whole(self.secret, secrets.token_hex(SECRET_BYTES))
        return self.secret.read_text()


def state_at(home: Path, *, is_ours: bool = False) -> State:
    """Return the state in a folder, which is made when it is missing.

    A folder that is made, or that is ours whoever made it, is closed to others.
    """
    try:
        is_ours = is_ours or not home.exists()
        home.mkdir(parents=True, exist_ok=True)
        if is_ours:
            home.chmod(OWNER_ONLY_FOLDER)
        (home / "writable").touch()
        (home / "writable").unlink()
    except OSError as wrong:
        said = os.strerror(wrong.errno or 0)
        raise StateUnusable(
            f"{home} cannot hold the data ({said}); set STATE to a folder that can."
        ) from None
    return State(home.resolve())


def write_whole(path: Path, text: str) -> None:
    """Replace a file's content at once; only the owner may read it."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(beside).chmod(OWNER_ONLY)
    Path(beside).replace(path)


def write_json(path: Path, members: Mapping[str, str | int]) -> None:
    """Replace a file's content by a JSON object."""
    write_whole(path, json.dumps(members, indent=2) + "\n")


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Wait for one's turn to change a file that several processes change."""
    with path.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

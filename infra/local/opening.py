"""The steps of opening a stack that are more than a call: the door, the keys, health, the mall."""

from __future__ import annotations

import http.client
import os
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.local import engines
from infra.local.caller import Caller
from infra.local.engines import HOST, RunningEngine
from infra.local.exchange import Environ, Reply, StartResponse, Wsgi, sent
from infra.local.issuer import CLIENT, ISSUER, issuer_at
from infra.local.loader import DemoRefused, load_once
from infra.local.server import server_on
from infra.local.state import State
from infra.local.supervisor import Workers

HEALTH_SECONDS: Final = 60.0
"""A worker takes a second; a machine that is busy with something else took ten."""
POLL_SECONDS: Final = 0.02
BACKLOG: Final = 1024
"""Clients that the system lets wait for a worker: more than any burst of a laptop."""
OURS: Final = ("AWS_", "JIFEN_")
"""Variables of the user's shell with these beginnings stay out: they mean another program."""


class StartFailed(Exception):
    """The stack cannot start; the message says what to do."""


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """Return a listening socket on a port of this machine alone; 0 takes a free one."""
    door = socket.socket()
    with door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
        except OSError as wrong:
            raise StartFailed(
                f"Port {port} cannot be had ({os.strerror(wrong.errno or 0)});"
                " set PORT to another, or to 0 for any free one."
            ) from None
        door.listen(BACKLOG)
        yield door


@contextmanager
def keys_served(state: State) -> Iterator[str]:
    """Serve the issuer's public keys beside the API; return where.

    The authorizer fetches them over HTTP as it does in AWS. The workers cannot serve them to
    themselves: when every thread waits for the keys, none is left to hand them out.
    """
    keys = Reply(200, (("Content-Type", "application/json"),), issuer_at(state.key).jwks().encode())
    with socket.socket() as door:
        door.bind((HOST, 0))
        server = server_on(_always(keys), door, threads=1)
        threading.Thread(target=server.run, daemon=True).start()
        yield f"http://{HOST}:{door.getsockname()[1]}/jwks.json"


def _always(reply: Reply) -> Wsgi:
    def answered(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return sent(reply, start_response, method=str(environ["REQUEST_METHOD"]))

    return answered


def forget_the_users_aws() -> None:
    """Drop what the user's shell says of AWS, profiles and proxies included, for good."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    os.environ.update(
        {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # Proxies are for the world outside.
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }
    )


def worker_environment(
    state: State, engine: RunningEngine, *, table: str, keys_at: str
) -> dict[str, str]:
    """Return the environment of a worker."""
    return {
        **os.environ,
        **engines.client_environment(engine.endpoint),
        "JIFEN_TABLE": table,
        "JIFEN_ISSUER": ISSUER,
        "JIFEN_JWKS_URL": keys_at,
        "JIFEN_CLIENTS": CLIENT,
        "JIFEN_SECRET": state.secret_text(),
    }


def ours_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the console needs of a worker's environment to reach the same table."""
    return {name: environment[name] for name in environment if name.startswith(OURS)}


def await_health(port: int, workers: Workers) -> None:
    """Return when the API says that it is well."""
    deadline = time.monotonic() + HEALTH_SECONDS
    while not _is_well(port):
        workers.tend()
        if time.monotonic() > deadline:
            raise StartFailed(f"The API does not answer; its last words: {workers.last_words()}")
        time.sleep(POLL_SECONDS)


def _is_well(port: int) -> bool:
    """Ask the API how it is; a question that nobody takes is given up soon and asked again."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/v1/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def fill(port: int, note: Path, *, is_new: bool) -> None:
    """Load the demo mall into a new table; a stack without it is still a stack, so go on."""
    if is_new:
        note.unlink(missing_ok=True)
    caller = Caller(port)
    try:
        if load_once(caller, note, tell=_progress):
            print("\rThe demo mall is open: its rewards, members and orders are in.", flush=True)
    except (DemoRefused, OSError, http.client.HTTPException) as wrong:
        print(f"\rThe demo mall could not be loaded whole: {wrong}", file=sys.stderr, flush=True)
    finally:
        caller.close()


def _progress(done: int, total: int) -> None:
    if sys.stdout.isatty():
        print(f"\rLoading the demo mall: {done} of {total}", end="", flush=True)

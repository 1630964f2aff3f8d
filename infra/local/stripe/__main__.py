"""The local Stripe as a process: `python -m infra.local.stripe`, started by the stack.

Like a worker it inherits a listening socket and the reading end of a pipe that closes when the
supervisor is gone. Its clock is the stack's, so events and refunds carry the program's time. Alone
it serves `--port` until Ctrl-C, with the machine's clock and no webhook unless one is named.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Final

from chalicelib.kernel.clock import MovedClock
from infra.local.engines import HOST
from infra.local.lifeline import end_with
from infra.local.moved import Offset
from infra.local.state import State
from infra.local.stripe.opening import Webhook, opened

BACKLOG: Final = 1024
SECRETS: Final = "JIFEN_STRIPE_WEBHOOK_SECRETS"


def main() -> None:
    """Serve until SIGTERM, or until the supervisor is gone."""
    given = _arguments()
    if given.lifeline is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_with(given.lifeline)
    clock = MovedClock(Offset(State(given.state).clock).read)
    secrets = tuple(os.environ.get(SECRETS, "").split(",")) if given.webhook else ()
    file = given.file or given.state / "stripe.sqlite"
    webhook = Webhook(given.webhook, secrets)
    with _door(given) as door, opened(file, clock, webhook=webhook, door=door) as serving:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        serving.serve_forever()


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--socket", type=int, default=None)
    arguments.add_argument("--lifeline", type=int, default=None)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--state", type=Path, required=True)
    arguments.add_argument("--file", type=Path, default=None)
    arguments.add_argument("--webhook", default="")
    return arguments.parse_args()


def _door(given: argparse.Namespace) -> socket.socket:
    if given.socket is not None:
        return socket.socket(fileno=given.socket)
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((HOST, given.port))
    door.listen(BACKLOG)
    print(f"http://{HOST}:{door.getsockname()[1]}", flush=True)
    return door


if __name__ == "__main__":
    main()

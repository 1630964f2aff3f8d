"""What the stack's processes are started with: the workers, and the local Stripe beside them."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from infra.local.engines import HOST, RunningEngine
from infra.local.state import State
from infra.local.supervisor import Plan

STRIPE_KEY: Final = "sk_test_jifenlocal"
"""The local Stripe takes any test key."""
ENVIRONMENT: Final = "local"
"""Under which name this program's payments stand in Stripe."""
WEBHOOK: Final = "/v1/webhooks/stripe"
SECRET_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class Ground:
    """What every process stands on: the data, the variables, and the files that it holds open."""

    state: State
    environment: Mapping[str, str]
    inherited: Sequence[int] = ()


def address_of(door: socket.socket) -> str:
    """Return where a listening socket is reached."""
    return f"http://{HOST}:{door.getsockname()[1]}"


def stripe_environment(state: State, door: socket.socket) -> dict[str, str]:
    """Return the variables by which the program and the local Stripe know each other."""
    told = hashlib.sha256(f"webhook\n{state.secret_text()}".encode()).hexdigest()
    return {
        "JIFEN_ENVIRONMENT": ENVIRONMENT,
        "JIFEN_STRIPE_BASE": address_of(door),
        "JIFEN_STRIPE_KEY": STRIPE_KEY,
        "JIFEN_STRIPE_WEBHOOK_SECRETS": f"whsec_{told[:SECRET_CHARS]}",
    }


def stripe_plan(
    ground: Ground, door: socket.socket, *, api: socket.socket, engine: RunningEngine, is_new: bool
) -> Plan:
    """Return how to start the local Stripe; of orders in a table that is new it knows nothing."""
    file = ground.state.stripe(engine.kind)
    if is_new:
        for left in file.parent.glob(f"{file.name}*"):
            left.unlink()
    webhook = address_of(api) + WEBHOOK
    program = ("infra.local.stripe", "--file", str(file), "--webhook", webhook)
    return Plan(ground.state, door, ground.environment, program, "stripe", ground.inherited)


def worker_plan(ground: Ground, door: socket.socket, *, app: str) -> Plan:
    """Return how to start a worker."""
    program = ("infra.local.worker", "--app", app)
    return Plan(ground.state, door, ground.environment, program, inherited=ground.inherited)

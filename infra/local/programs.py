"""What the stack's processes are started with: workers, the local Stripe, and the background."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
QUEUES: Final = "JIFEN_LOCAL_QUEUES"
"""The variable that says in which file the queues are, to workers, background and console."""
OUTREACH: Final = "JIFEN_LOCAL_OUTREACH"
"""The variable that says in which file messages are, and how far the table's stream is read."""


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
        _forget(file)
    webhook = address_of(api) + WEBHOOK
    program = ("infra.local.stripe", "--file", str(file), "--webhook", webhook)
    return Plan(ground.state, door, ground.environment, program, "stripe", ground.inherited)


def queues_environment(state: State, *, engine: RunningEngine, is_new: bool) -> dict[str, str]:
    """Return where the queues are; those about a table that is new begin empty."""
    file = state.queues(engine.kind)
    if is_new:
        _forget(file)
    return {QUEUES: str(file)}


def outreach_environment(state: State, *, engine: RunningEngine, is_new: bool) -> dict[str, str]:
    """Return where messages are; about a table that is new nobody was told anything."""
    file = state.outreach(engine.kind)
    if is_new:
        _forget(file)
    return {OUTREACH: str(file)}


def background_plan(ground: Ground, *, app: str) -> Plan:
    """Return how to start what works in the background."""
    program = ("infra.local.background", "--app", app)
    return Plan(ground.state, None, ground.environment, program, "background", ground.inherited)


def worker_plan(ground: Ground, door: socket.socket, *, app: str) -> Plan:
    """Return how to start a worker."""
    program = ("infra.local.worker", "--app", app)
    return Plan(ground.state, door, ground.environment, program, inherited=ground.inherited)


def _forget(file: Path) -> None:
    """Remove a database with all that belongs to it."""
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()

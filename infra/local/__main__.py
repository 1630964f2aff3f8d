"""`make run`: the whole product on this machine, until Ctrl-C.

The order: hold STATE, bind the port, start the engine, make the table, start the local Stripe, what
works in the background and the workers, wait until they answer, fill the demo mall once, and only
then write stack.json and say where things are. Everything that was started stops in the opposite
order, however this ends. What cannot be had is said in one sentence, with what to do.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from infra.local import engines
from infra.local.engines import ROOT, EngineError, Kind, RunningEngine
from infra.local.opening import (
    StartFailed,
    await_health,
    fill,
    forget_the_users_aws,
    keys_served,
    listening,
    ours_of,
    worker_environment,
)
from infra.local.programs import (
    Ground,
    address_of,
    background_plan,
    outreach_environment,
    queues_environment,
    stripe_environment,
    stripe_plan,
    worker_plan,
)
from infra.local.running import AlreadyRunning, Hold, hold
from infra.local.signals import Signals, StopAsked
from infra.local.state import State, StateUnusable, state_at, write_json
from infra.local.supervisor import Plan, Workers, WorkersDying
from infra.local.table import create_table

PORT: Final = 8000
PORT_MAX: Final = 65_535
HOME: Final = ROOT / ".local"
"""Where `make install` puts things too, so it may be there before the first start."""
WORKERS: Final = 2
"""One for each core of a small machine, beside the engine."""
WORKERS_MAX: Final = 16
TEND_SECONDS: Final = 0.1
TABLE: Final = "jifen"

EXPECTED: Final = (AlreadyRunning, EngineError, StartFailed, StateUnusable, WorkersDying)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the environment asks for."""

    port: int
    home: Path
    engine: str
    workers: int
    app: str
    demo: bool


def wish_of(environment: Mapping[str, str]) -> Wish:
    """Return what an environment asks for, or raise `StartFailed`."""
    return Wish(
        port=_number(environment, "PORT", default=PORT, highest=PORT_MAX),
        home=Path(environment.get("STATE") or HOME),
        engine=environment.get("ENGINE") or Kind.MINISTACK,
        workers=_number(environment, "STACK_WORKERS", default=WORKERS, highest=WORKERS_MAX)
        or WORKERS,
        app=environment.get("JIFEN_LOCAL_APP") or "app:app",
        demo=environment.get("DEMO") != "no",
    )


def _number(environment: Mapping[str, str], name: str, *, default: int, highest: int) -> int:
    told = environment.get(name) or str(default)
    if not (told.isdecimal() and int(told) <= highest):
        raise StartFailed(f"{name} is a number from 0 to {highest}, not {told!r}.")
    return int(told)


class Stack:
    """A stack that is being opened; whatever stands is stopped when its `ExitStack` closes."""

    def __init__(self, wish: Wish, *, signals: Signals, closing: ExitStack) -> None:
        self._wish = wish
        self._signals = signals
        self._closing = closing
        self._state = state_at(wish.home, is_ours=wish.home == HOME)

    def open(self) -> tuple[RunningEngine, Sequence[Workers]]:
        """Start everything and say where it is."""
        wish, state = self._wish, self._state
        held = self._closing.enter_context(hold(state))
        state.stack.unlink(missing_ok=True)
        door = self._closing.enter_context(listening(wish.port))
        port: int = door.getsockname()[1]
        engine = self._start_engine(held)
        is_new = create_table(engine.endpoint, TABLE, stream=True)
        keys_at = self._closing.enter_context(keys_served(state))
        environment = worker_environment(state, engine, table=TABLE, keys_at=keys_at)
        till = self._closing.enter_context(listening(0))
        environment |= stripe_environment(state, till)
        environment |= queues_environment(state, engine=engine, is_new=is_new)
        environment |= outreach_environment(state, engine=engine, is_new=is_new)
        ground = Ground(state, environment, inherited=(held.file,))
        stripe = stripe_plan(ground, till, api=door, engine=engine, is_new=is_new)
        started = [
            self._start_workers(stripe, 1),
            self._start_workers(background_plan(ground, app=wish.app), 1),
            self._start_workers(worker_plan(ground, door, app=wish.app), wish.workers),
        ]
        await_health(port, started[-1])
        if wish.demo:
            fill(port, state.demo(engine.kind), is_new=is_new)
        self._closing.callback(state.environment.unlink, missing_ok=True)
        write_json(state.environment, ours_of(environment))
        self._closing.callback(state.stack.unlink, missing_ok=True)
        addresses = {name: f"http://{engines.HOST}:{port}/{name}" for name in ("v1", "local")}
        write_json(
            state.stack,
            {"api": addresses["v1"], "control": addresses["local"], "stripe": address_of(till)},
        )
        _tell(addresses, state=state, engine=engine)
        return engine, started

    def tend(self, engine: RunningEngine, started: Sequence[Workers]) -> NoReturn:
        """Watch over what runs, until a signal ends it."""
        while True:
            with self._signals.held():
                for workers in started:
                    workers.tend()
            if engine.process.poll() is not None:
                raise EngineError(
                    f"{engine.kind} ended by itself; what it said is in {self._state.engine}."
                    " Run again to go on with the data that it saved."
                )
            time.sleep(TEND_SECONDS)

    def _start_engine(self, held: Hold) -> RunningEngine:
        kind = engines.choose(self._wish.engine)
        with self._signals.held():
            engine = engines.start(kind, state=self._state.engine)
            self._closing.enter_context(engine)
            held.note(engine=engine.process.pid)
        return engine

    def _start_workers(self, plan: Plan, count: int) -> Workers:
        workers = Workers(plan, count)
        with self._signals.held():
            self._closing.callback(workers.stop)
            workers.start()
        return workers


def _tell(addresses: Mapping[str, str], *, state: State, engine: RunningEngine) -> None:
    asked = '{"subject": "me", "roles": ["member"]}'
    print(
        f"""Jifen is up.
  API       {addresses["v1"]}  (described at {addresses["v1"]}/openapi.json)
  Controls  {addresses["local"]}
  Data      {state.home}, on {engine.kind}; the logs are app.log, background.log and stripe.log
A token, and a first look:
  curl -s {addresses["local"]}/token -H 'Content-Type: application/json' -d '{asked}'
  curl -s {addresses["v1"]}/me -H 'Authorization: Bearer TOKEN'
Ctrl-C stops it.""",
        flush=True,
    )


def main() -> int:
    """Run a stack; return the process's exit code."""
    signals = Signals()
    try:
        with ExitStack() as closing:
            wish = wish_of(os.environ)
            forget_the_users_aws()
            stack = Stack(wish, signals=signals, closing=closing)
            stack.tend(*stack.open())
    except StopAsked:
        print("Stopped; the data is kept.", flush=True)
        return 0
    except EXPECTED as trouble:
        print(trouble, file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())

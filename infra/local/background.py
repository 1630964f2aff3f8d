"""What runs beside the workers without a request: queues and the table's stream, as by Lambda.

One process, started and replaced by the supervisor like a worker. It goes through its steps again
and again: a step does what is there to be done and tells whether there was anything; when no step
had anything, it rests for a moment. A step that breaks is told in the log and tried again, because
what it left undone is still where it was.

A queue's step hands messages to the app's own handler, in the event that Lambda would make, and
honours its answer: messages named in `batchItemFailures` come back, all others are forgotten. The
stream's steps stand in `infra.local.pump`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, cast

from chalice.app import SQSEventConfig

from chalicelib.gateways.messages.port import Messages
from chalicelib.gateways.queue.port import Queue
from chalicelib.kernel.clock import Clock, MovedClock
from infra.local.gateway import LambdaContext
from infra.local.jobs import Scheduler
from infra.local.lifeline import end_with
from infra.local.moved import Offset
from infra.local.outbox import Outbox
from infra.local.programs import OUTREACH, QUEUES
from infra.local.pump import Pump, Where, streams_of
from infra.local.queues import LocalQueues, Message
from infra.local.state import State
from infra.local.worker import APP

REST_SECONDS: Final = 0.05
"""How long somebody who paid may wait, beside the time that it takes to look."""
BROKEN_SECONDS: Final = 1.0
QUEUE_ARN: Final = "arn:aws:sqs:local:000000000000:"

Step = Callable[[], bool]
Handler = Callable[[Mapping[str, object], object], Mapping[str, Any]]


class BackgroundApp(Scheduler, Protocol):
    """The program: its handlers, its clock, its queue, and who carries its messages."""

    clock: Clock
    queue: Callable[[], Queue]
    messages: Callable[[], Messages]


def queues_of(app: Scheduler) -> list[SQSEventConfig]:
    """Return what an app works off, each under its queue's name."""
    return [one for one in app.event_sources if isinstance(one, SQSEventConfig)]


def work_off(app: Scheduler, queues: LocalQueues, *, source: SQSEventConfig) -> bool:
    """Hand one batch of a queue to the app, and tell whether there was any."""
    assert source.queue is not None, "a queue is known here by its name"
    messages = queues.receive(source.queue, limit=source.batch_size)
    if not messages:
        return False
    handler = cast("Handler", app.handler_map[source.name])
    answer = handler(an_event(source.queue, messages), LambdaContext(str(uuid.uuid4())))
    failed = [str(one["itemIdentifier"]) for one in answer["batchItemFailures"]]
    queues.delete([one.id for one in messages if one.id not in failed])
    queues.retry(failed)
    return True


def an_event(queue: str, messages: Sequence[Message]) -> dict[str, object]:
    """Return the event that Lambda makes of a batch."""
    return {
        "Records": [
            {
                "messageId": one.id,
                "receiptHandle": one.id,
                "body": one.body,
                "attributes": {"ApproximateReceiveCount": str(one.receives)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": QUEUE_ARN + queue,
                "awsRegion": "local",
            }
            for one in messages
        ]
    }


def steps(app: BackgroundApp, queues: LocalQueues, *, where: Where) -> Iterator[Step]:
    """Yield everything that is done in the background."""
    for source in queues_of(app):
        yield lambda source=source: work_off(app, queues, source=source)  # type: ignore[misc]
    for stream in streams_of(app):
        yield Pump(app, stream, where=where).step


def where_in(environment: Mapping[str, str]) -> Where:
    """Return where the table's stream is, and how far it is read."""
    return Where(
        environment["AWS_ENDPOINT_URL_DYNAMODB"],
        environment["JIFEN_TABLE"],
        Path(environment[OUTREACH]),
    )


def taken(step: Step) -> bool:
    """Take a step; one that breaks is told, and rests for a second."""
    try:
        return step()
    except Exception:  # noqa: BLE001 - the outermost edge
        traceback.print_exc(file=sys.stderr)
        time.sleep(BROKEN_SECONDS)
        return False


def main() -> None:
    """Go through the steps until SIGTERM, or until the supervisor is gone."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--lifeline", type=int, required=True)
    arguments.add_argument("--state", type=Path, required=True)
    arguments.add_argument("--app", default=APP)
    given = arguments.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked: list[int] = []
    # What was begun is finished: a message that is done must not come back after the next start.
    # No Event: the thread that a signal interrupts may be the one that holds its lock.
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    end_with(given.lifeline)
    module, _, name = given.app.partition(":")
    app: BackgroundApp = getattr(importlib.import_module(module), name)
    queues = LocalQueues(Path(os.environ[QUEUES]))
    app.clock = MovedClock(Offset(State(given.state).clock).read)
    app.queue = lambda: queues
    where = where_in(os.environ)
    outbox = Outbox(where.file, app.clock)
    app.messages = lambda: outbox
    doing = list(steps(app, queues, where=where))
    while not asked:
        done = [taken(step) for step in doing]
        if not any(done):
            time.sleep(REST_SECONDS)


if __name__ == "__main__":
    main()

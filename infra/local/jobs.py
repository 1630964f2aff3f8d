"""The program's scheduled jobs, as Chalice knows them, run when asked instead of when due."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol, cast

from chalice.app import ScheduledEventConfig, ScheduleExpression

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import NotFound
from infra.local.gateway import LambdaContext

JOB_ARN: Final = "arn:aws:events:local:000000000000:rule/"

Handler = Callable[[Mapping[str, object], object], object]


class Scheduler(Protocol):
    """The part of a Chalice app that knows its jobs."""

    @property
    def event_sources(self) -> Sequence[object]:
        """Everything that calls the app other than a request."""

    @property
    def handler_map(self) -> Mapping[str, Callable[..., object]]:
        """The functions by name."""


def schedules(app: Scheduler) -> dict[str, str]:
    """Return the jobs of an app: name to schedule, as EventBridge writes it."""
    found = (source for source in app.event_sources if isinstance(source, ScheduledEventConfig))
    return {job.name: _written(job.schedule_expression) for job in found}


def run(app: Scheduler, name: str, *, now: datetime) -> None:
    """Run a job with the event that EventBridge would send, and return when it is done."""
    if name not in schedules(app):
        raise NotFound
    request_id = str(uuid.uuid4())
    event = {
        "version": "0",
        "id": request_id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": rfc3339(now),
        "region": "local",
        "resources": [JOB_ARN + name],
        "detail": {},
    }
    handler = cast("Handler", app.handler_map[name])
    handler(event, LambdaContext(request_id))


def _written(schedule: str | ScheduleExpression) -> str:
    return schedule if isinstance(schedule, str) else schedule.to_string()

"""The program's schedules are listed and run by name, with the event that AWS would send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest
from chalice.app import Chalice, CloudWatchEvent, Cron, Rate

from chalicelib.kernel.errors import NotFound
from infra.local import jobs

NOW: Final = datetime(2026, 11, 21, 4, tzinfo=UTC)


def an_app(ran: list[CloudWatchEvent]) -> Chalice:
    app = Chalice("jobs", configure_logs=False, env={})

    @app.schedule(Rate(1, unit=Rate.HOURS))
    def sweep(event: CloudWatchEvent) -> None:
        ran.append(event)

    @app.schedule(Cron(0, 3, "*", "*", "?", "*"))
    def review(event: CloudWatchEvent) -> None:
        raise AssertionError(event)

    @app.schedule("rate(5 minutes)", name="other-name")
    def named(event: CloudWatchEvent) -> None:
        raise AssertionError(event)

    return app


def test_jobs_are_listed_with_their_schedules() -> None:
    assert jobs.schedules(an_app([])) == {
        "sweep": "rate(1 hour)",
        "review": "cron(0 3 * * ? *)",
        "other-name": "rate(5 minutes)",
    }


def test_a_job_runs_at_once_with_the_programs_time() -> None:
    ran: list[CloudWatchEvent] = []
    jobs.run(an_app(ran), "sweep", now=NOW)
    (event,) = ran
    assert (event.source, event.detail_type) == ("aws.events", "Scheduled Event")
    assert event.time == "2026-11-21T04:00:00.000000Z"


def test_a_job_that_nobody_declared_is_not_found() -> None:
    with pytest.raises(NotFound):
        jobs.run(an_app([]), "other", now=NOW)

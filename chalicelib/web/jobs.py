"""Jobs: what runs on a schedule, each as a Lambda function of its own from the same zip.

    jobs = Jobs()

    @jobs.every("rate(5 minutes)", name="order-deadlines")
    def move_orders_on(work: Work, payments: Payments) -> Mapping[str, int]: …

A blueprint is named `app`, and `app.py` names the function, because a handler deploys as
`app.function`: only then is `app.py` imported, and with it everything that a start prepares. A job
has no request to answer and no three seconds: its reads and its transactions each have a budget of
their own. What it returns, counts by name, goes into its one line of the log.

A job's instant is that of the house's clock: an event may come late, and what happens then happens
late. On a laptop the clock is moved, so the event's own time would be the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, cast

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib.gateways.payments.port import Payments
from chalicelib.storage.work import Work
from chalicelib.web.logs import tell_failed, tell_job

if TYPE_CHECKING:
    from chalicelib.web.house import House

HOME: Final = "app"
Job = Callable[[Work, Payments], Mapping[str, int]]


class SomeFailed(Exception):
    """A job could not do everything: told to Lambda, which counts it and wakes somebody."""


class Jobs(Blueprint):
    """The jobs of one capability."""

    def __init__(self) -> None:
        """Begin without any."""
        super().__init__(HOME)

    def every(self, schedule: str, *, name: str) -> Callable[[Job], Callable[..., object]]:
        """Declare a job, and return the function that Lambda calls."""

        def declare(job: Job) -> Callable[..., object]:
            def handler(_: CloudWatchEvent) -> None:
                begun = time.perf_counter()
                house = house_of(self)
                counts = job(Work(house.clock.now()), house.payments())
                tell_job(name, counts, seconds=time.perf_counter() - begun)
                if counts.get("failed"):
                    raise SomeFailed(name)

            handler.__name__ = job.__name__
            handler.__doc__ = job.__doc__
            registered: Callable[..., object] = self.schedule(schedule, name=name)(handler)
            return registered

        return declare


def house_of(jobs: Jobs) -> House:
    """Return the app that jobs are registered with."""
    return cast("House", jobs.current_app)


def each(names: Iterable[str], act: Callable[[str], object]) -> Mapping[str, int]:
    """Do something for each of many things, and count; one that fails holds up nobody else.

    What failed is told in the log and, still being due, is met again by the next run.
    """
    counts = {"done": 0, "failed": 0}
    for name in names:
        try:
            act(name)
        except Exception as error:  # noqa: BLE001 - the edge: the others go on
            tell_failed(name, error)
            counts["failed"] += 1
        else:
            counts["done"] += 1
    return counts

"""Jobs: what runs on a schedule or works off a queue, each as a Lambda function of its own.

    jobs = Jobs()

    @jobs.every("rate(5 minutes)", name="order-deadlines")
    def move_orders_on(work: Work, payments: Payments) -> Mapping[str, int]: …

    @jobs.queue("stripe-events")
    def follow_stripe_events(work: Work, payments: Payments, *, body: str) -> None: …

A blueprint is named `app`, and `app.py` names the function, because a handler deploys as
`app.function`: only then is `app.py` imported, and with it everything that a start prepares. A job
has no request to answer and no three seconds: its reads and its transactions each have a budget of
their own. What it returns, counts by name, goes into its one line of the log.

A job's instant is that of the house's clock: an event may come late, and what happens then happens
late. On a laptop the clock is moved, so the event's own time would be the same.

What works off a queue is called once a message. One that it raises for is reported by its id, so
that the queue brings this message back and no other of its batch. What reads the table's stream is
called once a record, in order; from one that it raises for on, the batch comes again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, SQSEvent

from chalicelib.gateways.messages.port import Messages
from chalicelib.gateways.payments.port import Payments
from chalicelib.storage.work import Work
from chalicelib.web.apart import did
from chalicelib.web.logs import tell_job

if TYPE_CHECKING:
    from chalicelib.web.house import House

HOME: Final = "app"
BATCH_MAX: Final = 5
"""Messages that one run is handed: each may wait for Stripe, and 30 s are left for all of them."""
Job = Callable[[Work, Payments], Mapping[str, int]]
SendingJob = Callable[[Callable[[], Work], Messages], Mapping[str, int]]
"""It is handed how to begin, as often as it wants an instant, and who carries messages."""
RawRecord = Mapping[str, Any]
"""A record of the table's stream, as Lambda hands it on."""
STREAM_ARN: Final = "arn:aws:dynamodb:stream-of-the-table"
"""Chalice wants one; the template that is laid over its own says which stream it is."""
STREAM_BATCH: Final = 50
"""Records at once. Of each one a mail may be sent, which takes a tenth of a second."""


class WorkOff(Protocol):
    """Does what one message asks for, or raises; then the message comes back."""

    def __call__(self, work: Work, payments: Payments, *, body: str) -> None:
        """Do it."""


class SomeFailed(Exception):
    """A job could not do everything: told to Lambda, which counts it and wakes somebody."""


class Reader(Protocol):
    """What reads the records of the table's stream, one by one."""

    def __call__(self, work: Work, messages: Messages, *, record: RawRecord) -> Mapping[str, int]:
        """Read one record, and count what was done about it."""


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
                counts = job(_work(house), house.payments())
                tell_job(name, counts, seconds=time.perf_counter() - begun)
                if counts.get("failed"):
                    raise SomeFailed(name)

            handler.__name__ = job.__name__
            handler.__doc__ = job.__doc__
            registered: Callable[..., object] = self.schedule(schedule, name=name)(handler)
            return registered

        return declare

    def every_sending(
        self, schedule: str, *, name: str
    ) -> Callable[[SendingJob], Callable[..., object]]:
        """Declare a job that is handed who carries messages, and return what Lambda calls."""

        def declare(job: SendingJob) -> Callable[..., object]:
            def sending(_: Work, __: Payments) -> Mapping[str, int]:
                house = house_of(self)
                return job(lambda: _work(house), house.messages())

            sending.__name__ = job.__name__
            sending.__doc__ = job.__doc__
            return self.every(schedule, name=name)(sending)

        return declare

    def stream(self, *, name: str) -> Callable[[Reader], Callable[..., object]]:
        """Declare what reads the table's stream, and return the function that Lambda calls.

        Records are read one after the other, those of an item in the order of its changes. One
        that the reader raises for is told, and comes again with all that follow it: the reader
        itself puts aside what will never do.
        """

        def declare(read: Reader) -> Callable[..., object]:
            def handler(event: DynamoDBEvent) -> Mapping[str, object]:
                begun = time.perf_counter()
                house = house_of(self)
                left: list[RawRecord] = list(event.to_dict()["Records"])
                counts = Counter({"done": 0})

                def act(_: str) -> None:
                    counts.update(read(_work(house), house.messages(), record=left[0]))

                while left and did(name, act):
                    counts["done"] += 1
                    del left[0]
                told = {**counts, "left": len(left)}
                tell_job(name, told, seconds=time.perf_counter() - begun)
                again = [{"itemIdentifier": one["dynamodb"]["SequenceNumber"]} for one in left[:1]]
                return {"batchItemFailures": again}

            handler.__name__ = name
            handler.__doc__ = read.__doc__
            registered: Callable[..., object] = self.on_dynamodb_record(
                STREAM_ARN, batch_size=STREAM_BATCH, starting_position="TRIM_HORIZON", name=name
            )(handler)
            return registered

        return declare

    def queue(self, name: str) -> Callable[[WorkOff], Callable[..., object]]:
        """Declare what works off a queue, by its name, and return the function Lambda calls."""

        def declare(work_off: WorkOff) -> Callable[..., object]:
            def handler(event: SQSEvent) -> Mapping[str, object]:
                begun = time.perf_counter()
                house = house_of(self)

                def act(body: str) -> None:
                    work_off(_work(house), house.payments(), body=body)

                bodies = {one["messageId"]: one["body"] for one in event.to_dict()["Records"]}
                failed = [message for message, body in bodies.items() if not did(body, act)]
                counts = {"done": len(bodies) - len(failed), "failed": len(failed)}
                tell_job(name, counts, seconds=time.perf_counter() - begun)
                return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

            handler.__name__ = name.replace("-", "_")
            handler.__doc__ = work_off.__doc__
            registered: Callable[..., object] = self.on_sqs_message(
                queue=name, batch_size=BATCH_MAX, name=name
            )(handler)
            return registered

        return declare


def house_of(jobs: Jobs) -> House:
    """Return the app that jobs are registered with."""
    return cast("House", jobs.current_app)


def _work(house: House) -> Work:
    return Work(house.clock.now(), house.dice, pause=house.pause, elapsed=house.elapsed)

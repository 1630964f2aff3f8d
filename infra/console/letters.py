"""Dead letters: what Stripe told and nobody could follow, listed and brought back.

A message lands there when it failed five times, most often because an order was not there, or
because a dependency was away for longer than the queue is patient. Bringing them back is safe at
any time: an event that is done is not done again.

The queue is the stack's: SQS where the settings name one, the laptop's file where a local stack's
do. Looking at dead letters in SQS hides them from others for a moment, and then shows them again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import boto3
from botocore.config import Config

from chalicelib.gateways.queue.sqs import STRIPE_EVENTS
from chalicelib.redeem.webhooks import service as webhooks
from chalicelib.settings import SettingsMissing, settings
from chalicelib.storage.work import Work
from infra.local.programs import QUEUES
from infra.local.queues import LocalQueues

PAGE: Final = 10
"""SQS's own limit on one call."""
HIDDEN_SECONDS: Final = 60
LETTERS_MAX: Final = 1000
"""As many as anybody reads; `redrive` brings back all of them."""
SECONDS: Final = 10.0


class Letters(Protocol):
    """The dead letters of a queue."""

    def bodies(self) -> list[str]:
        """Return what they say."""

    def redrive(self) -> str:
        """Bring them back into the queue; return what is done about it, in words."""


class LocalLetters:
    """Those of a local stack."""

    def __init__(self, queues: LocalQueues) -> None:
        self._queues = queues

    def bodies(self) -> list[str]:
        """Return what they say, oldest first."""
        return [one.body for one in self._queues.dead_letters(STRIPE_EVENTS)]

    def redrive(self) -> str:
        """Bring them back into the queue."""
        return f"{self._queues.redrive(STRIPE_EVENTS)} brought back."


class SqsLetters:
    """Those of a queue in SQS; its redrive policy says where they are."""

    def __init__(self, url: str) -> None:
        config = Config(connect_timeout=SECONDS, read_timeout=SECONDS)
        self._client: Any = boto3.client("sqs", config=config)
        wanted = {"QueueUrl": url, "AttributeNames": ["RedrivePolicy"]}
        told = self._client.get_queue_attributes(**wanted)["Attributes"]["RedrivePolicy"]
        self._arn: str = json.loads(told)["deadLetterTargetArn"]
        name = self._arn.rpartition(":")[2]
        self._url: str = self._client.get_queue_url(QueueName=name)["QueueUrl"]

    def bodies(self) -> list[str]:
        """Return what they say, in SQS's order."""
        found: list[Mapping[str, Any]] = []
        while len(found) < LETTERS_MAX:
            page = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=PAGE,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=1,
            ).get("Messages", [])
            if not page:
                break
            found += page
        for one in found:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=one["ReceiptHandle"], VisibilityTimeout=0
            )
        return [str(one["Body"]) for one in found]

    def redrive(self) -> str:
        """Have SQS bring them back into the queue that they came from."""
        self._client.start_message_move_task(SourceArn=self._arn)
        return "SQS is bringing them back."


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands about dead letters."""
    listed = commands.add_parser("dead-letters", help="list what Stripe told in vain")
    listed.set_defaults(run=tell)
    redrive = commands.add_parser("redrive", help="have the dead letters worked off once more")
    redrive.set_defaults(run=bring_back)


def tell(work: Work, _: argparse.Namespace) -> int:
    """Print each dead letter: what happened to which object, and when it was heard."""
    bodies = letters().bodies()
    for body in bodies:
        event = webhooks.find(work, body)
        about = f"{event.type} {event.thing_id}, heard {event.received_at}" if event else "unknown"
        print(f"{body}: {about}")
    print(f"{len(bodies)} dead letter(s)")
    return 0


def bring_back(_: Work, __: argparse.Namespace) -> int:
    """Bring every dead letter back into the queue."""
    print(letters().redrive())
    return 0


def letters() -> Letters:
    """Return the dead letters of the stack that the environment names."""
    if os.environ.get(QUEUES):
        return LocalLetters(LocalQueues(Path(os.environ[QUEUES])))
    url = settings().events_queue
    if not url:
        raise SettingsMissing("JIFEN_EVENTS_QUEUE is missing")
    return SqsLetters(url)

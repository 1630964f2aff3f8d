"""The queues of a mall in a test: the laptop's own, by the mall's clock, worked off when told to.

with a_queue(mall, tmp_path) as queues:
    …                              # a webhook is heard, and its event put into the queue
    drain(mall)                    # and worked off by the app's own handler
    assert queues.depth(STRIPE_EVENTS) == 0
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.background import queues_of, work_off
from infra.local.queues import RECEIVES_MAX, RETRY_SECONDS, LocalQueues
from tests.mall import Mall


@contextmanager
def a_queue(mall: Mall, home: Path) -> Iterator[LocalQueues]:
    """Let a mall's messages be kept in a file of a test, by the mall's clock as it stands."""
    queues = LocalQueues(home / "queues.sqlite", now=lambda: mall.clock.now().timestamp())
    before, mall.app.queue = mall.app.queue, lambda: queues
    try:
        yield queues
    finally:
        mall.app.queue = before


def drain(mall: Mall) -> None:
    """Work off everything that waits; what fails comes back when the clock moves on."""
    queues = mall.app.queue()
    assert isinstance(queues, LocalQueues), "nobody keeps this mall's messages"
    sources = queues_of(mall.app)
    while any(work_off(mall.app, queues, source=source) for source in sources):
        pass


def exhaust(mall: Mall) -> None:
    """Work off what waits as often as it is tried; what fails every time is a dead letter then."""
    for _ in range(RECEIVES_MAX + 1):
        drain(mall)
        mall.clock.advance(seconds=RETRY_SECONDS)

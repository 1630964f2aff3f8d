"""Where the time of a request goes, by looking at the stack every half millisecond.

Sampling leaves the product as it is and slows it by about one part in a hundred, where a tracing
profiler would make small functions look dear. A sample counts for the innermost frame whose file
belongs to a layer, so the JSON that the log writes is the log's.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

EVERY_SECONDS: Final = 0.0005
WAITING: Final = "waiting for the engine"
OTHER: Final = "other"
LAYERS: Final = (
    ("log", ("chalicelib/web/logs.py", "aws_lambda_powertools/", "/logging/")),
    ("reading and writing JSON, checks of the edge", ("chalicelib/web/", "/pydantic")),
    ("botocore and its HTTP", ("/botocore/", "/urllib3/", "/http/client.py")),
    ("pynamodb", ("/pynamodb/",)),
    ("storage: transaction, reads", ("chalicelib/storage/",)),
    ("rules, services, stores", ("chalicelib/",)),
)
"""Layer, and what the path of its files holds; the first that fits counts."""


@dataclass
class Samples:
    """How often each layer was found at work."""

    counts: Counter[str] = field(default_factory=Counter)

    def take(self, _: int, frame: FrameType | None) -> None:
        """Look at the stack once."""
        self.counts[layer_of(frame)] += 1

    def shares(self) -> list[tuple[str, float]]:
        """Return each layer's part of the time, the largest first."""
        total = sum(self.counts.values())
        return [(layer, count / total) for layer, count in self.counts.most_common()]


@contextmanager
def sampled() -> Iterator[Samples]:
    """Look at this thread's stack while the block runs."""
    samples = Samples()
    before = signal.signal(signal.SIGALRM, samples.take)
    signal.setitimer(signal.ITIMER_REAL, EVERY_SECONDS, EVERY_SECONDS)
    try:
        yield samples
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def layer_of(frame: FrameType | None) -> str:
    """Return the layer that a stack is in."""
    if frame is not None and frame.f_code.co_filename.endswith("/socket.py"):
        return WAITING
    while frame is not None:
        path = frame.f_code.co_filename
        for layer, parts in LAYERS:
            if any(part in path for part in parts):
                return layer
        frame = frame.f_back
    return OTHER

"""What a use case is handed instead of reaching for it: the instant, the dice, and patience.

`Work.now` is one instant for the whole use case. Patience is a budget of seconds that holds every
attempt and every pause between them: full jitter that starts at 20 ms and is capped at 1 s. An
attempt is begun again only while one as long as the longest so far still fits; otherwise the caller
is told to come back (`Contended`). The price: under a storm somebody is sent away who might have
won with the next try.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.kernel.errors import Contended, Refusal
from chalicelib.kernel.ids import Dice

BUDGET_SECONDS: Final = 3.0
"""A till's patience; far below the 29 s at which API Gateway gives up."""
PAUSE_FIRST_SECONDS: Final = 0.020
PAUSE_MAX_SECONDS: Final = 1.0
OVERTAKEN_SHARE: Final = 64
"""By simulation of 16 clients on one wallet, transactions of 12 ms: pauses that only grow send 7 in
100 away, at most a quarter of the time left 6, at most a 64th none."""
SYSTEM_DICE: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Work:
    """The circumstances of one use case.

    `now` is an instant in UTC, `pause` sleeps for seconds, `elapsed` is a monotonic clock, and
    `deadline` its reading after which nothing is begun again; without one every read and every
    transaction has a budget of its own, as an audit of all members needs it.
    """

    now: datetime
    dice: Dice = SYSTEM_DICE
    pause: Callable[[float], None] = time.sleep
    elapsed: Callable[[], float] = time.monotonic
    deadline: float | None = None


def later(work: Work, *, begun: float) -> Work:
    """Return the same circumstances as of now, when `elapsed` had told `begun` at their instant.

    For what takes minutes, and does one use case after another. Seconds count in full.
    """
    return replace(work, now=work.now + timedelta(seconds=int(work.elapsed() - begun)))


def time_for(work: Work, *, seconds: float) -> Callable[[], bool]:
    """Return what tells whether there is time: so many seconds from now on.

    For what does one thing after another, and leaves the rest to its next run.
    """
    ends = work.elapsed() + seconds
    return lambda: work.elapsed() < ends


class Patience:
    """The budget of one use case: ask `again` before every further attempt."""

    def __init__(self, work: Work) -> None:
        """Start the clock."""
        self._work = work
        self._begun = work.elapsed()
        self._ends = self._begun + BUDGET_SECONDS if work.deadline is None else work.deadline
        self._longest = 0.0
        self._tries = 0

    def again(self, refusal: type[Refusal] = Contended, *, overtaken: bool = False) -> None:
        """Pause before the next attempt, or raise the refusal when it would not fit.

        `overtaken`: a compare-and-swap lost, so somebody else won. Then whoever has waited longest
        pauses least; with pauses that only grow, newcomers would overtake for ever.
        """
        now = self._work.elapsed()
        self._longest = max(self._longest, now - self._begun)
        left = self._ends - now
        room = left - self._longest
        if room <= 0:
            raise refusal()
        ceiling = min(PAUSE_MAX_SECONDS, PAUSE_FIRST_SECONDS * 2**self._tries)
        if overtaken:
            ceiling = min(ceiling, left / OVERTAKEN_SHARE)
        self._tries += 1
        self._work.pause(min(room, self._work.dice.random() * ceiling))
        self._begun = self._work.elapsed()

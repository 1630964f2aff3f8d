"""A drop of 100 units and 2,000 requests at once; and the same with workers killed meanwhile.

Each function fills a mall, lets everybody run in some weather, and judges what came of it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.events import Reply
from tests.mall import Mall
from tests.rush.buying import Ask, at, rush
from tests.rush.crowd import a_crowd
from tests.rush.judging import begun, check_sold, check_told
from tests.rush.witness import Witness
from tests.rush.workers import Crew, a_crew

Weather = AbstractContextManager[None]

PRICE: Final = 10
POINTS: Final = 100
"""Enough for every order that a member asks for."""
UNITS: Final = 100
MEMBERS: Final = 500
KEYS: Final = ("one", "two", "three", "one")
"""Four requests of each member; with the last one, somebody pressed the button twice."""
THREADS: Final = 48
"""Fewer than connections in the pool. More at once would only wait for the interpreter."""

WORKERS: Final = 4
KILLED_AT: Final = (20, 50)
"""Sales after which a worker is killed: half of all, while most units are still there."""
FEW_UNITS: Final = 60
FEW_MEMBERS: Final = 40
CLIENTS: Final = 16


def drop_of_a_hundred(mall: Mall, weather: Weather) -> None:
    """500 members send 2,000 requests for 100 units."""
    crowd = a_crowd(mall, MEMBERS, points=POINTS)
    reward = mall.reward(PRICE, stock={"mode": "numbered", "units": UNITS})
    asks = asked(crowd, reward)
    witness = Witness()
    with witness.watching(), weather:
        answers = rush(witness.seeing(at(mall.app)), asks, threads=THREADS)
    check_told(answers, witness.earliest(answers))
    check_sold(mall, reward, answers, units=UNITS)


def drops_while_workers_die(mall: Mall, weather: Weather) -> None:
    """Two drops of 60 units, 320 requests; of four workers, two are killed while units are sold."""
    crowd = a_crowd(mall, FEW_MEMBERS, points=POINTS)
    rewards = [
        mall.reward(PRICE, stock={"mode": mode, "units": FEW_UNITS})
        for mode in ("counted", "numbered")
    ]
    asks = [
        ask for both in zip(*(asked(crowd, one) for one in rewards), strict=True) for ask in both
    ]
    with a_crew(WORKERS) as crew:
        killer = Killer(crew)
        with weather:
            answers = rush(killer.place, asks, threads=CLIENTS)
        assert not killer.doomed
        assert crew.interrupted, "nobody was killed at work"
    for reward in rewards:
        told = [answer for answer in answers if answer.ask.reward_id == reward]
        check_told(told, begun(told))
        check_sold(mall, reward, told, units=FEW_UNITS)


def asked(crowd: Sequence[str], reward: str) -> list[Ask]:
    """Return everybody's requests, mixed."""
    asks = [Ask(subject, reward, f"{reward}-{key}") for subject in crowd for key in KEYS]
    Random(7).shuffle(asks)
    return asks


@dataclass
class Killer:
    """Kills workers when enough was sold, from whatever client's thread learns of it."""

    crew: Crew
    sold: int = 0
    doomed: list[int] = field(default_factory=lambda: list(range(len(KILLED_AT))))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def place(self, ask: Ask) -> Reply:
        """Send a request to the crew, and perhaps kill one of it when the answer is there."""
        reply = self.crew.place(ask)
        if reply.status == 201:
            with self._lock:
                self.sold += 1
                if self.doomed and self.sold >= KILLED_AT[-len(self.doomed)]:
                    self.crew.kill(self.doomed.pop(0))
        return reply

"""What looking after a wallet costs, by the budget table of the house.

The job reads the program's head and four shards of the index once a run, however many are due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from chalicelib.storage.work import Work
from tests.crash_orders import DONE
from tests.events import Reply
from tests.mall import OPENING, Mall, id_of
from tests.orders import run_expiry
from tests.postings import credit
from tests.priced import Priced, Ready

RUN: Final = "the head and the four shards of the index are read once a run, and then the wallet"
RUN_READS: Final = 5
NEXT_YEAR: Final = date(2027, 12, 31)


def looking(*, ends: date, today: date, spent: bool = False) -> Callable[[Mall], Ready]:
    """Return how a run is prepared that finds one wallet, some of whose points end on a day."""

    def prepare(mall: Mall) -> Ready:
        lin = mall.member("lin")
        for day in (ends, NEXT_YEAR):
            credit(Work(mall.clock.now()), id_of("lin"), points=10, expires_on=day)
        if spent:
            assert lin.post("/orders", {"reward_id": mall.reward(10)}, key="k").status == 201
        mall.clock.instant = OPENING.replace(year=today.year, month=today.month, day=today.day)

        def run() -> Reply:
            run_expiry(mall)
            return DONE

        return run

    return prepare


DECEMBER: Final = date(2026, 12, 31)
PRICED_EXPIRY: Final = (
    Priced(
        "expiry, per wallet due",
        "wallet, entry",
        4,
        6,
        looking(ends=DECEMBER, today=date(2027, 1, 1)),
        is_given=True,
        reads_over=RUN_READS,
        why=RUN,
    ),
    Priced(
        "expiry and a reminder at once",
        "wallet, entry",
        4,
        6,
        looking(ends=date(2027, 11, 30), today=date(2027, 12, 1)),
        is_given=True,
        reads_over=RUN_READS,
        why=RUN,
    ),
    Priced(
        "reminder",
        "wallet",
        1,
        3,
        looking(ends=DECEMBER, today=date(2026, 12, 1)),
        is_given=True,
        reads_over=RUN_READS,
        why=RUN,
    ),
    Priced(
        "look after a wallet in vain",
        "wallet",
        1,
        3,
        looking(ends=DECEMBER, today=date(2026, 12, 1), spent=True),
        reads_over=RUN_READS,
        why=RUN,
    ),
)

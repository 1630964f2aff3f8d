"""A drop that everybody wants at once: 1, 8 and 50 shards, and the dispenser, side by side.

Every cell is a mall of its own on a real engine: members with points, one reward, and threads that
send their orders to the app in this process, again while they are told to come back. No engine here
ever lets transactions conflict, so conflicts are injected at botocore's seam: at random, and as AWS
does it, wherever two transactions that are under way touch the same item.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

from bench.ground import a_mall, an_engine, quiet
from bench.tables import Row, Table, keep, machine, percentile, verdict
from chalicelib.storage.table import connection
from infra.local.engines import RunningEngine
from tests.rush.buying import Answer, Ask, at, rush
from tests.rush.conflicts import Dice, Overlaps, meddling
from tests.rush.crowd import a_crowd
from tests.rush.judging import check_sold

UNITS: Final = 200
MEMBERS: Final = 200
ORDERS: Final = 3
"""Orders that each member asks for, with points for all of them."""
THREADS: Final = 32
ROUNDS: Final = 2
PRICE: Final = 10
CONFLICTS: Final = 0.2
SUPPLIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "1 shard": {"mode": "counted", "peak_per_second": 4},
    "8 shards": {"mode": "counted", "peak_per_second": 32},
    "50 shards": {"mode": "counted", "peak_per_second": 200},
    "dispenser": {"mode": "numbered"},
}
WEATHERS: Final[Mapping[str, Callable[[], AbstractContextManager[None]]]] = {
    "no conflicts": nullcontext,
    "conflicts at random": lambda: meddling(Dice(CONFLICTS, seed=7)),
    "conflicts where transactions meet": lambda: meddling(Overlaps()),
}
MEETING: Final = "conflicts where transactions meet"
TEXTS: Final[Mapping[str, str]] = {
    "no conflicts": f"{MEMBERS * ORDERS} orders of {MEMBERS} members for {UNITS} units, by "
    f"{THREADS} threads to the app in this process, on the engine as it is; {ROUNDS} drops of "
    "each, in turns. Times are means, counts are of all, ratios are to 1 shard. Sent away are "
    "answers of 503, after which the same request came again at once. Refused are transactions "
    "that a condition cancelled. Wasted are two units for each item of a transaction that did not "
    "commit, which AWS bills, and the draws that sold nothing.",
    "conflicts at random": f"The same, where {CONFLICTS:.0%} of all transactions are answered with "
    "a conflict, whatever they touch: shards are no help against that.",
    MEETING: "The same, where a transaction conflicts if any of its items is in another's hands, "
    "from sending until the answer. The engine works on one at a time, so hands are full for "
    "longer than on AWS, and few shards suffer more.",
}
WASTE_AIM: Final = 0.5
"""Of one shard's waste, where transactions that meet conflict: else shards would be for nothing."""
WAIT_AIM: Final = 1.0
"""Of one shard's p99, there: nobody waits longer for it. The time until all is sold has no aim: on
two cores it is the app's own, and a draw or a look at 50 shards costs some of that."""
UNITS_AIM: Final = 8.0
"""Write units that come to nothing for each sale of the dispenser: one more attempt."""


@dataclass
class Bill:
    """What writing cost: transactions and their items by outcome, and draws."""

    committed: int = 0
    conflicts: int = 0
    refused: int = 0
    units_wasted: int = 0
    draws: int = 0
    _here: threading.local = field(default_factory=threading.local)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Count every call of this process's connection for the length of a block."""
        events = connection().connection.client.meta.events
        # The stubs know only handlers that take every argument.
        before: Any = self.before
        after: Any = self.after
        events.register("provide-client-params.dynamodb", before)
        events.register("after-call.dynamodb", after)
        try:
            yield
        finally:
            events.unregister("provide-client-params.dynamodb", before)
            events.unregister("after-call.dynamodb", after)

    def before(self, params: Mapping[str, Any], **_: object) -> None:
        """Note how many items this thread's call writes."""
        self._here.items = len(params.get("TransactItems", ()))

    def after(self, model: Any, parsed: Mapping[str, Any], **_: object) -> None:
        """Add a call by its outcome; what a cancelled transaction would have written is billed."""
        with self._lock:
            if model.name == "UpdateItem":
                self.draws += 1
            if model.name != "TransactWriteItems":
                return
            if "Error" not in parsed:
                self.committed += 1
                return
            self.units_wasted += 2 * self._here.items
            codes = {reason["Code"] for reason in parsed.get("CancellationReasons", ())}
            if "TransactionConflict" in codes:
                self.conflicts += 1
            else:
                self.refused += 1


@dataclass(frozen=True, slots=True)
class Run:
    """Drops of one supply in one weather: what everybody was told in each, and what all cost."""

    drops: list[list[Answer]]
    bill: Bill

    @property
    def seconds_to_sold_out(self) -> float:
        """From the first request to the answer that sold the last unit: the mean of the drops."""
        return sum(map(_seconds_to_sold_out, self.drops)) / len(self.drops)

    @property
    def per_second(self) -> float:
        """Answers a second, those of the losers included."""
        return len(self.answers) / sum(map(_seconds, self.drops))

    @property
    def answers(self) -> list[Answer]:
        """The answers of all drops."""
        return [answer for drop in self.drops for answer in drop]

    @property
    def p99(self) -> float:
        """Milliseconds for which all but one client in a hundred wait, tries included."""
        return percentile(self.milliseconds, 99)

    @property
    def milliseconds(self) -> list[float]:
        """How long each client waited for an answer that holds, tries included."""
        return [1000 * (answer.ended - answer.began) for answer in self.answers]

    @property
    def wasted(self) -> float:
        """Write units that came to nothing, for each sale: attempts and draws."""
        sold = sum(bool(answer.order_id) for answer in self.answers)
        draws_wasted = max(0, self.bill.draws - sold)
        return (self.bill.units_wasted + draws_wasted) / sold

    def row(self, name: str, one_shard: Run) -> Row:
        """Return the run as a row, beside the run of one shard."""
        seconds, rate = self.seconds_to_sold_out, self.per_second
        return (
            name,
            seconds,
            seconds / one_shard.seconds_to_sold_out,
            rate,
            rate / one_shard.per_second,
            percentile(self.milliseconds, 50),
            self.p99,
            sum(answer.tries - 1 for answer in self.answers),
            self.bill.conflicts,
            self.bill.refused,
            self.bill.draws,
            self.wasted,
        )


def main() -> None:
    """Measure, print and keep."""
    before = machine()
    runs = {weather: {supply: Run([], Bill()) for supply in SUPPLIES} for weather in WEATHERS}
    with an_engine() as engine, quiet():
        for _ in range(ROUNDS):
            for weather, found in runs.items():
                for supply, run in found.items():
                    run.drops.append(_drop(engine, supply, weather=weather, bill=run.bill))
    tables = [_table(weather, found) for weather, found in runs.items()]
    keep("rush", f"A drop that everybody wants ({before})", tables=tables)


def _drop(engine: RunningEngine, supply: str, *, weather: str, bill: Bill) -> list[Answer]:
    """Sell one drop out, and check the books of its mall."""
    mall = a_mall(engine)
    crowd = a_crowd(mall, MEMBERS, points=ORDERS * PRICE)
    reward = mall.reward(PRICE, stock={**SUPPLIES[supply], "units": UNITS})
    # A member's orders are far apart, so that nobody meets on a wallet: this is about stock.
    asks = [Ask(subject, reward, f"key-{n}") for n in range(ORDERS) for subject in crowd]
    with bill.kept(), WEATHERS[weather]():
        answers = rush(at(mall.app), asks, threads=THREADS)
    check_sold(mall, reward, answers, units=UNITS)
    return answers


def _seconds(drop: Sequence[Answer]) -> float:
    return max(answer.ended for answer in drop) - min(answer.began for answer in drop)


def _seconds_to_sold_out(drop: Sequence[Answer]) -> float:
    sold = [answer.ended for answer in drop if answer.order_id]
    return max(sold) - min(answer.began for answer in drop)


def _table(weather: str, runs: Mapping[str, Run]) -> Table:
    one_shard = runs["1 shard"]
    rows = [run.row(name, one_shard) for name, run in runs.items()]
    wasted = runs["dispenser"].wasted
    verdicts = [verdict("units wasted a sale by the dispenser", wasted, aim=UNITS_AIM)]
    for name in ("50 shards", "dispenser") if weather == MEETING else ():
        run = runs[name]
        verdicts += [
            verdict(
                f"waste of {name} beside 1 shard", run.wasted / one_shard.wasted, aim=WASTE_AIM
            ),
            verdict(f"p99 of {name} beside 1 shard", run.p99 / one_shard.p99, aim=WAIT_AIM),
        ]
    return Table(
        weather.capitalize(),
        TEXTS[weather],
        (
            *("supply", "s to sold out", "ratio", "answers /s", "ratio", "p50 ms", "p99 ms"),
            *("sent away", "conflicts", "refused", "draws", "units wasted a sale"),
        ),
        rows,
        verdicts,
    )

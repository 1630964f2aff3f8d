"""One wallet that many spend from at once, beside as many wallets as there are clients.

A member's orders all write one wallet, so one of those under way wins and the others begin again.
Whoever had no luck within the patience of a request is sent away with a 503 and comes back with
the same key: nothing is wrong then, but somebody waits. How often that is says how much a wallet
can bear; how busy the machine is has its part in it, hence no test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.ground import a_mall, an_engine, quiet
from bench.tables import Row, Table, keep, machine, percentile, verdict
from infra.local.engines import RunningEngine
from tests.rush.buying import Answer, Ask, at, rush
from tests.rush.crowd import a_crowd

CLIENTS: Final = 16
ORDERS: Final = 192
"""As many from each client, twelve."""
ROUNDS: Final = 3
PRICE: Final = 1
TEXT: Final = (
    f"{ORDERS} orders by {CLIENTS} threads to the app in this process, of one member or of "
    f"{CLIENTS}, who can pay for all of them; {ROUNDS} rounds of each, in turns. Sent away are "
    "answers of 503, after which the same request came again at once."
)
COLUMNS: Final = ("wallets", "answers /s", "ratio", "p50 ms", "p99 ms", "sent away")


def main() -> None:
    """Measure, print and keep."""
    before = machine()
    runs: dict[int, list[list[Answer]]] = {CLIENTS: [], 1: []}
    with an_engine() as engine, quiet():
        for _ in range(ROUNDS):
            for wallets, found in runs.items():
                found.append(_spend(engine, wallets))
    beside = _per_second(runs[CLIENTS])
    rows = [_row(wallets, found, beside=beside) for wallets, found in runs.items()]
    away = verdict("sent away from one wallet", float(_sent_away(runs[1])), aim=0.0)
    table = Table("Sixteen clients", TEXT, COLUMNS, rows, [away])
    keep("wallet", f"One wallet that many spend from ({before})", tables=[table])


def _spend(engine: RunningEngine, wallets: int) -> list[Answer]:
    """Let everybody order at once; every order is paid for."""
    mall = a_mall(engine)
    crowd = a_crowd(mall, wallets, points=ORDERS * PRICE)
    reward = mall.reward(PRICE)
    asks = [Ask(crowd[n % wallets], reward, f"key-{n}") for n in range(ORDERS)]
    answers = rush(at(mall.app), asks, threads=CLIENTS)
    assert all(answer.order_id for answer in answers)
    return answers


def _row(wallets: int, rounds: Sequence[list[Answer]], *, beside: float) -> Row:
    waits = [1000 * (answer.ended - answer.began) for found in rounds for answer in found]
    rate = _per_second(rounds)
    return (
        str(wallets),
        rate,
        rate / beside,
        percentile(waits, 50),
        percentile(waits, 99),
        _sent_away(rounds),
    )


def _per_second(rounds: Sequence[list[Answer]]) -> float:
    """Return how many orders were placed a second, over all rounds."""
    seconds = sum(
        max(one.ended for one in found) - min(one.began for one in found) for found in rounds
    )
    return sum(map(len, rounds)) / seconds


def _sent_away(rounds: Sequence[list[Answer]]) -> int:
    return sum(answer.tries - 1 for found in rounds for answer in found)

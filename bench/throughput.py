"""Redemptions a second over HTTP, beside the same calls by bare boto3 on the same engine.

The stack is the one that `make run` starts: real tokens, its authorizer, its workers. Clients of
both kinds run in as many processes as the stack has workers, in turns. Every client is a member of
its own, as in life; storms on one wallet are the business of the races.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from app import app
from bench.bare import recorded
from bench.ground import SETTINGS, quiet
from bench.load import BareBuyer, Buyer, Done, hammer
from bench.start import MEMORY_MB_AIM
from bench.tables import Row, Table, keep, machine, percentile, verdict
from chalicelib.kernel.clock import SystemClock
from chalicelib.settings import settings
from infra.local import engines
from infra.local.__main__ import TABLE, WORKERS
from tests.mall import Hands, Mall, a_reward, id_of
from tests.stack.client import Client
from tests.stack.process import StackProcess, a_stack

CLIENTS: Final = (1, 16, 64)
SECONDS: Final = 4.0
ROUNDS: Final = 3
SHARE_AIM: Final = 0.6
P99_MS_AIM: Final = 250.0
LEAD_SECONDS: Final = 0.7
"""Time for all clients to connect before the first of them counts."""
PLENTY: Final = 1_000_000
"""Points that no run spends; as many units of the reward."""
STOCK: Final = {"mode": "counted", "units": PLENTY, "peak_per_second": 256}
"""64 shards."""

Buyers = Sequence[Buyer | BareBuyer]


@dataclass(frozen=True, slots=True)
class Rate:
    """What clients achieved: orders a second, milliseconds of each, and refusals."""

    per_second: float
    milliseconds: list[float]
    others: int


def main() -> None:
    """Measure, print and keep."""
    before = machine()
    with tempfile.TemporaryDirectory() as home, a_stack(Path(home)) as stack:
        bare = _bare_buyers(_endpoint(stack))
        ours = _buyers(stack.client())
        workers = get_context("spawn")
        with ProcessPoolExecutor(WORKERS, mp_context=workers) as processes:
            rates = [_pair(processes, ours[:count], bare=bare[:count]) for count in CLIENTS]
        peaks = [_peak_mb(pid) for pid in stack.children()[1:]]
    keep("throughput", f"Redemptions over HTTP ({before})", tables=[_table(rates, peaks=peaks)])


def _endpoint(stack: StackProcess) -> str:
    """Return where the stack's engine is, by its command line: a stack keeps that to itself."""
    engine, *_ = stack.children()
    words = Path(f"/proc/{engine}/cmdline").read_bytes().split(b"\0")
    port = words[words.index(b"--port") + 1].decode()
    return f"http://{engines.HOST}:{port}"


def _bare_buyers(endpoint: str) -> list[BareBuyer]:
    """Return members made by the product in this process, on the stack's own table."""
    os.environ.update(engines.client_environment(endpoint) | SETTINGS | {"JIFEN_TABLE": TABLE})
    settings.cache_clear()
    with quiet():
        clock = Hands(SystemClock().now())
        app.clock = clock
        mall = Mall(app, clock)
        mall.open()
        mug = mall.reward(points=1, stock=STOCK)
        subjects = [f"bare-{number}" for number in range(max(CLIENTS))]
        members = [mall.member(subject, points=PLENTY) for subject in subjects]
        members[0].post("/orders", {"reward_id": mug}, key="warm")
        with recorded() as calls:
            assert members[0].post("/orders", {"reward_id": mug}, key="recorded").status == 201
    return [BareBuyer(endpoint, calls, id_of(subject)) for subject in subjects]


def _buyers(nobody: Client) -> list[Buyer]:
    """Return members of the stack, with tokens and points."""
    place = urlsplit(nobody.api)
    marketing, till = nobody.person("boss", "marketing"), nobody.till("bench")
    listed = marketing.post("/admin/rewards", a_reward(1, stock=STOCK), key="mug")
    reward = listed.json()["id"]
    buyers: list[Buyer] = []
    for number in range(max(CLIENTS)):
        member = nobody.member(f"buyer-{number}")
        paid = {"amount": PLENTY * 100, "currency": "cny"}
        sold = {"channel": "bench", "purchase_id": f"p-{number}", "member_id": member.member_id}
        assert till.post("/purchases", sold | {"paid": paid}).status_code == 201
        host, port = place.hostname or "", place.port or 0
        buyers.append(Buyer(host, port, member.token, reward, mark=f"b{number}"))
    return buyers


def _pair(processes: ProcessPoolExecutor, ours: Buyers, *, bare: Buyers) -> tuple[Rate, Rate]:
    """Return the rates of both, each the sum of several turns."""
    found: tuple[list[Rate], list[Rate]] = ([], [])
    for turn in range(ROUNDS):
        fresh = [_marked(buyer, len(ours), turn=turn) for buyer in ours]
        found[0].append(_rate(processes, fresh))
        found[1].append(_rate(processes, bare))
    return _together(found[0]), _together(found[1])


def _marked(buyer: Buyer | BareBuyer, clients: int, *, turn: int) -> Buyer | BareBuyer:
    """Return a buyer whose keys are new."""
    if isinstance(buyer, BareBuyer):
        return buyer
    return Buyer(
        buyer.host, buyer.port, buyer.token, buyer.reward, f"{buyer.mark}-{clients}-{turn}"
    )


def _rate(processes: ProcessPoolExecutor, buyers: Buyers) -> Rate:
    parts = [part for part in (buyers[n::WORKERS] for n in range(WORKERS)) if part]
    starts_at = time.time() + LEAD_SECONDS + len(buyers) / 100
    work = [processes.submit(hammer, part, starts_at=starts_at, seconds=SECONDS) for part in parts]
    done: list[Done] = [one for part in work for one in part.result()]
    milliseconds = [1000 * seconds for one in done for seconds in one.seconds]
    return Rate(len(milliseconds) / SECONDS, milliseconds, sum(one.others for one in done))


def _together(rates: Sequence[Rate]) -> Rate:
    milliseconds = [each for rate in rates for each in rate.milliseconds]
    others = sum(rate.others for rate in rates)
    return Rate(sum(rate.per_second for rate in rates) / len(rates), milliseconds, others)


def _peak_mb(pid: int) -> float:
    """Return the most memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _table(rates: Sequence[tuple[Rate, Rate]], *, peaks: Sequence[float]) -> Table:
    rows: list[Row] = []
    for clients, (ours, bare) in zip(CLIENTS, rates, strict=True):
        times = (*_percentiles(ours), *_percentiles(bare))
        share = ours.per_second / bare.per_second
        rows.append((clients, ours.per_second, bare.per_second, share, *times, ours.others))
    ours, bare = rates[CLIENTS.index(16)]
    return Table(
        "Redemptions a second",
        f"{ROUNDS} turns of {SECONDS:.0f} s each: orders over HTTP to the stack of `make run` with "
        f"{WORKERS} workers, and the two calls behind each order (a read of wallet and head, and "
        f"one transaction) by bare boto3 in {WORKERS} processes with as many threads. Clients, "
        "workers and engine share the machine's cores; the client's own work is on our side too. "
        "Others are answers that are not 201.",
        (
            *("clients", "HTTP /s", "bare /s", "share", "HTTP p50 ms", "p99 ms"),
            *("bare p50 ms", "p99 ms", "others"),
        ),
        rows,
        [
            verdict(
                "share of bare boto3 at 16 clients",
                ours.per_second / bare.per_second,
                aim=SHARE_AIM,
                at_least=True,
            ),
            verdict("p99 at 16 clients in ms", _percentiles(ours)[1], aim=P99_MS_AIM),
            verdict("peak memory of a worker in MB", max(peaks), aim=MEMORY_MB_AIM),
        ],
    )


def _percentiles(rate: Rate) -> tuple[float, float]:
    return percentile(rate.milliseconds, 50), percentile(rate.milliseconds, 99)

"""The whole handler, from the gateway's event to its answer, beside bare boto3.

Both make the same calls on the same items and engine, in turns, so that whatever else the machine
does hits both. Keys are new each time; the members, their wallets and the reward stay.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app import app
from bench.bare import Bare, Calls, bare_client, recorded
from bench.ground import a_mall, an_engine, quiet
from bench.layers import WAITING, Samples, sampled
from bench.tables import Row, Table, keep, machine, percentile, verdict
from tests.events import Api, an_event
from tests.mall import Mall, a_purchase, id_of
from tests.priced import COUNTED

ROUNDS: Final = 400
WARM_UP: Final = 30
RATIO_AIM: Final = 1.3
EXTRA_MS_AIM: Final = 1.5
PLENTY: Final = 1_000_000
"""Points that no run spends."""

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contest:
    """One route: its events, each new, and the same calls without the product."""

    route: str
    event: Callable[[int], Event]
    bare: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each round."""

    ours: list[float]
    bare: list[float]


def main() -> None:
    """Measure, print and keep."""
    before = machine()
    with an_engine() as engine:
        with quiet():
            mall = a_mall(engine)
            contests = _contests(mall, bare_client(engine.endpoint))
            times = {contest.route: _fought(contest) for contest in contests}
            samples = _sampled(contests[0])
        orders = times[contests[0].route]
        tables = [_compared(times), _broken_down(samples, orders)]
        keep("handler", f"The handler on {engine.kind} ({before})", tables=tables)


def _contests(mall: Mall, client: Any) -> list[Contest]:
    mug = mall.reward(points=1, stock={**COUNTED, "units": 10_000, "peak_per_second": 64})
    ours, theirs = (mall.member(name, points=PLENTY) for name in ("ours", "theirs"))
    body = {"reward_id": mug}

    def order(number: int) -> Event:
        return _event(ours, "POST /orders", body=body, key=f"order-{number}")

    def purchase(number: int) -> Event:
        return _event(mall.till, "POST /purchases", body=a_purchase("ours", 50, f"h-{number}"))

    def wallet(_: int) -> Event:
        return _event(ours, "GET /me/wallet")

    theirs.post("/orders", body, key="warm")
    their_id = id_of("theirs")
    return [
        Contest("POST /v1/orders", order, Bare(client, _calls(order), member_id=their_id)),
        Contest("POST /v1/purchases", purchase, Bare(client, _calls(purchase), member_id=their_id)),
        Contest("GET /v1/me/wallet", wallet, Bare(client, _calls(wallet), member_id=their_id)),
    ]


def _event(api: Api, request: str, **sent: Any) -> Event:
    method, path = request.split()
    return an_event(app, method, "/v1" + path, caller=api.caller, **sent)


def _calls(event: Callable[[int], Event]) -> Calls:
    with recorded() as calls:
        _succeed(event(-1))
    return calls


def _succeed(event: Mapping[str, Any]) -> None:
    answer = app(event, None)
    assert answer["statusCode"] in {200, 201}, answer["body"]


def _fought(contest: Contest) -> Times:
    """Time both in turns; the first rounds warm up and do not count."""
    times = Times([], [])
    gc.collect()
    for number in range(WARM_UP + ROUNDS):
        event = contest.event(number)
        begun = time.perf_counter()
        _succeed(event)
        middle = time.perf_counter()
        contest.bare()
        ended = time.perf_counter()
        if number >= WARM_UP:
            times.ours.append(1000 * (middle - begun))
            times.bare.append(1000 * (ended - middle))
    return times


def _sampled(contest: Contest) -> Samples:
    events = [contest.event(number) for number in range(10_000, 10_000 + ROUNDS)]
    with sampled() as samples:
        for event in events:
            _succeed(event)
    return samples


def _compared(times: Mapping[str, Times]) -> Table:
    rows: list[Row] = []
    for route, both in times.items():
        for name, at in (("p50", 50), ("p90", 90), ("p99", 99)):
            ours, bare = percentile(both.ours, at), percentile(both.bare, at)
            rows.append((route, name, ours, bare, ours / bare, ours - bare))
    orders = times["POST /v1/orders"]
    ours, bare = statistics.median(orders.ours), statistics.median(orders.bare)
    return Table(
        "Beside bare boto3",
        f"Milliseconds of {ROUNDS} requests each, in turns in one process: the product's handler "
        "with the parsing, rules, conditions, journal chain and log line of every request, and "
        "bare boto3 sending the same calls. The engine answers in both, so a slower engine makes "
        "the ratio smaller and leaves the milliseconds more as they are.",
        ("route", "", "product ms", "bare ms", "ratio", "ms more"),
        rows,
        [
            verdict("POST /v1/orders at p50, ratio", ours / bare, aim=RATIO_AIM),
            verdict("POST /v1/orders at p50, ms more", ours - bare, aim=EXTRA_MS_AIM),
        ],
    )


def _broken_down(samples: Samples, times: Times) -> Table:
    mean = statistics.mean(times.ours)
    rows = [(layer, 100 * share, share * mean) for layer, share in samples.shares()]
    ours = sum(share for layer, share in samples.shares() if layer != WAITING)
    return Table(
        "Where the time of POST /v1/orders goes",
        f"{sum(samples.counts.values()):,} looks at the stack, one each half millisecond, in "
        f"{ROUNDS} orders; shares of the time, and of the mean of {mean:.2f} ms. Without the "
        f"engine {100 * ours:.0f} % remain, of which botocore's part is paid by bare boto3 too.",
        ("layer", "%", "ms"),
        rows,
    )

"""A storm between the app and its engine: microburst, a proxy that speaks AWS's protocols.

    with a_storm(engine.endpoint, log=path) as storm:
        with storm.raging():
            …                           # whoever calls its endpoint suffers
        assert storm.fired()["reset"]

What it does to a call: a conflict or a throttle in AWS's own words, a hang past our time-out, a
connection reset before the engine hears of it, or an answer cut off when the engine has done its
work. It stands outside the process, so worker processes suffer as the tests' own do. Its dice take
no seed: a failure is told by its log, not repeated. The price: half a second to start, and half a
millisecond a call.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
from typing import Any, Final

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from infra.local import engines
from infra.local.engines import HOST, LAUNCHER, REGION

START_SECONDS: Final = 60.0
NAME: Final = "localhost"
"""By a name without a dot: a host with one makes the proxy read the models of all of AWS first, to
look for a service in it, which takes 3 s and half a gigabyte."""
POLL_SECONDS: Final = 0.02
HANG_MS: Final = 2_500
"""Longer than our clients wait for an answer (`READ_SECONDS`)."""
ITEMS_OF_AN_ORDER: Final = range(3, 9)
"""Items of the transactions here; a cancellation tells as many reasons as there were items."""

Rule = Mapping[str, Any]


def _cancelled(items: int, reason: str, *, probability: float) -> Rule:
    """Return the rule that cancels transactions of so many items; the last item is to blame."""
    reasons = [{"Code": "None"}] * (items - 1) + [{"Code": reason, "Message": "injected"}]
    return {
        "service": "dynamodb",
        "operation": "TransactWriteItems",
        "body": f"length(TransactItems)==`{items}`",
        "probability": probability,
        "error": {
            "code": "TransactionCanceledException",
            "status": 400,
            "message": f"Transaction cancelled: {reason}",
            "fields": {"CancellationReasons": reasons},
        },
    }


def _throttled(*, probability: float) -> Rule:
    code = "ProvisionedThroughputExceededException"
    return {"service": "dynamodb", "probability": probability, "error": {"code": code}}


RULES: Final[Sequence[Rule]] = [
    *(_cancelled(items, "TransactionConflict", probability=0.10) for items in ITEMS_OF_AN_ORDER),
    *(_cancelled(items, "ThrottlingError", probability=0.03) for items in ITEMS_OF_AN_ORDER),
    _throttled(probability=0.03),
    {"service": "dynamodb", "probability": 0.02, "reset": True},
    {"service": "dynamodb", "probability": 0.002, "timeout_ms": HANG_MS},
    {"service": "dynamodb", "probability": 0.03, "response": {"abort_frac": 0.1}},
]
"""Each call suffers by the first rule that fires: about one in twelve, of transactions one in five.

Hangs are rare because each costs its client a request: its patience is 3 s.
"""
FAULTS: Final = frozenset(
    {
        "error:TransactionCanceledException",
        "error:ProvisionedThroughputExceededException",
        "reset",
        f"timeout:{HANG_MS}ms",
        "response:abort",
    }
)
"""The names under which the proxy counts them."""


@dataclass(frozen=True, slots=True)
class Storm:
    """A running proxy."""

    endpoint: str
    process: Popen[bytes]

    @contextmanager
    def raging(self) -> Iterator[None]:
        """Let every rule rage for the length of a block."""
        self._rule(RULES)
        try:
            yield
        finally:
            self._rule([])

    def fired(self) -> Counter[str]:
        """Return how often which fault has fired."""
        told = httpx.get(f"{self.endpoint}/_microburst/stats", trust_env=False).json()
        counted: Counter[str] = Counter()
        for rule in told["by_rule"]:
            counted[rule["describe"]] += rule["fired"]
        return counted

    def _rule(self, rules: Sequence[Rule]) -> None:
        url = f"{self.endpoint}/_microburst/rules"
        httpx.post(url, json=rules, trust_env=False).raise_for_status()


@contextmanager
def a_storm(upstream: str, *, log: Path) -> Iterator[Storm]:
    """Run a proxy in front of an engine for the length of a block; it begins calm."""
    port = engines.free_port()
    command = [
        *(sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid())),
        *(sys.executable, "-m", "microburst", "--upstream", upstream),
        *("--host", HOST, "--port", str(port)),
    ]
    with log.open("wb") as sink, Popen(command, stdin=DEVNULL, stdout=sink, stderr=STDOUT) as proxy:
        try:
            yield Storm(_warm(f"http://{NAME}:{port}", proxy), proxy)
        finally:
            proxy.kill()


def _warm(endpoint: str, proxy: Popen[bytes]) -> str:
    """Return the endpoint once a first call went through."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(
            account_id_endpoint_mode="disabled",
            read_timeout=START_SECONDS,
            retries={"total_max_attempts": 1},
        ),
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert proxy.poll() is None, "the proxy ended while starting"
        with suppress(EndpointConnectionError):
            client.list_tables()
            return endpoint
        time.sleep(POLL_SECONDS)
    raise AssertionError("the proxy is still not listening")

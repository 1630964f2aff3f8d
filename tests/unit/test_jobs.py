"""Jobs: one that fails for one thing goes on with the others, and says so in the end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import pytest

from chalicelib.gateways.payments.account import NoPayments
from chalicelib.gateways.payments.port import Payments
from chalicelib.storage.work import Work
from chalicelib.web.house import House
from chalicelib.web.jobs import Jobs, SomeFailed
from chalicelib.web.sweeping import in_a_row
from infra.local import jobs
from infra.local.engines import ROOT
from tests.crashes import Hours, Loaded
from tests.mall import Hands

NOW: Final = datetime(2026, 11, 21, 4, tzinfo=UTC)
BARE: Final = """
import json, app
function = app.end_overdue_orders
print(json.dumps({"name": function.handler_type if hasattr(function, "handler_type") else "job",
                  "known": sorted(app.app.handler_map)}))
"""


def an_app(ran: list[Work], *names: str) -> House:
    """Return an app with one job, which does something for each name and fails for "bad"."""
    ours = Jobs()

    def act(name: str) -> Mapping[str, int]:
        if name == "bad":
            raise ValueError(name)
        return {}

    @ours.every("rate(1 hour)", name="the-job")
    def run(work: Work, _: Payments) -> Mapping[str, int]:
        ran.append(work)
        return in_a_row(names, act=act)

    app = House("jobs", clock=Hands(NOW))
    app.payments = lambda: cast(Payments, NoPayments())
    app.register_blueprint(ours)
    return app


def test_a_job_is_given_the_houses_instant_dice_and_patience_and_no_deadline() -> None:
    ran: list[Work] = []
    late = NOW - timedelta(minutes=30)
    app, hours = an_app(ran, "good"), Hours()
    app.dice, app.pause, app.elapsed = Loaded(), hours.pause, hours.elapsed
    jobs.run(app, "the-job", now=late)
    assert ran == [Work(NOW, app.dice, pause=hours.pause, elapsed=hours.elapsed, deadline=None)]


def test_what_fails_holds_up_nobody_else_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SomeFailed):
        jobs.run(an_app([], "a", "bad", "b"), "the-job", now=NOW)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in told] == ["job failed for one", "job"]
    assert (told[0]["about"], told[0]["error"]) == ("bad", "ValueError")
    assert (told[1]["done"], told[1]["failed"]) == (2, 1)


def test_a_job_deploys_as_a_function_of_the_app() -> None:
    """In a fresh interpreter, as Lambda starts it: what the handler names is there."""
    told = subprocess.run([sys.executable, "-c", BARE], cwd=ROOT, capture_output=True, check=True)
    assert "order-deadlines" in json.loads(told.stdout)["known"]

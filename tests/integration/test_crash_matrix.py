"""Every use case under every fault at every call, and again inside the recovery.

One test is one use case on a table of its own; `tests.crashes` runs its cells and judges them, and
`tests.crash_entries` lists them. Which routes and jobs there are is the app's word, how many cells
follows from the calls that are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app import app
from chalicelib.ledger.wallets.store import WAKE as WALLET
from chalicelib.outreach.notices.store import WAKE as NOTICE
from chalicelib.redeem.orders.store import REVIEW
from chalicelib.redeem.refunds.store import WAKE as REFUND
from chalicelib.storage import wakes
from chalicelib.storage.work import Work
from infra.local.background import queues_of
from infra.local.jobs import schedules
from tests.campaigns import begun, doubling
from tests.crash_entries import (
    DISPUTES,
    JOBS,
    MEMBERS_READ,
    OF_A_DAY,
    OPERATORS_READ,
    QUESTIONS,
    QUEUES,
    WITHOUT_TABLE,
    WRITES,
    Entry,
)
from tests.crash_requests import ADDRESS, CODED, LIMITED, POINTS, PRICE, SCARCE, Clients
from tests.crashes import READ, Hours, Loaded, Matrix, UseCase
from tests.events import ADMIN, Api
from tests.invariants import check_all
from tests.mall import Mall, id_of, made
from tests.orders import load_codes
from tests.outbox import telling
from tests.rights import within_rights
from tests.stripes import taking_money


@pytest.fixture
def clients(mall: Mall, tmp_path: Path) -> Iterator[Clients]:
    """Return clients of a mall where waiting takes no time and chance is always the same."""
    hours = Hours()
    before = (app.pause, app.elapsed, app.dice)
    app.pause, app.elapsed, app.dice = hours.pause, hours.elapsed, Loaded()
    # The first member of all fixes the zone; that is not what a client does.
    mall.member("first")
    with taking_money(mall, tmp_path) as stripe, within_rights(app):
        yield Clients(mall, stripe)
    app.pause, app.elapsed, app.dice = before


def test_every_operation_and_every_job_is_in_the_matrix() -> None:
    writes = {entry.route for entry in WRITES.values() if not entry.route.startswith("GET ")}
    reads = {template_of(path) for path in (*MEMBERS_READ, *OPERATORS_READ)}
    routes = {endpoint.route for endpoint in app.endpoints()}
    assert writes | set(QUESTIONS) | reads | WITHOUT_TABLE == routes
    assert JOBS.keys() | OF_A_DAY == schedules(app).keys()
    assert QUEUES.keys() == {source.name for source in queues_of(app)}


@pytest.mark.parametrize("name", WRITES)
def test_a_use_case_survives_every_fault(clients: Clients, name: str) -> None:
    survive(clients, name, WRITES[name])


def test_wallets_are_looked_after_under_every_fault(clients: Clients) -> None:
    """Killed at every step and run again, it books and reminds once."""
    survive(clients, "expiry", JOBS["expiry"])
    work = Work(clients.mall.clock.now())
    assert wakes.due_by(work, WALLET, day=date(2028, 12, 1), limit=1).items == []


def test_overdue_orders_end_under_every_fault(clients: Clients) -> None:
    survive(clients, "order-deadlines", JOBS["order-deadlines"])
    left = wakes.waiting(Work(clients.mall.clock.now()), REVIEW, limit=1)
    assert left.items == []


def test_unfinished_refunds_are_finished_under_every_fault(clients: Clients) -> None:
    survive(clients, "unfinished-refunds", JOBS["unfinished-refunds"])
    left = wakes.waiting(Work(clients.mall.clock.now()), REFUND, limit=1)
    assert left.items == []


@pytest.mark.parametrize("name", QUEUES)
def test_what_works_off_a_queue_survives_every_fault(clients: Clients, name: str) -> None:
    survive(clients, name, QUEUES[name])


@pytest.mark.parametrize("name", DISPUTES)
def test_a_dispute_is_followed_under_every_fault(clients: Clients, name: str) -> None:
    survive(clients, name, DISPUTES[name])


def test_held_notices_are_sent_under_every_fault(clients: Clients) -> None:
    with telling(clients.mall) as outbox:
        survive(clients, "held-notices", JOBS["held-notices"])
    left = wakes.waiting(Work(clients.mall.clock.now()), NOTICE, limit=1)
    assert left.items == []
    told = {message.to for message in outbox.sent}
    assert len(told) == len({message.key for message in outbox.sent})


@pytest.mark.parametrize("route", QUESTIONS)
def test_a_question_survives_every_fault_and_writes_nothing(clients: Clients, route: str) -> None:
    send = QUESTIONS[route](clients)
    Matrix(UseCase(route, lambda: send, again=200, reads=True, seconds=READ)).run()


@pytest.mark.parametrize("path", [*MEMBERS_READ, *OPERATORS_READ])
def test_a_read_survives_every_fault_and_writes_nothing(clients: Clients, path: str) -> None:
    mall = clients.mall
    coded = "{import}" in path
    reward = mall.reward(PRICE, **(CODED if coded else SCARCE), **LIMITED)
    imported = load_codes(mall, reward, ["FIRST-1", "SECOND-2"])["id"] if coded else ""
    lin = mall.member("lin", points=POINTS)
    order = made(lin.post("/orders", {"reward_id": reward, "address": ADDRESS}, key="k"), 201)
    campaign = begun(mall, doubling(budget=POINTS)) if "{campaign}" in path else ""
    asked = {"member_id": id_of("lin"), "points": 5_000, "reason": "Miscounted."}
    named = {
        "adjustment": made(mall.support.post("/admin/adjustments", asked, key="k"), 201)["id"],
        "campaign": campaign,
        "reward": reward,
        "member": id_of("lin"),
        "order": order["id"],
        "import": imported,
    }
    told = path.format_map(named)
    api = lin if path in MEMBERS_READ else Api(app, ADMIN)
    Matrix(UseCase(path, lambda: lambda: api.get(told), again=200, reads=True, seconds=READ)).run()


def survive(clients: Clients, name: str, entry: Entry) -> None:
    """Run a use case under every fault; then everything adds up."""
    case = UseCase(
        name,
        lambda: entry.prepare(clients),
        again=entry.again,
        masks=entry.masks,
        seconds=entry.seconds,
    )
    matrix = Matrix(case)
    matrix.run()
    check_all(matrix.work)


def template_of(path: str) -> str:
    """Return the route that one of these paths is of."""
    ids = ("adjustment", "campaign", "reward", "member", "order")
    names = dict.fromkeys(ids, "{id}") | {"import": "{import}"}
    return f"GET /v1{path.format_map(names)}"

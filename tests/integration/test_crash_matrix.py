"""Every use case under every fault at every call, and again inside the recovery.

One test is one use case on a table of its own; `tests.crashes` runs its cells and judges them.
Which routes there are is the app's word, how many cells follows from the calls that are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest

from app import app
from tests import crash_requests as requests
from tests.crash_requests import ADDRESS, LIMITED, POINTS, PRICE, SCARCE, Clients
from tests.crashes import Hours, Loaded, Matrix, Send, UseCase
from tests.events import ADMIN, Api
from tests.invariants import check_all
from tests.mall import Mall, id_of, made

Prepare = Callable[[Clients], Send]
Masks = tuple[tuple[str, str], ...]

VERSIONS: Final[Masks] = (
    (r'(version\\?)": ?[0-9]+', r"\1"),
    (r"D#program#[0-9]{12}", "D#program#"),
    (r'^"[0-9]+"$', "tag"),
)
"""What counts a document's versions, which all clients share."""
FREE_UNITS: Final[Masks] = ((r'("f": {"N": )"[0-9]+"', r"\1"),)
"""Units that are left of a reward, which all clients share; the invariants add them up."""
NUMBERS: Final[Masks] = (
    (r'{"N": "-?[0-9]+"}', "number"),
    (r'"(made|free|balance)": [0-9]+', r"\1"),
    (r"J#[0-9]{12}", "J#"),
)
"""Of a member, a purchase or a reward that all clients share; the invariants add them up."""

WRITES: Final[Mapping[str, tuple[str, int, Prepare, Masks]]] = {
    "enrol": ("POST /v1/me", 200, requests.enrol, ()),
    "enrol at a till": ("POST /v1/members", 409, requests.enrol_at_till, ()),
    "a wrong code": ("POST /v1/members/resolve", 404, requests.resolve_wrongly, ()),
    "settings": ("PUT /v1/admin/program", 412, requests.change_program, VERSIONS),
    "create a reward": ("POST /v1/admin/rewards", 201, requests.create_reward, ()),
    "edit a reward": ("PUT /v1/admin/rewards/{id}", 412, requests.edit_reward, ()),
    "add stock": ("POST /v1/admin/rewards/{id}/stock", 200, requests.add_stock, NUMBERS),
    "add shards": ("POST /v1/admin/rewards/{id}/stock", 200, requests.add_stock_and_shards, ()),
    "purchase": ("POST /v1/purchases", 200, requests.purchase, ()),
    "refund": (
        "POST /v1/purchases/{channel}/{purchase_id}/refunds",
        200,
        requests.refund,
        NUMBERS,
    ),
    "redeem": ("POST /v1/orders", 201, requests.redeem, NUMBERS),
    "redeem to an address": ("POST /v1/orders", 201, requests.redeem_to_an_address, FREE_UNITS),
    "redeem from shards": ("POST /v1/orders", 201, requests.redeem_from_shards, NUMBERS),
    "freeze": ("POST /v1/admin/members/{id}/freeze", 200, requests.freeze, ()),
    "thaw": ("POST /v1/admin/members/{id}/thaw", 200, requests.thaw, ()),
}
"""Every use case that writes: its route, the status of its request sent again, who sends it."""

QUESTIONS: Final[Mapping[str, Prepare]] = {
    "POST /v1/members/resolve": requests.resolve_rightly,
    "POST /v1/orders/quote": requests.quote_order,
    "POST /v1/earn/quote": requests.quote_purchase,
}
"""Operations that are no GET and write nothing, or nothing when all is well."""

MEMBERS_READ: Final = (
    "/me",
    "/me/code",
    "/me/wallet",
    "/me/journal",
    "/me/catalog",
    "/orders",
    "/orders/{order}",
    "/catalog",
    "/rewards/{reward}",
)
OPERATORS_READ: Final = (
    "/admin/audit",
    "/admin/program",
    "/admin/members/{member}",
    "/admin/members/{member}/wallet",
    "/admin/members/{member}/journal",
    "/admin/members/{member}/verify",
    "/admin/rewards",
    "/admin/rewards/{reward}",
    "/admin/rewards/{reward}/stock",
)
WITHOUT_TABLE: Final = frozenset({"GET /v1/health", "GET /v1/openapi.json"})
"""Operations that read nothing from the table."""


@pytest.fixture
def clients(mall: Mall) -> Iterator[Clients]:
    """Return clients of a mall where waiting takes no time and chance is always the same."""
    hours = Hours()
    before = (app.pause, app.elapsed, app.dice)
    app.pause, app.elapsed, app.dice = hours.pause, hours.elapsed, Loaded()
    # The first member of all fixes the zone; that is not what a client does.
    mall.member("first")
    yield Clients(mall)
    app.pause, app.elapsed, app.dice = before


def test_every_operation_is_in_the_matrix() -> None:
    writes = {route for route, *_ in WRITES.values()}
    reads = {template_of(path) for path in (*MEMBERS_READ, *OPERATORS_READ)}
    routes = {endpoint.route for endpoint in app.endpoints()}
    assert writes | set(QUESTIONS) | reads | WITHOUT_TABLE == routes


@pytest.mark.parametrize("name", WRITES)
def test_a_use_case_survives_every_fault(clients: Clients, name: str) -> None:
    _, again, prepare, masks = WRITES[name]
    matrix = Matrix(UseCase(name, lambda: prepare(clients), again=again, masks=masks))
    matrix.run()
    check_all(matrix.work)


@pytest.mark.parametrize("route", QUESTIONS)
def test_a_question_survives_every_fault_and_writes_nothing(clients: Clients, route: str) -> None:
    send = QUESTIONS[route](clients)
    Matrix(UseCase(route, lambda: send, again=200, reads=True)).run()


@pytest.mark.parametrize("path", [*MEMBERS_READ, *OPERATORS_READ])
def test_a_read_survives_every_fault_and_writes_nothing(clients: Clients, path: str) -> None:
    mall = clients.mall
    reward = mall.reward(PRICE, **SCARCE, **LIMITED)
    lin = mall.member("lin", points=POINTS)
    order = made(lin.post("/orders", {"reward_id": reward, "address": ADDRESS}, key="k"), 201)
    told = path.format(reward=reward, member=id_of("lin"), order=order["id"])
    api = lin if path in MEMBERS_READ else Api(app, ADMIN)
    Matrix(UseCase(path, lambda: lambda: api.get(told), again=200, reads=True)).run()


def template_of(path: str) -> str:
    """Return the route that one of these paths is of."""
    names = dict.fromkeys(("reward", "member", "order"), "{id}")
    return f"GET /v1{path.format_map(names)}"

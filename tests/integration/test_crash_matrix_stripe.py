"""Every use case that asks Stripe, under every fault at every such call, and in the recovery.

The table is never spoiled here; `test_crash_matrix.py` does that, with a Stripe that never fails.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

import chalicelib
from chalicelib.storage.work import Work
from tests.crash_requests import Clients
from tests.invariants import check_all
from tests.mall import Mall
from tests.rights import within_rights
from tests.stripe_crash_entries import ENTRIES, GATEWAY
from tests.stripe_crashes import Matrix, Spoilt, nobody_paid_twice
from tests.stripes import taking_money

REDEEM = Path(chalicelib.__file__).parent / "redeem"
ELSEWHERE = frozenset({"reconciliation", "statements", "amends"})
"""Rooms whose crashes are in `tests/api/test_reconciliation.py`, call by call."""

SPOILT: Final[Mapping[str, str]] = {
    "place": "create_intent intents_of get_intent",
    "look when it was paid": "get_intent",
    "the deadline": "get_intent cancel_intent",
    "the deadline of a payment made in secret": "create_intent get_intent cancel_intent",
    "the deadline of a payment made long ago": "intents_of get_intent cancel_intent",
    "cancel what was not paid": "get_intent cancel_intent",
    "cancel what was just paid": "get_intent create_refund refunds_of",
    "cancel what was paid": "create_refund refunds_of",
    "refund cash": "create_refund refunds_of",
    "refund what is left": "create_refund refunds_of get_intent",
    "unfinished refunds": "create_refund refunds_of",
    "unfinished refunds of yesterday": "refunds_of",
    "unfinished refunds at a slow bank": "get_refund",
    "hear of a payment": "get_intent",
    "hear of late money": "get_intent",
    "hear of money for a cancelled order": "get_intent create_refund refunds_of",
    "hear of a failed refund": "get_refund",
    "hear of a strange refund": "get_refund get_intent",
    "hear of a dispute": "get_dispute get_intent refunds_of",
    "hear of a lost dispute": "get_dispute get_intent refunds_of",
}
"""Which methods of the seam each use case calls, its recoveries included: all are spoiled."""
CALLS: Final = {name: {GATEWAY[one] for one in said.split()} for name, said in SPOILT.items()}


@pytest.fixture
def clients(mall: Mall, tmp_path: Path) -> Iterator[Clients]:
    """Return clients of a mall whose money goes to a local Stripe."""
    mall.member("first")
    with taking_money(mall, tmp_path) as stripe, within_rights(mall.app):
        yield Clients(mall, stripe)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_use_case_survives_every_fault_of_stripe(clients: Clients, name: str) -> None:
    """However a call fails: nobody pays twice, nothing is released and paid, all comes back."""
    http, app = Spoilt(clients.stripe), clients.mall.app
    payments, before = clients.stripe.payments(http=http), app.payments
    app.payments = lambda: payments
    try:
        matrix = Matrix(clients, http, ENTRIES[name])
        calm = matrix.run()
    finally:
        app.payments = before
    assert set(calm.made) <= matrix.spoilt == CALLS[name], "a call was not spoiled"
    nobody_paid_twice(clients)
    check_all(Work(clients.mall.clock.now()))


def test_every_call_to_stripe_is_in_the_matrix() -> None:
    """What the program asks of the seam is the source's word, what is spoiled the test's above."""
    used = {
        method for room in REDEEM.iterdir() if room.name not in ELSEWHERE for method in asked(room)
    }
    assert used == set(GATEWAY)
    assert set().union(*CALLS.values()) == set(GATEWAY.values())
    assert CALLS.keys() == ENTRIES.keys()


def asked(room: Path) -> Iterator[str]:
    """Yield the methods of the seam that the modules of a room call."""
    for path in room.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="payments"), attr=method)):
                    yield method

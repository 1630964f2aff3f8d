"""The stack's own Stripe: where it is, how an order is paid there, and that it forgets nothing.

What becomes of an order that was paid there stands in `test_paid_orders`.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from tests.stack.process import a_stack, until
from tests.stack.till import Till, till_of
from tests.stripes import KEY, a_client

_numbers: Final = count(1)


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    with a_stack(tmp_path_factory.mktemp("till")) as stack:
        yield till_of(stack)


def an_order() -> str:
    return f"ord_{next(_numbers):020}"


@pytest.mark.parametrize(
    ("card", "status"),
    [
        ("ok", "succeeded"),
        ("declined", "requires_payment_method"),
        ("requires_action", "requires_action"),
        ("disputed", "succeeded"),
    ],
)
def test_an_order_is_paid_as_a_customer_would(till: Till, card: str, status: str) -> None:
    order_id = an_order()
    intent = till.payment(order_id)
    answer = till.pay(order_id, card)
    assert (answer.status_code, answer.json()) == (200, {"status": status})
    found = a_client(KEY, till.stripe).v1.payment_intents.retrieve(intent.id)
    assert found.status == status


def test_a_declined_order_can_be_paid_again_and_a_paid_one_stays_paid(till: Till) -> None:
    order_id = an_order()
    till.payment(order_id)
    statuses = [till.pay(order_id, card).json()["status"] for card in ("declined", "ok", "ok")]
    assert statuses == ["requires_payment_method", "succeeded", "succeeded"]


@pytest.mark.parametrize(
    ("order_id", "body", "status"),
    [
        ("ord_99999999999999999999", {"card": "ok"}, 404),
        ("nothing", {"card": "ok"}, 404),
        ("ord_99999999999999999999", {"card": "gold"}, 422),
        ("ord_99999999999999999999", {}, 422),
        ("ord_99999999999999999999", {"card": "ok", "tip": 5}, 422),
    ],
)
def test_what_cannot_be_paid_is_a_problem(
    till: Till, order_id: str, body: dict[str, Any], status: int
) -> None:
    answer = till.client.ask(f"/pay/{order_id}", body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == status


def test_paying_needs_json_and_a_post(till: Till) -> None:
    url = f"{till.client.control}/pay/{an_order()}"
    assert till.client.http.post(url, content=b"{}").status_code == 415
    assert till.client.http.get(url).headers["allow"] == "POST"


def test_payments_carry_the_programs_time(till: Till) -> None:
    before = till.payment(an_order()).created
    till.client.ask("/clock", {"advance": "P2D"})
    assert till.payment(an_order()).created - before >= 2 * 86_400


def test_the_webhook_goes_to_the_api_with_a_secret_of_its_own(till: Till) -> None:
    webhook = till.client.http.get(f"{till.stripe}/local/webhook").json()
    assert webhook["url"] == f"{till.client.api}/webhooks/stripe"
    environment = json.loads((till.stack.home / "environment.json").read_text())
    assert ",".join(webhook["secrets"]) == environment["JIFEN_STRIPE_WEBHOOK_SECRETS"]
    assert environment["JIFEN_STRIPE_BASE"] == till.stripe


def test_a_stripe_that_dies_is_replaced_and_forgets_nothing(tmp_path: Path) -> None:
    with a_stack(tmp_path) as stack:
        till = till_of(stack)
        intent = till.payment(an_order())
        _, process, *_ = stack.children()
        os.kill(process, signal.SIGKILL)
        until(lambda: len(stack.children()) == 4 and process not in stack.children())
        again = a_client(KEY, till.stripe).v1.payment_intents.retrieve(intent.id)
        assert again.to_dict() == intent.to_dict()
    with a_stack(tmp_path) as stack:
        after = a_client(KEY, till_of(stack).stripe).v1.payment_intents.retrieve(intent.id)
        assert after.to_dict() == intent.to_dict()

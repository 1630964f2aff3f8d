"""The local Stripe remembers and forgets as the real one, and fails or moves on when it is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe

from chalicelib.gateways.payments.errors import Unclear
from chalicelib.kernel.errors import Unavailable
from infra.local.exchange import Request
from infra.local.stripe.pay import Cashier
from infra.local.stripe.refused import Refused
from infra.local.stripe.wire import decode
from tests.stripes import ORDER, a_payment, a_stripe


def test_what_it_knows_survives_a_restart_answers_by_key_included(tmp_path: Path) -> None:
    with a_stripe(tmp_path) as local:
        intent = local.payments().create_intent(a_payment())
        local.spoil("error_kept")
        with pytest.raises(Unclear):
            local.payments().create_intent(a_payment(attempt=2))
    with a_stripe(tmp_path) as again:
        payments = again.payments()
        assert payments.create_intent(a_payment()) == intent
        with pytest.raises(Unclear):
            payments.create_intent(a_payment(attempt=2))
        assert payments.cancel_intent(intent.id).id == intent.id


def test_events_are_told_for_thirty_days(tmp_path: Path) -> None:
    with a_stripe(tmp_path) as local:
        local.payments().create_intent(a_payment())
        events = local.client().v1.events
        (event,) = events.list().data
        local.clock.advance(days=30)
        assert [one.id for one in events.list().data] == [event.id]
        assert events.retrieve(event.id).id == event.id
        local.clock.advance(seconds=1)
        assert events.list().data == []
        with pytest.raises(stripe.InvalidRequestError):
            events.retrieve(event.id)


def test_an_authentication_is_done_or_failed_by_a_lever(tmp_path: Path) -> None:
    with a_stripe(tmp_path) as local:
        payments = local.payments()
        intent = payments.create_intent(a_payment())
        for is_done, status in ((False, "requires_payment_method"), (True, "succeeded")):
            assert local.pay(intent, "requires_action") == "requires_action"
            told = local.lever(f"payment_intents/{intent.id}", {"is_done": is_done})
            assert told["status"] == status
        assert payments.get_intent(intent.id).received == intent.cash


def test_a_slow_bank_answers_by_a_lever(tmp_path: Path) -> None:
    with a_stripe(tmp_path) as local:
        payments = local.payments()
        intent = payments.create_intent(a_payment())
        assert local.pay(intent, "processing") == "processing"
        local.lever(f"payment_intents/{intent.id}", {"is_done": False})
        assert local.pay(intent, "processing") == "processing"
        local.lever(f"payment_intents/{intent.id}", {"is_done": True})
        assert payments.get_intent(intent.id).status == "succeeded"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("pay/ord_nobody", {"card": "ok"}, 404),
        (f"pay/{ORDER}", {"card": "gold"}, 422),
        ("payment_intents/pi_nobody", {"is_done": True}, 404),
        ("refunds/re_nobody", {"is_done": True}, 404),
        ("disputes/du_nobody", {"is_done": True}, 404),
        ("faults", {"kind": "earthquake"}, 422),
        ("faults", {"kind": "error", "times": 0}, 422),
        ("nothing", {}, 404),
    ],
)
def test_a_lever_that_is_not_there_or_not_understood_is_refused(
    tmp_path: Path, path: str, body: dict[str, Any], status: int
) -> None:
    with a_stripe(tmp_path) as local:
        answer = local.http.post(f"{local.base}/local/{path}", json=body)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json", "Host": "jifen.example"}, 403),
    ],
)
def test_a_foreign_page_pulls_no_lever(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    with a_stripe(tmp_path) as local:
        url = f"{local.base}/local/webhook"
        answer = local.http.post(url, content=b'{"is_paused": true}', headers=headers)
        assert answer.status_code == status
        assert not local.lever("webhook")["is_paused"]


def test_without_a_stripe_there_is_nowhere_to_pay() -> None:
    body = b'{"card": "ok"}'
    headers = {"Content-Type": "application/json"}
    request = Request(
        "POST", f"/local/pay/{ORDER}", headers=headers, body=body, body_bytes=len(body)
    )
    with pytest.raises(Unavailable):
        Cashier("").answer(request)


def test_faults_hit_what_they_fit_and_can_be_taken_back(tmp_path: Path) -> None:
    with a_stripe(tmp_path) as local:
        payments = local.payments()
        local.spoil("limited", method="POST", path="/v1/refunds", times=3)
        intent = payments.create_intent(a_payment())
        assert len(local.lever("faults")["items"]) == 3
        assert local.http.delete(f"{local.base}/local/faults").json() == {"items": []}
        assert payments.get_intent(intent.id) == intent


def test_a_page_of_a_list_can_be_turned_both_ways_through_a_span_of_time(tmp_path: Path) -> None:
    with a_stripe(tmp_path) as local:
        service = local.client().v1.payment_intents
        made = []
        for attempt in range(1, 6):
            made.append(local.payments().create_intent(a_payment(attempt=attempt)).id)
            local.clock.advance(hours=1)
        since = int((local.clock.now() - timedelta(hours=3)).timestamp())
        assert [one.id for one in service.list({"created": {"gte": since}})] == made[:1:-1]
        assert [one.id for one in service.list({"created": {"lt": since}})] == made[1::-1]
        assert [one.id for one in service.list({"created": since})] == [made[2]]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", {}),
        ("a=1&b=%E7%A7%AF", {"a": "1", "b": "积"}),
        ("a[b]=1&a[c][d]=2", {"a": {"b": "1", "c": {"d": "2"}}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=1&a[1]=2", {"a": ["1", "2"]}),
        ("a=", {"a": ""}),
    ],
)
def test_forms_are_read_as_stripe_reads_them(text: str, read: dict[str, Any]) -> None:
    assert decode(text) == read


@pytest.mark.parametrize("text", ["[a]=1", "a[b=1", "a]=1", "a=1&a[b]=2"])
def test_a_form_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        decode(text)

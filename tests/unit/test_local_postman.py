"""The local Stripe's webhooks arrive signed, again and again until they are taken."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
from typing_extensions import override

from chalicelib.gateways.payments.webhooks import NotVouchedFor, verify
from tests.stack.process import until
from tests.stripes import SECRET, LocalStripe, a_payment, a_stripe

CREATED: Final = "payment_intent.created"


@dataclass
class Received:
    """What a webhook was sent, and what it answers: the statuses in turn, then 200."""

    statuses: list[int] = field(default_factory=list)
    calls: list[tuple[str, bytes]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        """Return the types of the events, in the order of their coming."""
        return [json.loads(body)["type"] for _, body in self.calls]


@contextmanager
def a_webhook(*statuses: int) -> Iterator[tuple[str, Received]]:
    """Serve a webhook; return where it is and what it gets."""
    received = Received(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.calls.append((self.headers["Stripe-Signature"], body))
            status = received.statuses.pop(0) if received.statuses else 200
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", received
        server.shutdown()


def deliveries(local: LocalStripe) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = local.lever("deliveries")["items"]
    return items


def all_in(local: LocalStripe, state: str) -> bool:
    return {item["state"] for item in deliveries(local)} == {state}


def has_tried(local: LocalStripe, tries: int) -> bool:
    return [item["tries"] for item in deliveries(local)] == [tries]


def test_an_event_arrives_signed_and_tells_what_to_fetch(tmp_path: Path) -> None:
    with a_webhook() as (url, received), a_stripe(tmp_path, webhook=url) as local:
        intent = local.payments().create_intent(a_payment())
        until(lambda: all_in(local, "delivered"))
        ((header, body),) = received.calls
        notice = verify(body, header, secrets=[SECRET], now=local.clock.now())
        assert (notice.type, notice.object_id, notice.mark) == (CREATED, intent.id, intent.mark)
        with pytest.raises(NotVouchedFor):
            verify(body, header, secrets=["whsec_other"], now=local.clock.now())


def test_a_payment_by_hand_answers_when_its_webhooks_were_taken(tmp_path: Path) -> None:
    with a_webhook() as (url, received), a_stripe(tmp_path, webhook=url) as local:
        intent = local.payments().create_intent(a_payment())
        assert local.pay(intent, "disputed") == "succeeded"
        assert set(received.kinds()) == {
            CREATED,
            "charge.succeeded",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "payment_intent.succeeded",
        }


def test_a_webhook_that_fails_is_tried_again_after_a_pause_that_grows(tmp_path: Path) -> None:
    with a_webhook(500, 302, 404) as (url, received), a_stripe(tmp_path, webhook=url) as local:
        local.payments().create_intent(a_payment())
        for tries in (1, 2, 3):
            until(partial(has_tried, local, tries))
            local.clock.advance(seconds=0.2 * 2 ** (tries - 1) - 0.1)
            assert has_tried(local, tries)
            local.clock.advance(seconds=0.2)
        until(lambda: all_in(local, "delivered"))
        assert has_tried(local, 4)
        assert len({body for _, body in received.calls}) == 1


def test_a_webhook_that_is_away_for_three_days_loses_its_events(tmp_path: Path) -> None:
    with a_stripe(tmp_path, webhook="http://127.0.0.1:9/hook") as local:
        local.payments().create_intent(a_payment())
        until(lambda: deliveries(local)[0]["tries"] == 1)
        local.clock.advance(days=3, seconds=1)
        until(lambda: all_in(local, "given_up"))


def test_events_that_are_held_back_arrive_afterwards(tmp_path: Path) -> None:
    with a_webhook() as (url, received), a_stripe(tmp_path, webhook=url) as local:
        local.lever("webhook", {"is_paused": True})
        intent = local.payments().create_intent(a_payment())
        assert local.pay(intent) == "succeeded"
        assert received.calls == []
        local.lever("webhook", {"is_paused": False})
        until(lambda: all_in(local, "delivered"))
        assert len(received.calls) == 3


def test_one_event_can_arrive_ten_times(tmp_path: Path) -> None:
    with a_webhook() as (url, received), a_stripe(tmp_path, webhook=url) as local:
        local.payments().create_intent(a_payment())
        until(lambda: all_in(local, "delivered"))
        local.lever(f"events/{deliveries(local)[0]['event']}", {"times": 10})
        until(lambda: len(received.calls) == 11)
        assert len({body for _, body in received.calls}) == 1


def test_while_a_secret_is_rolled_both_sign(tmp_path: Path) -> None:
    with a_webhook() as (url, received), a_stripe(tmp_path, webhook=url) as local:
        local.lever("webhook", {"secrets": ["whsec_old", "whsec_new"]})
        local.payments().create_intent(a_payment())
        until(lambda: all_in(local, "delivered"))
        ((header, body),) = received.calls
        for secret in ("whsec_old", "whsec_new"):
            notice = verify(body, header, secrets=[secret], now=local.clock.now())
            assert notice.type == CREATED


def test_without_a_webhook_nothing_is_delivered(tmp_path: Path) -> None:
    with a_stripe(tmp_path) as local:
        local.payments().create_intent(a_payment())
        assert deliveries(local) == []

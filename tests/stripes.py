"""A local Stripe for a test: the real thing behind a socket, with a clock that tests move.

with a_stripe(tmp_path) as stripe:
    payments = stripe.payments()
    intent = payments.create_intent(a_payment())
    stripe.pay(intent, "ok")
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
import stripe

from chalicelib.gateways.payments.model import Intent, PaymentDraft, RefundDraft, Span
from chalicelib.gateways.payments.port import Payments
from chalicelib.gateways.payments.stripe_payments import API_VERSION, StripePayments
from chalicelib.kernel.money import Money
from chalicelib.settings import StripeSettings, settings
from infra.local.stripe import cards
from infra.local.stripe.opening import Webhook, opened
from tests.mall import Hands, Mall
from tests.queues import a_queue

if TYPE_CHECKING:
    from stripe import HTTPClient, StripeClient

KEY: Final = "sk_test_of_the_tests"
SECRET: Final = "whsec_of_the_tests"
ENVIRONMENT: Final = "tests"
ORDER: Final = "ord_0000000000000000test"
REFUND: Final = "rfd_0000000000000000test"
SECONDS: Final = 10.0
RETURN_URL: Final = "https://mall.example.test/paid"

stripe.enable_telemetry = False


@dataclass(frozen=True, slots=True)
class LocalStripe:
    """A local Stripe that answers, and its levers."""

    base: str
    clock: Hands
    http: httpx.Client

    def payments(
        self, *, environment: str = ENVIRONMENT, http: HTTPClient | None = None
    ) -> StripePayments:
        """Return our gateway to it."""
        account = StripeSettings(KEY, (SECRET,), environment, self.base)
        return StripePayments(account, http=http)

    def client(self) -> StripeClient:
        """Return the library's own client of it."""
        return a_client(KEY, self.base)

    def lever(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Pull a lever, with a body, or look at one."""
        url = f"{self.base}/local/{path}"
        answer = self.http.get(url) if body is None else self.http.post(url, json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def pay(self, intent: Intent, card: str = "ok") -> str:
        """Pay an order's payment as a customer would; return its status."""
        assert intent.mark is not None
        status: str = self.lever(f"pay/{intent.mark.order_id}", {"card": card})["status"]
        return status

    def pay_order(self, order_id: str, card: str = "ok") -> str:
        """Pay what an order waits for as a customer would; return the payment's status."""
        status: str = self.lever(f"pay/{order_id}", {"card": card})["status"]
        return status

    def spoil(self, kind: str, **more: object) -> None:
        """Spoil the next call."""
        self.lever("faults", {"kind": kind, **more})


def a_client(key: str, base: str = "") -> StripeClient:
    """Return the library's client, with everything spelled out that matters here."""
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": base} if base else {},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=SECONDS),
    )


@contextmanager
def a_stripe(
    home: Path, *, webhook: str = "", secrets: tuple[str, ...] = (SECRET,)
) -> Iterator[LocalStripe]:
    """Run a local Stripe for the length of a block; what it knows stays in `home`."""
    clock = Hands()
    with ExitStack() as closing:
        door = closing.enter_context(socket.socket())
        door.bind(("127.0.0.1", 0))
        door.listen()
        where = Webhook(webhook, secrets)
        serving = closing.enter_context(
            opened(home / "stripe.sqlite", clock, webhook=where, door=door)
        )
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        closing.callback(thread.join)
        closing.callback(serving.shutdown)
        http = closing.enter_context(httpx.Client(timeout=SECONDS))
        yield LocalStripe(f"http://127.0.0.1:{door.getsockname()[1]}", clock, http)


@contextmanager
def taking_money(mall: Mall, home: Path) -> Iterator[LocalStripe]:
    """Let a local Stripe take a mall's money, by the mall's clock as it stands.

    What it tells is kept in a queue of the test's; `tests.queues.drain` works it off.
    """
    with a_stripe(home) as local, a_queue(mall, home), account_settings():
        local.clock.instant = mall.clock.instant
        before, payments = mall.app.payments, local.payments()
        mall.app.payments = lambda: payments
        try:
            yield local
        finally:
            mall.app.payments = before


@contextmanager
def account_settings(*, secrets: str = SECRET) -> Iterator[None]:
    """Let the program's settings name the account; `secrets` are separated by commas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JIFEN_STRIPE_KEY", KEY)
        patch.setenv("JIFEN_STRIPE_WEBHOOK_SECRETS", secrets)
        patch.setenv("JIFEN_ENVIRONMENT", ENVIRONMENT)
        settings.cache_clear()
        yield
    settings.cache_clear()


def paid(local: LocalStripe, payments: Payments, card: str = cards.VISA) -> Intent:
    """Return a payment that was paid with one of Stripe's test cards."""
    intent = payments.create_intent(a_payment())
    local.client().v1.payment_intents.confirm(
        intent.id, {"payment_method": card, "return_url": RETURN_URL}
    )
    return payments.get_intent(intent.id)


def a_refund(intent: Intent, amount: int, name: str = REFUND) -> RefundDraft:
    """Return a refund to be made of a payment."""
    return RefundDraft(ORDER, name, intent.id, Money(amount, intent.cash.currency))


def lately(local: LocalStripe, *, hours: int = 1) -> Span:
    """Return the last hours, up to now."""
    now = local.clock.now()
    return Span(now - timedelta(hours=hours), now + timedelta(seconds=1))


def a_payment(
    amount: int = 2990, currency: str = "cny", *, order_id: str = ORDER, attempt: int = 1
) -> PaymentDraft:
    """Return a payment to be made."""
    return PaymentDraft(order_id, attempt, Money(amount, currency))

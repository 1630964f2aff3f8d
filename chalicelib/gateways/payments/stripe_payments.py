"""Stripe, behind the seam.

What is made bears our mark and an idempotency key that follows from what it is for and the attempt,
so a call that is repeated, by whomever and after whatever, makes nothing twice. Everything sent
follows from the draft alone: Stripe refuses a key that comes back with other parameters.

One call, no second try: a payment waits in a request, which Lambda ends after 15 seconds, and a
second try of the library's would begin after ten. Whoever repeats is the client, the webhook or the
completer, with the same key. Cancelling has no key of ours: Stripe would keep a failure of its own
under it, and a payment can be cancelled only once anyway.

The price: the library's import, 30 to 100 ms, paid by the first order with cash in a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from typing_extensions import override

from chalicelib.gateways.payments.failures import translated
from chalicelib.gateways.payments.model import (
    Dispute,
    Intent,
    PaymentDraft,
    Refund,
    RefundDraft,
    Span,
)
from chalicelib.gateways.payments.port import Payments
from chalicelib.gateways.payments.reading import (
    ATTEMPT,
    ENVIRONMENT,
    ORDER,
    REFUND,
    dispute_of,
    intent_of,
    refund_of,
)
from chalicelib.settings import StripeSettings

if TYPE_CHECKING:
    from stripe import HTTPClient, PaymentIntent, StripeClient

API_VERSION: Final = "2026-10-28.endive"
"""The version that the pinned library's types describe; an upgrade of one is one of the other."""
CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 8.0
"""Stripe answers in about a second; the library would wait 80."""
RETRIES: Final = 0
PAGE: Final = 100
"""The most that Stripe lists at once."""
TOO_LATE: Final = "payment_intent_unexpected_state"

T = TypeVar("T")


class StripePayments(Payments):
    """Payments at Stripe, in one environment of one account."""

    def __init__(self, settings: StripeSettings, *, http: HTTPClient | None = None) -> None:
        """Keep the settings; nothing is imported or called yet. `http` is for tests."""
        self._settings = settings
        self._http = http

    @override
    def create_intent(self, draft: PaymentDraft) -> Intent:
        marks = {ENVIRONMENT: self._settings.environment, ORDER: draft.order_id}
        key = self._key(draft.order_id, deed="pay", number=draft.attempt)
        found = _asked(
            lambda: self._client.v1.payment_intents.create(
                {
                    "amount": draft.cash.amount,
                    "currency": draft.cash.currency,
                    "automatic_payment_methods": {"enabled": True},
                    "metadata": {**marks, ATTEMPT: str(draft.attempt)},
                },
                {"idempotency_key": key},
            ),
            is_write=True,
        )
        return intent_of(found)

    @override
    def get_intent(self, intent_id: str) -> Intent:
        return intent_of(_asked(lambda: self._client.v1.payment_intents.retrieve(intent_id)))

    @override
    def cancel_intent(self, intent_id: str) -> Intent:
        import stripe  # noqa: PLC0415 - as late as possible

        def cancelled() -> PaymentIntent:
            try:
                return self._client.v1.payment_intents.cancel(
                    intent_id, {"cancellation_reason": "abandoned"}
                )
            except stripe.InvalidRequestError as refused:
                if refused.code != TOO_LATE:
                    raise
            # Somebody paid it, or cancelled it before.
            return self._client.v1.payment_intents.retrieve(intent_id)

        return intent_of(_asked(cancelled, is_write=True))

    @override
    def intents_of(self, order_id: str, *, span: Span) -> list[Intent]:
        return [one for one in self.intents(span) if one.mark and one.mark.order_id == order_id]

    @override
    def create_refund(self, draft: RefundDraft) -> Refund:
        marks = {ENVIRONMENT: self._settings.environment, ORDER: draft.order_id}
        key = self._key(draft.refund_id, deed="refund", number=draft.attempt)
        found = _asked(
            lambda: self._client.v1.refunds.create(
                {
                    "payment_intent": draft.intent_id,
                    "amount": draft.cash.amount,
                    "metadata": {**marks, REFUND: draft.refund_id},
                },
                {"idempotency_key": key},
            ),
            is_write=True,
        )
        return refund_of(found)

    @override
    def get_refund(self, refund_id: str) -> Refund:
        return refund_of(_asked(lambda: self._client.v1.refunds.retrieve(refund_id)))

    @override
    def refunds_of(self, intent_id: str) -> list[Refund]:
        found = _asked(
            lambda: list(
                self._client.v1.refunds.list(
                    {"payment_intent": intent_id, "limit": PAGE}
                ).auto_paging_iter()
            )
        )
        return [refund_of(one) for one in found]

    @override
    def get_dispute(self, dispute_id: str) -> Dispute:
        return dispute_of(_asked(lambda: self._client.v1.disputes.retrieve(dispute_id)))

    @override
    def disputes_of(self, intent_id: str) -> list[Dispute]:
        found = _asked(
            lambda: list(
                self._client.v1.disputes.list(
                    {"payment_intent": intent_id, "limit": PAGE}
                ).auto_paging_iter()
            )
        )
        return [dispute_of(one) for one in found]

    @override
    def intents(self, span: Span) -> Iterator[Intent]:
        since, until = _bounds(span)
        pages = _asked(
            lambda: self._client.v1.payment_intents.list(
                {"created": {"gte": since, "lt": until}, "limit": PAGE}
            ).auto_paging_iter()
        )
        for found in _stepwise(pages):
            read = intent_of(found)
            if read.mark and read.mark.environment == self._settings.environment:
                yield read

    @override
    def refunds(self, span: Span) -> Iterator[Refund]:
        since, until = _bounds(span)
        pages = _asked(
            lambda: self._client.v1.refunds.list(
                {"created": {"gte": since, "lt": until}, "limit": PAGE}
            ).auto_paging_iter()
        )
        for found in _stepwise(pages):
            read = refund_of(found)
            if read.mark is None or read.mark.environment == self._settings.environment:
                yield read

    @override
    def disputes(self, span: Span) -> Iterator[Dispute]:
        since, until = _bounds(span)
        pages = _asked(
            lambda: self._client.v1.disputes.list(
                {"created": {"gte": since, "lt": until}, "limit": PAGE}
            ).auto_paging_iter()
        )
        yield from map(dispute_of, _stepwise(pages))

    @cached_property
    def _client(self) -> StripeClient:
        import stripe  # noqa: PLC0415 - as late as possible

        # It would name this machine to Stripe, and keep a file in its user's home for that.
        stripe.enable_telemetry = False
        base = self._settings.base
        return stripe.StripeClient(
            self._settings.key,
            stripe_version=API_VERSION,
            base_addresses={"api": base} if base else {},
            max_network_retries=RETRIES,
            http_client=self._http
            or stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
        )

    def _key(self, name: str, *, deed: str, number: int) -> str:
        """Return the key of one deed, whoever does it and how often."""
        return f"jifen:{self._settings.environment}:{name}:{deed}:{number}"


def _asked(call: Callable[[], T], *, is_write: bool = False) -> T:
    """Return what a call to Stripe gives, or raise what its failure means."""
    import stripe  # noqa: PLC0415 - as late as possible

    try:
        return call()
    except stripe.StripeError as failure:
        # Not chained: an answer may hold what a browser pays with.
        raise translated(failure, is_write=is_write) from None


def _stepwise(pages: Iterator[T]) -> Iterator[T]:
    """Yield what further pages give; each may fail like the first."""
    while found := _asked(lambda: list(islice(pages, 1))):
        yield from found


def _bounds(span: Span) -> tuple[int, int]:
    return int(span.since.timestamp()), int(span.until.timestamp())

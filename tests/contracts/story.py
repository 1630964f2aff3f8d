"""Everything that the local Stripe can be brought to say, played once and written down.

Every card, every way on from there, every list and every refusal, through the library's own client;
beside it everything that our gateway asks.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import stripe
from typing_extensions import override

from chalicelib.gateways.payments.model import RefundDraft, Span
from chalicelib.kernel.money import Money
from infra.local.stripe import cards
from infra.local.stripe.endpoints import ADDRESSES
from infra.local.stripe.wire import decode
from tests.stripes import KEY, ORDER, REFUND, RETURN_URL, LocalStripe, a_payment

PAGE_EVENTS: Final = 100
INQUIRY: Final = "pm_card_createDisputeInquiry"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call: what was asked and what came back."""

    method: str
    path: str
    headers: Mapping[str, str]
    sent: dict[str, Any]
    answer: dict[str, Any]

    @property
    def endpoint(self) -> tuple[str, str]:
        """Return the method and the address's template."""
        match = ADDRESSES.find(self.path)
        assert match is not None, self.path
        return self.method, match.template


@dataclass
class Story:
    """The calls in their order."""

    exchanges: list[Exchange] = field(default_factory=list)


class Recorder(stripe.RequestsClient):
    """The library's HTTP client, writing down what passes."""

    def __init__(self, story: Story) -> None:
        super().__init__(timeout=10)
        self._story = story

    # The library's own two signatures differ.
    @override
    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send a request and note it."""
        answer = super().request(method, url, headers, post_data)
        parts = urlsplit(url)
        sent = decode(post_data if method == "post" else parts.query)
        body = json.loads(answer[0])
        noted = Exchange(method.upper(), parts.path, dict(headers or {}), sent, body)
        self._story.exchanges.append(noted)
        return answer


def play_stripe(local: LocalStripe) -> Story:
    """Bring the local Stripe to say everything, and return what it said."""
    story = Story()
    client = stripe.StripeClient(
        KEY,
        base_addresses={"api": local.base},
        http_client=Recorder(story),
        max_network_retries=0,
    )
    paid = {token: _paid(client, token) for token in cards.CARDS}
    for intent_id in (paid[cards.THREE_D_SECURE], paid[cards.SLOW_BANK]):
        local.lever(f"payment_intents/{intent_id}", {"is_done": True})
    for token in ("pm_card_threeDSecure2Required", cards.SLOW_BANK):
        local.lever(f"payment_intents/{_paid(client, token)}", {"is_done": False})
    client.v1.payment_intents.cancel(_made(client), {"cancellation_reason": "abandoned"})
    _refund(client, local, paid)
    _dispute(client, local, paid)
    _list(client, paid)
    _be_refused(client, paid[cards.VISA])
    return story


def play_gateway(local: LocalStripe) -> Story:
    """Let our gateway ask everything that it can ask."""
    story = Story()
    payments = local.payments(http=Recorder(story))
    intent = payments.create_intent(a_payment())
    local.pay(intent, "disputed")
    dispute = payments.disputes_of(intent.id)[0]
    local.lever(f"disputes/{dispute.id}", {"is_done": True})
    refund = payments.create_refund(RefundDraft(ORDER, REFUND, intent.id, Money(100, "cny")))
    other = payments.create_intent(a_payment(attempt=2))
    span = Span(local.clock.now() - timedelta(days=1), local.clock.now() + timedelta(days=1))
    payments.get_intent(intent.id)
    payments.cancel_intent(other.id)
    payments.get_refund(refund.id)
    payments.refunds_of(intent.id)
    payments.get_dispute(dispute.id)
    payments.intents_of(ORDER, span=span)
    for listing in (payments.refunds(span), payments.disputes(span)):
        assert list(listing)
    return story


def events_of(local: LocalStripe) -> Iterator[dict[str, Any]]:
    """Yield every event."""
    listed = local.client().v1.events.list({"limit": PAGE_EVENTS})
    yield from (event.to_dict() for event in listed.auto_paging_iter())


def _made(client: stripe.StripeClient) -> str:
    return client.v1.payment_intents.create(
        {"amount": 2000, "currency": "usd", "metadata": {"order": "ord_story"}}
    ).id


def _paid(client: stripe.StripeClient, token: str) -> str:
    intent_id = _made(client)
    with contextlib.suppress(stripe.CardError):
        client.v1.payment_intents.confirm(
            intent_id,
            {"payment_method": token, "return_url": RETURN_URL, "expand": ["latest_charge"]},
        )
    return intent_id


def _refund(client: stripe.StripeClient, local: LocalStripe, paid: Mapping[str, str]) -> None:
    client.v1.refunds.create({"payment_intent": paid[cards.VISA], "amount": 5})
    client.v1.refunds.create({"payment_intent": paid[cards.VISA], "reason": "duplicate"})
    pending = client.v1.refunds.create({"payment_intent": paid["pm_card_pendingRefund"]})
    local.lever(f"refunds/{pending.id}", {"is_done": True})
    failing = client.v1.refunds.create({"payment_intent": paid["pm_card_refundFail"]})
    local.lever(f"refunds/{failing.id}", {"is_done": False})
    for refund in (pending, failing):
        client.v1.refunds.retrieve(refund.id, {"expand": ["charge", "payment_intent"]})


def _dispute(client: stripe.StripeClient, local: LocalStripe, paid: Mapping[str, str]) -> None:
    asked = [paid[INQUIRY], _paid(client, INQUIRY), _paid(client, INQUIRY)]
    told = ("escalate_inquiry_evidence", "winning_evidence", "whatever")
    for intent_id, text in zip(asked, told, strict=True):
        (inquiry,) = client.v1.disputes.list({"payment_intent": intent_id}).data
        client.v1.disputes.update(inquiry.id, {"evidence": {"uncategorized_text": text}})
    for intent_id, text in (
        (paid[cards.DISPUTED], "winning_evidence"),
        (_paid(client, cards.DISPUTED), "losing_evidence"),
        (_paid(client, cards.DISPUTED), "whatever"),
    ):
        (dispute,) = client.v1.disputes.list({"payment_intent": intent_id}).data
        client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}})
        client.v1.disputes.retrieve(dispute.id, {"expand": ["charge", "payment_intent"]})
    late = local.lever("disputes", {"payment_intent": paid["pm_card_mastercard"]})
    assert late["disputed"]
    (dispute,) = client.v1.disputes.list({"payment_intent": paid["pm_card_mastercard"]}).data
    client.v1.disputes.close(dispute.id)


def _list(client: stripe.StripeClient, paid: Mapping[str, str]) -> None:
    client.v1.payment_intents.list({"limit": 3, "expand": ["data.latest_charge"]})
    client.v1.payment_intents.list({"created": {"gt": 0, "lte": 2**40}})
    client.v1.charges.list({"payment_intent": paid[cards.VISA], "expand": ["data.payment_intent"]})
    client.v1.refunds.list({"payment_intent": paid[cards.VISA]})
    events = client.v1.events.list({"types": ["charge.refunded", "refund.created"]}).data
    client.v1.events.retrieve(events[0].id)
    charge_id = client.v1.payment_intents.retrieve(paid[cards.VISA]).latest_charge
    client.v1.charges.retrieve(str(charge_id))


def _be_refused(client: stripe.StripeClient, intent_id: str) -> None:
    service = client.v1.payment_intents
    wrong: Any = {"amount": "x", "currency": "usd"}
    for refused in (
        lambda: service.create(wrong),
        lambda: service.create({"amount": 1, "currency": "usd"}),
        lambda: service.cancel(intent_id),
        lambda: service.retrieve("pi_nobody"),
        lambda: service.retrieve(intent_id, {"expand": ["customer"]}),
        lambda: client.v1.refunds.create({"payment_intent": intent_id}),
        lambda: client.v1.refunds.create({}),
    ):
        with contextlib.suppress(stripe.InvalidRequestError):
            refused()
            raise AssertionError(refused)

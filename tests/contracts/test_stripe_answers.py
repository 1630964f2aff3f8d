"""What Jifen relies on at Stripe, asked of the local one and, with a test key, of the real one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest
import stripe

from infra.local.stripe import cards
from tests.contracts.places import Place, clients
from tests.contracts.resources import wrong_with
from tests.stripes import RETURN_URL

if TYPE_CHECKING:
    from stripe import Dispute, PaymentIntent, StripeClient

PATIENCE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.5
LESS: Final = "pm_card_visa_chargeDeclinedInsufficientFunds"


@pytest.fixture(scope="module", params=list(Place), ids=lambda place: place.name.lower())
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StripeClient]:
    yield from clients(request.param, tmp_path_factory.mktemp("stripe"))


def a_key() -> str:
    return f"tests:{uuid.uuid4()}"


def an_intent(client: StripeClient, *, amount: int = 1099, key: str = "") -> PaymentIntent:
    return client.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "automatic_payment_methods": {"enabled": True},
            "metadata": {"order": "ord_contract", "environment": "contracts", "attempt": "1"},
        },
        {"idempotency_key": key or a_key()},
    )


def paid(client: StripeClient, method: str = cards.VISA) -> PaymentIntent:
    intent = an_intent(client)
    return client.v1.payment_intents.confirm(
        intent.id, {"payment_method": method, "return_url": RETURN_URL}
    )


def refusal(call: Callable[[], object]) -> stripe.StripeError:
    with pytest.raises(stripe.StripeError) as refused:
        call()
    return refused.value


def until(found: Callable[[], Any]) -> Any:
    """Wait for what Stripe does a little later."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(POLL_SECONDS)
    return value


def dispute_of(client: StripeClient, intent: PaymentIntent) -> Dispute:
    found: list[Dispute] = until(
        lambda: client.v1.disputes.list({"payment_intent": intent.id}).data
    )
    return found[0]


def test_a_payment_begins_without_a_method_and_with_a_secret(client: StripeClient) -> None:
    intent = an_intent(client)
    assert (intent.status, intent.amount, intent.amount_received) == (
        "requires_payment_method",
        1099,
        0,
    )
    assert str(intent.client_secret).startswith(f"{intent.id}_secret_")
    assert intent.metadata.to_dict()["order"] == "ord_contract"
    assert not intent.livemode
    assert wrong_with(intent.to_dict()) == []


def test_the_same_key_gives_the_same_payment_and_says_so(client: StripeClient) -> None:
    key = a_key()
    first, again = an_intent(client, key=key), an_intent(client, key=key)
    assert again.id == first.id
    assert again.last_response is not None
    assert first.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers


def test_the_same_key_with_another_amount_is_refused(client: StripeClient) -> None:
    key = a_key()
    an_intent(client, key=key)
    refused = refusal(lambda: an_intent(client, amount=1100, key=key))
    assert isinstance(refused, stripe.IdempotencyError)
    assert refused.http_status == 400


def test_the_same_key_at_another_address_is_refused_by_that(client: StripeClient) -> None:
    key = a_key()
    intent = an_intent(client, key=key)
    refused = refusal(
        lambda: client.v1.payment_intents.cancel(intent.id, options={"idempotency_key": key})
    )
    assert isinstance(refused, stripe.IdempotencyError)
    assert "for the same endpoint" in str(refused.user_message)


def test_a_card_that_succeeds_pays_at_once(client: StripeClient) -> None:
    intent = paid(client)
    assert (intent.status, intent.amount_received) == ("succeeded", 1099)
    assert isinstance(intent.latest_charge, str)
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.status, charge.paid, charge.payment_intent) == ("succeeded", True, intent.id)


def test_a_card_without_funds_is_declined_and_the_payment_can_be_tried_again(
    client: StripeClient,
) -> None:
    intent = an_intent(client)
    refused = refusal(
        lambda: client.v1.payment_intents.confirm(
            intent.id, {"payment_method": LESS, "return_url": RETURN_URL}
        )
    )
    assert isinstance(refused, stripe.CardError)
    assert refused.error is not None
    assert (refused.code, refused.error.decline_code) == ("card_declined", "insufficient_funds")
    waiting = client.v1.payment_intents.retrieve(intent.id)
    assert waiting.status == "requires_payment_method"
    assert waiting.last_payment_error is not None
    assert waiting.last_payment_error.decline_code == "insufficient_funds"
    again = client.v1.payment_intents.confirm(
        intent.id, {"payment_method": cards.VISA, "return_url": RETURN_URL}
    )
    assert again.status == "succeeded"


def test_a_card_that_asks_for_its_holder_needs_action(client: StripeClient) -> None:
    intent = paid(client, "pm_card_threeDSecure2Required")
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.type == "redirect_to_url"


def test_a_payment_is_cancelled_once(client: StripeClient) -> None:
    intent = an_intent(client)
    cancelled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    refused = refusal(lambda: client.v1.payment_intents.cancel(intent.id))
    assert (refused.http_status, refused.code) == (400, "payment_intent_unexpected_state")


@pytest.mark.parametrize("deed", ["cancel", "confirm"])
def test_a_payment_that_succeeded_stays_so(client: StripeClient, deed: str) -> None:
    intent = paid(client)
    service = client.v1.payment_intents
    refused = refusal(
        lambda: (
            service.cancel(intent.id)
            if deed == "cancel"
            else service.confirm(
                intent.id, {"payment_method": cards.VISA, "return_url": RETURN_URL}
            )
        )
    )
    assert refused.code == "payment_intent_unexpected_state"


def test_a_payment_that_needs_action_can_be_cancelled(client: StripeClient) -> None:
    intent = paid(client, "pm_card_threeDSecure2Required")
    assert client.v1.payment_intents.cancel(intent.id).status == "canceled"


@pytest.mark.parametrize(
    ("sent", "code", "param"),
    [
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": 1099}, "parameter_missing", "currency"),
        ({"amount": "ten", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
        ({"amount": 100_000_000, "currency": "usd"}, "amount_too_large", "amount"),
        ({"amount": 1099, "currency": "usd", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": 1099, "currency": "xxx"}, None, "currency"),
    ],
)
def test_what_a_payment_cannot_be_made_of_is_refused_by_name(
    client: StripeClient, sent: Any, code: str | None, param: str
) -> None:
    refused = refusal(lambda: client.v1.payment_intents.create(sent))
    assert isinstance(refused, stripe.InvalidRequestError)
    assert (refused.http_status, refused.code, refused.param) == (400, code, param)


def test_a_payment_that_is_not_there_is_404(client: StripeClient) -> None:
    refused = refusal(lambda: client.v1.payment_intents.retrieve("pi_nobody"))
    assert (refused.http_status, refused.code) == (404, "resource_missing")


def test_a_wrong_key_is_401(client: StripeClient) -> None:
    options: Any = {"api_key": "sk_nobody"}
    refused = refusal(lambda: client.v1.payment_intents.retrieve("pi_nobody", options=options))
    assert isinstance(refused, stripe.AuthenticationError)


def test_parts_of_a_refund_add_up_to_the_whole_and_no_further(client: StripeClient) -> None:
    intent = paid(client)
    first = client.v1.refunds.create({"payment_intent": intent.id, "amount": 99})
    assert (first.status, first.amount, first.payment_intent) == ("succeeded", 99, intent.id)
    too_much = refusal(
        lambda: client.v1.refunds.create({"payment_intent": intent.id, "amount": 1001})
    )
    assert isinstance(too_much, stripe.InvalidRequestError)
    assert (too_much.http_status, too_much.param) == (400, "amount")
    rest = client.v1.refunds.create({"payment_intent": intent.id})
    assert rest.amount == 1000
    refused = refusal(lambda: client.v1.refunds.create({"payment_intent": intent.id}))
    assert refused.code == "charge_already_refunded"
    listed = client.v1.refunds.list({"payment_intent": intent.id})
    assert [one.id for one in listed.data] == [rest.id, first.id]


def test_what_nobody_paid_cannot_be_refunded(client: StripeClient) -> None:
    intent = an_intent(client)
    refused = refusal(lambda: client.v1.refunds.create({"payment_intent": intent.id}))
    assert refused.http_status == 400


def test_a_disputed_charge_takes_no_refund(client: StripeClient) -> None:
    intent = paid(client, cards.DISPUTED)
    dispute = dispute_of(client, intent)
    assert (dispute.status, dispute.is_charge_refundable) == ("needs_response", False)
    assert sum(moved.amount for moved in dispute.balance_transactions) < 0
    refused = refusal(lambda: client.v1.refunds.create({"payment_intent": intent.id}))
    assert refused.code == "charge_disputed"


def test_an_inquiry_moves_no_money(client: StripeClient) -> None:
    dispute = dispute_of(client, paid(client, "pm_card_createDisputeInquiry"))
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert dispute.balance_transactions == []


@pytest.mark.parametrize(("evidence", "end"), [("winning", "won"), ("losing", "lost")])
def test_evidence_decides_a_dispute(client: StripeClient, evidence: str, end: str) -> None:
    dispute = dispute_of(client, paid(client, cards.DISPUTED))
    told = f"{evidence}_evidence"
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": told}})
    assert until(lambda: client.v1.disputes.retrieve(dispute.id).status == end)


def test_a_list_goes_on_from_where_a_page_ended(client: StripeClient) -> None:
    made = [an_intent(client).id for _ in range(3)]
    first = client.v1.payment_intents.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == ([made[2], made[1]], True)
    second = client.v1.payment_intents.list({"limit": 1, "starting_after": first.data[-1].id})
    assert [one.id for one in second.data] == [made[0]]
    back = client.v1.payment_intents.list({"limit": 1, "ending_before": made[1]})
    assert [one.id for one in back.data] == [made[2]]


def test_a_payments_story_stands_in_the_events(client: StripeClient) -> None:
    intent = paid(client)

    def told() -> bool:
        events = client.v1.events.list({"limit": 20}).data
        about = {event.type for event in events if intent.id in str(event.data.object)}
        return {"payment_intent.created", "payment_intent.succeeded", "charge.succeeded"} <= about

    assert until(told)


def test_an_id_expands_to_its_object(client: StripeClient) -> None:
    intent = paid(client)
    found = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert isinstance(found.latest_charge, stripe.Charge)
    assert found.latest_charge.payment_intent == intent.id

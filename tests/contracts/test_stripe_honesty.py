"""The local Stripe is held against what Stripe itself publishes: its library and its CLI.

A field that it makes up, one that it forgets, a word that nobody knows, a parameter that is not
there: each fails here, whoever writes it.
"""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import stripe
from pydantic import ValidationError

from infra.local.engines import ROOT
from infra.local.stripe.cards import CARDS
from infra.local.stripe.endpoints import ENDPOINTS
from infra.local.stripe.postman import signature
from infra.local.stripe.world import API_VERSION
from tests.contracts.resources import check_params, wrong_with
from tests.contracts.story import Story, events_of, play_gateway, play_stripe
from tests.stripes import KEY, LocalStripe, a_stripe

CLI: Final = [
    path
    for path in [ROOT / "infra/local/node_modules/@stripe/cli-linux-x64/bin/stripe"]
    if path.exists()
]
PARAMS: Final = {
    ("POST", "/v1/payment_intents"): "PaymentIntentCreateParams",
    ("GET", "/v1/payment_intents"): "PaymentIntentListParams",
    ("GET", "/v1/payment_intents/{id}"): "PaymentIntentRetrieveParams",
    ("POST", "/v1/payment_intents/{id}/confirm"): "PaymentIntentConfirmParams",
    ("POST", "/v1/payment_intents/{id}/cancel"): "PaymentIntentCancelParams",
    ("GET", "/v1/charges"): "ChargeListParams",
    ("GET", "/v1/charges/{id}"): "ChargeRetrieveParams",
    ("POST", "/v1/refunds"): "RefundCreateParams",
    ("GET", "/v1/refunds"): "RefundListParams",
    ("GET", "/v1/refunds/{id}"): "RefundRetrieveParams",
    ("GET", "/v1/disputes"): "DisputeListParams",
    ("GET", "/v1/disputes/{id}"): "DisputeRetrieveParams",
    ("POST", "/v1/disputes/{id}"): "DisputeUpdateParams",
    ("POST", "/v1/disputes/{id}/close"): "DisputeCloseParams",
    ("GET", "/v1/events"): "EventListParams",
    ("GET", "/v1/events/{id}"): "EventRetrieveParams",
}
KINDS: Final = {
    *("charge.dispute.closed", "charge.dispute.created", "charge.dispute.funds_reinstated"),
    *("charge.dispute.funds_withdrawn", "charge.dispute.updated", "charge.failed"),
    *("charge.pending", "charge.refund.updated", "charge.refunded", "charge.succeeded"),
    *("payment_intent.canceled", "payment_intent.created", "payment_intent.payment_failed"),
    *("payment_intent.processing", "payment_intent.requires_action", "payment_intent.succeeded"),
    *("refund.created", "refund.failed", "refund.updated"),
}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStripe]:
    with a_stripe(tmp_path_factory.mktemp("stripe")) as running:
        yield running


@pytest.fixture(scope="module")
def story(local: LocalStripe) -> Story:
    return play_stripe(local)


def test_the_version_is_the_librarys() -> None:
    assert stripe.api_version == API_VERSION


def test_every_answer_is_what_the_librarys_classes_declare(story: Story) -> None:
    wrong = {
        f"{exchange.method} {exchange.path}: {told}"
        for exchange in story.exchanges
        for told in wrong_with(exchange.answer)
    }
    assert wrong == set()


def test_the_story_visits_every_address(story: Story) -> None:
    assert {exchange.endpoint for exchange in story.exchanges} == set(ENDPOINTS)


def test_every_event_and_its_object_is_what_the_librarys_classes_declare(
    local: LocalStripe, story: Story
) -> None:
    assert story.exchanges
    events = list(events_of(local))
    assert {event["type"] for event in events} == KINDS
    assert {told for event in events for told in wrong_with(event)} == set()


def test_every_request_of_the_gateway_is_what_the_librarys_types_declare(
    local: LocalStripe,
) -> None:
    exchanges = play_gateway(local).exchanges
    for exchange in exchanges:
        check_params(PARAMS[exchange.endpoint], exchange.sent)
        assert exchange.headers["Stripe-Version"] == API_VERSION
        assert "X-Stripe-Client-Telemetry" not in exchange.headers
        assert wrong_with(exchange.answer) == []
    assert {exchange.endpoint for exchange in exchanges} == {
        ("POST", "/v1/payment_intents"),
        ("GET", "/v1/payment_intents"),
        ("GET", "/v1/payment_intents/{id}"),
        ("POST", "/v1/payment_intents/{id}/cancel"),
        ("POST", "/v1/refunds"),
        ("GET", "/v1/refunds"),
        ("GET", "/v1/refunds/{id}"),
        ("GET", "/v1/disputes"),
        ("GET", "/v1/disputes/{id}"),
    }


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=" ".join)
def test_an_address_takes_no_parameter_that_the_library_does_not_know(
    endpoint: tuple[str, str],
) -> None:
    params = getattr(stripe.params, PARAMS[endpoint])
    ours = ENDPOINTS[endpoint].params
    assert set(ours) <= params.__required_keys__ | params.__optional_keys__
    needed = {name for name, param in ours.items() if param.is_needed}
    assert needed == params.__required_keys__


def changed(document: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Return a document with a lie in it."""
    lie = copy.deepcopy(document)
    change(lie)
    return lie


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda it: it.update(colour="red"), "payment_intent.colour: unknown"),
        (lambda it: it.pop("amount"), "payment_intent.amount: missing"),
        (lambda it: it.update(amount="12"), "payment_intent.amount: '12' is no <class 'int'>"),
        (lambda it: it.update(amount=None), "payment_intent.amount: None is no <class 'int'>"),
        (
            lambda it: it.update(status="paid"),
            "payment_intent.status: 'paid' is none of the known words",
        ),
        (
            lambda it: it["latest_charge"]["outcome"].update(mood="good"),
            "payment_intent.latest_charge.outcome.mood: unknown",
        ),
        (lambda it: it["metadata"].update(n=1), "payment_intent.metadata.n: 1 is no <class 'str'>"),
    ],
)
def test_a_lie_in_an_answer_is_told(
    story: Story, change: Callable[[dict[str, Any]], object], told: str
) -> None:
    honest = next(
        exchange.answer
        for exchange in story.exchanges
        if exchange.endpoint == ("POST", "/v1/payment_intents/{id}/confirm")
        and isinstance(exchange.answer.get("latest_charge"), dict)
    )
    assert wrong_with(honest) == []
    assert wrong_with(changed(honest, change)) == [told]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("PaymentIntentCreateParams", {"amount": "12", "currency": "usd", "colour": "red"}),
        ("PaymentIntentCreateParams", {"amount": "twelve", "currency": "usd"}),
        ("PaymentIntentCreateParams", {"currency": "usd"}),
        (
            "PaymentIntentCreateParams",
            {"amount": "12", "currency": "usd", "automatic_payment_methods": {"on": "true"}},
        ),
        ("RefundListParams", {"created": {"after": "5"}}),
    ],
)
def test_a_lie_in_a_request_is_told(name: str, sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        check_params(name, sent)


def test_the_library_believes_our_signatures() -> None:
    payload = '{"id": "evt_1", "text": "积分"}'
    now = 1_795_000_000
    header = signature(payload, ["whsec_old", "whsec_new"], now=now)
    for secret in ("whsec_old", "whsec_new"):
        assert stripe.WebhookSignature.verify_header(payload, header, secret)
    generated = stripe.WebhookSignature.generate_signature_header(payload, "whsec_old", now)
    assert signature(payload, ["whsec_old"], now=now) == generated
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(payload + " ", header, "whsec_old")


def cli(binary: Path, local: LocalStripe, home: Path, *arguments: str) -> str:
    """Run Stripe's command line against the local Stripe, and against nothing else."""
    done = subprocess.run(
        [str(binary), *arguments, "--api-base", local.base, "--api-key", KEY],
        env={
            "HOME": str(home),
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
            "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("binary", CLI, ids=["stripe"])
def test_the_official_command_line_pays_refunds_and_lists(
    binary: Path, local: LocalStripe, tmp_path: Path
) -> None:
    asked = ("--amount", "2000", "--currency", "usd", "-d", "metadata[order]=ord_cli")
    methods = ("-d", "automatic_payment_methods[enabled]=true")
    never = ("-d", "automatic_payment_methods[allow_redirects]=never")
    made = json.loads(
        cli(binary, local, tmp_path, "payment_intents", "create", *asked, *methods, *never)
    )
    confirm = ("payment_intents", "confirm", made["id"], "--payment-method", "pm_card_visa")
    assert json.loads(cli(binary, local, tmp_path, *confirm))["status"] == "succeeded"
    refund = ("refunds", "create", "--payment-intent", made["id"], "--amount", "500")
    assert json.loads(cli(binary, local, tmp_path, *refund))["amount"] == 500
    listed = ("get", "/v1/refunds", "-d", f"payment_intent={made['id']}")
    assert len(json.loads(cli(binary, local, tmp_path, *listed))["data"]) == 1
    events = json.loads(cli(binary, local, tmp_path, "events", "list", "--limit", "2"))
    assert [event["type"] for event in events["data"]] == ["charge.refunded", "refund.created"]


@pytest.mark.parametrize("binary", CLI, ids=["stripe"])
def test_a_fixture_of_the_official_command_line_runs(
    binary: Path, local: LocalStripe, tmp_path: Path
) -> None:
    said = cli(binary, local, tmp_path, "trigger", "payment_intent.canceled")
    assert "Trigger succeeded!" in said


def test_every_test_card_has_a_number_of_its_own() -> None:
    assert len({card.last4 for card in CARDS.values()}) == len(CARDS)

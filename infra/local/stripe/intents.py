"""PaymentIntents: made, confirmed, cancelled."""

from __future__ import annotations

from typing import Final

from infra.local.stripe import charging, shapes
from infra.local.stripe.cards import CARDS
from infra.local.stripe.events import announce
from infra.local.stripe.money import check_charge
from infra.local.stripe.refused import Complaint, Document, Refused, wrong_parameter, wrong_state
from infra.local.stripe.world import Asked, World

CONFIRMABLE: Final = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE: Final = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
)
NO_RETURN_URL: Final = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because"
    " some of these payment methods might redirect your customer off of your page, you must"
    " provide a `return_url`. If you don't want to accept redirect-based payment methods, set"
    " `automatic_payment_methods[enabled]` to `true` and"
    " `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and"
    " Payment Intents."
)
NO_METHOD: Final = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either"
    " update the PaymentIntent with a payment method and then confirm it again, or confirm it again"
    " directly with a payment method or ConfirmationToken."
)


def create(world: World, asked: Asked) -> Document:
    """Make a payment; with `confirm` also try to charge it."""
    params = asked.params
    check_charge(params["amount"], params["currency"])
    if ("payment_method" in params) != params.get("confirm", False):
        said = "The local Stripe takes `payment_method` and `confirm` only together."
        raise wrong_parameter(said, param="payment_method")
    intent = shapes.payment_intent(world, params)
    if "payment_method" in params:
        _check_method(intent, params)
    world.store.put(intent)
    announce(world, "payment_intent.created", of=intent)
    return _attempted(world, intent, params=params) if "payment_method" in params else intent


def confirm(world: World, asked: Asked) -> Document:
    """Try to charge a payment, as the customer's browser would."""
    intent = world.get("payment_intent", asked.about, param="intent")
    status = intent["status"]
    if status == "succeeded":
        said = "because it has already succeeded after being previously confirmed."
        raise wrong_state(f"You cannot confirm this PaymentIntent {said}", intent)
    if status not in CONFIRMABLE:
        raise wrong_state(_not_in(status, deed="confirm", among=CONFIRMABLE[1:]), intent)
    if "payment_method" not in asked.params:
        raise wrong_state(NO_METHOD, intent)
    _check_method(intent, asked.params)
    return _attempted(world, intent, params=asked.params)


def cancel(world: World, asked: Asked) -> Document:
    """Cancel a payment that nobody has paid."""
    intent = world.get("payment_intent", asked.about, param="intent")
    if intent["status"] not in CANCELABLE:
        raise wrong_state(_not_in(intent["status"], deed="cancel", among=CANCELABLE), intent)
    cancelled = {
        **intent,
        "canceled_at": world.now(),
        "cancellation_reason": asked.params.get("cancellation_reason"),
        "next_action": None,
        "status": "canceled",
    }
    world.store.put(cancelled)
    announce(world, "payment_intent.canceled", of=cancelled)
    return cancelled


def _attempted(world: World, intent: Document, *, params: Document) -> Document:
    token, return_url = params["payment_method"], params.get("return_url", "")
    return charging.attempt(world, intent, token=token, return_url=return_url)


def _check_method(intent: Document, params: Document) -> None:
    token = params["payment_method"]
    if token not in CARDS:
        said = f"No such PaymentMethod: '{token}'"
        raise Refused(Complaint(said, code="resource_missing", param="payment_method"))
    may_redirect = intent["automatic_payment_methods"]["allow_redirects"] == "always"
    if may_redirect and "return_url" not in params:
        raise Refused(Complaint(NO_RETURN_URL))


def _not_in(status: str, *, deed: str, among: tuple[str, ...]) -> str:
    known = ", ".join(among)
    done = {"cancel": "canceled", "confirm": "confirmed"}[deed]
    return (
        f"You cannot {deed} this PaymentIntent because it has a status of {status}. Only a"
        f" PaymentIntent with one of the following statuses may be {done}: {known}."
    )

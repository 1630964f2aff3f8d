"""Stripe's test payment methods, and what happens to a charge that is made with each.

Their names and effects are Stripe's own (https://docs.stripe.com/testing), so a test that pays
with one runs alike against the real Stripe.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What becomes of a charge at once."""

    SUCCEEDS = "succeeds"
    DECLINED = "declined"
    NEEDS_ACTION = "needs_action"
    PROCESSING = "processing"


class Refunding(StrEnum):
    """How refunds of a charge go."""

    AT_ONCE = "at_once"
    PENDING = "pending"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Decline:
    """Why an issuer says no."""

    code: str
    decline_code: str
    message: str


@dataclass(frozen=True, slots=True)
class Card:
    """A test payment method. `dispute` names the reason of the dispute that follows, if any."""

    last4: str
    outcome: Outcome = Outcome.SUCCEEDS
    decline: Decline | None = None
    refunding: Refunding = Refunding.AT_ONCE
    dispute: str = ""
    is_inquiry: bool = False
    type: str = "card"


GENERIC: Final = Decline("card_declined", "generic_decline", "Your card was declined.")
NO_FUNDS: Final = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds."
)
EXPIRED: Final = Decline("expired_card", "expired_card", "Your card has expired.")
UNAUTHENTICATED: Final = Decline(
    "payment_intent_authentication_failure",
    "",
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or"
    " a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
)
BANK_SAID_NO: Final = Decline(
    "payment_intent_payment_attempt_failed", "", "The payment attempt failed."
)

VISA: Final = "pm_card_visa"
NOT_ENOUGH: Final = "pm_card_visa_chargeDeclinedInsufficientFunds"
THREE_D_SECURE: Final = "pm_card_authenticationRequired"
DISPUTED: Final = "pm_card_createDispute"
SLOW_BANK: Final = "pm_usBankAccount_processing"

CARDS: Final = {
    VISA: Card("4242"),
    "pm_card_mastercard": Card("4444"),
    "pm_card_visa_chargeDeclined": Card("0002", Outcome.DECLINED, GENERIC),
    NOT_ENOUGH: Card("9995", Outcome.DECLINED, NO_FUNDS),
    "pm_card_chargeDeclinedExpiredCard": Card("0069", Outcome.DECLINED, EXPIRED),
    THREE_D_SECURE: Card("3184", Outcome.NEEDS_ACTION),
    "pm_card_threeDSecure2Required": Card("3220", Outcome.NEEDS_ACTION),
    DISPUTED: Card("0259", dispute="fraudulent"),
    "pm_card_createDisputeProductNotReceived": Card("2685", dispute="product_not_received"),
    "pm_card_createDisputeInquiry": Card("1976", dispute="fraudulent", is_inquiry=True),
    "pm_card_pendingRefund": Card("7726", refunding=Refunding.PENDING),
    "pm_card_refundFail": Card("5126", refunding=Refunding.FAILING),
    SLOW_BANK: Card("6789", Outcome.PROCESSING, type="us_bank_account"),
}

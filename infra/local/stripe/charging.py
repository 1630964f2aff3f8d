"""What happens to a payment when somebody pays it: charges, declines, and what follows later.

Every change is announced in the order in which Stripe announces it: a disputed card's dispute comes
between its charge and the payment's success.
"""

from __future__ import annotations

from typing import Any, Final

from infra.local.stripe import disputes, shapes
from infra.local.stripe.cards import (
    BANK_SAID_NO,
    CARDS,
    UNAUTHENTICATED,
    VISA,
    Card,
    Decline,
    Outcome,
)
from infra.local.stripe.events import announce
from infra.local.stripe.refused import CARD, Complaint, Document, Refused
from infra.local.stripe.world import World

AUTHENTICATION: Final = "https://hooks.stripe.com/3d_secure_2/hosted?payment_intent="
"""Where a real customer would be sent; here a control answers in the bank's place."""


def attempt(world: World, intent: Document, *, token: str, return_url: str) -> Document:
    """Charge a payment with a test payment method; a decline is refused with 402."""
    card = CARDS[token]
    if card.outcome is Outcome.SUCCEEDS:
        return succeed(world, intent, card=card)
    if card.outcome is Outcome.NEEDS_ACTION:
        redirect = {"return_url": return_url or None, "url": AUTHENTICATION + intent["id"]}
        action = {"type": "redirect_to_url", "redirect_to_url": redirect}
        waiting = _kept(world, intent, status="requires_action", next_action=action)
        announce(world, "payment_intent.requires_action", of=waiting)
        return waiting
    if card.outcome is Outcome.PROCESSING:
        return _begin_slowly(world, intent, card=card)
    assert card.decline is not None
    raise decline(world, intent, card=card, why=card.decline)


def succeed(world: World, intent: Document, *, card: Card) -> Document:
    """Charge a payment."""
    charge = shapes.charge(world, intent, card=card)
    world.store.put(charge)
    announce(world, "charge.succeeded", of=charge)
    if card.dispute:
        charge = disputes.open_dispute(
            world, charge, reason=card.dispute, is_inquiry=card.is_inquiry
        )
    return _paid(world, intent, charge=charge)


def decline(world: World, intent: Document, *, card: Card, why: Decline) -> Refused:
    """Note a failed try and return the refusal that tells of it."""
    charge = {
        **shapes.charge(world, intent, card=card),
        "amount_captured": 0,
        "captured": False,
        "failure_code": why.code,
        "failure_message": why.message,
        "outcome": shapes.outcome(why),
        "paid": False,
        "status": "failed",
    }
    world.store.put(charge)
    announce(world, "charge.failed", of=charge)
    failed = _failed(world, intent, why=why, charge=charge)
    told = failed["last_payment_error"]
    more = {name: told[name] for name in ("charge", "decline_code") if name in told}
    return Refused(
        Complaint(
            why.message,
            code=why.code,
            type=CARD,
            status=402,
            more={**more, "payment_intent": failed},
        )
    )


def authenticate(world: World, intent: Document, *, is_done: bool) -> Document:
    """Let the customer do, or fail, what a payment's next action asks for."""
    if is_done:
        return succeed(world, {**intent, "next_action": None}, card=CARDS[VISA])
    return _failed(world, intent, why=UNAUTHENTICATED)


def finish(world: World, intent: Document, *, is_done: bool) -> Document:
    """Let a slow bank answer for a payment that is processing."""
    charge = world.get("charge", intent["latest_charge"])
    if is_done:
        charge = {**charge, "amount_captured": charge["amount"], "captured": True, "paid": True}
        charge["status"] = "succeeded"
        world.store.put(charge)
        announce(world, "charge.succeeded", of=charge)
        return _paid(world, intent, charge=charge)
    charge |= {"status": "failed", "failure_code": BANK_SAID_NO.code, "paid": False}
    charge["failure_message"] = BANK_SAID_NO.message
    world.store.put(charge)
    announce(world, "charge.failed", of=charge)
    return _failed(world, intent, why=BANK_SAID_NO, charge=charge)


def _begin_slowly(world: World, intent: Document, *, card: Card) -> Document:
    charge = {
        **shapes.charge(world, intent, card=card),
        "amount_captured": 0,
        "captured": False,
        "paid": False,
        "status": "pending",
    }
    world.store.put(charge)
    announce(world, "charge.pending", of=charge)
    method = charge["payment_method"]
    changes = {"latest_charge": charge["id"], "payment_method": method, "next_action": None}
    waiting = _kept(world, intent, status="processing", **changes)
    announce(world, "payment_intent.processing", of=waiting)
    return waiting


def _paid(world: World, intent: Document, *, charge: Document) -> Document:
    paid = _kept(
        world,
        intent,
        status="succeeded",
        amount_received=charge["amount"],
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        last_payment_error=None,
        next_action=None,
    )
    announce(world, "payment_intent.succeeded", of=paid)
    return paid


def _failed(
    world: World, intent: Document, *, why: Decline, charge: Document | None = None
) -> Document:
    charge_id = charge["id"] if charge else None
    failed = _kept(
        world,
        intent,
        status="requires_payment_method",
        last_payment_error=shapes.payment_error(why, charge_id),
        latest_charge=charge_id or intent["latest_charge"],
        next_action=None,
        payment_method=None,
    )
    announce(world, "payment_intent.payment_failed", of=failed)
    return failed


def _kept(world: World, intent: Document, **changes: Any) -> Document:
    changed = {**intent, **changes}
    world.store.put(changed)
    return changed

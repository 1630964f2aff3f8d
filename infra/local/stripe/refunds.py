"""Refunds: never more than is left of a charge; pending and failing ones move on when told to."""

from __future__ import annotations

from typing import Any

from infra.local.stripe import shapes
from infra.local.stripe.cards import CARDS, Card, Refunding
from infra.local.stripe.events import announce
from infra.local.stripe.money import check_step, written
from infra.local.stripe.refused import Complaint, Document, Refused
from infra.local.stripe.store import Query
from infra.local.stripe.world import Asked, World


def create(world: World, asked: Asked) -> Document:
    """Refund a charge, whole or in part."""
    params = asked.params
    charge = _charge_of(world, params)
    amount = _amount_of(world, charge, params=params)
    card = _card_of(charge)
    refund = shapes.refund(world, charge, params=params, amount=amount)
    if card.refunding is Refunding.PENDING:
        refund |= {"status": "pending", "pending_reason": "processing"}
    world.store.put(refund)
    charge = _refunded_by(world, charge, amount=amount)
    announce(world, "refund.created", of=refund)
    announce(world, "charge.refunded", of=charge)
    return refund


def settle(world: World, refund_id: str, *, is_done: bool) -> Document:
    """Let a refund that is pending succeed, or one fail; failing after success is possible."""
    refund = world.get("refund", refund_id, param="id")
    if is_done:
        settled = {**refund, "status": "succeeded", "pending_reason": None}
        return _moved(world, settled, kind="refund.updated")
    charge = world.get("charge", refund["charge"])
    _refunded_by(world, charge, amount=-refund["amount"])
    failed = {
        **refund,
        "failure_reason": "expired_or_canceled_card",
        "pending_reason": None,
        "status": "failed",
    }
    return _moved(world, failed, kind="refund.failed")


def _moved(world: World, refund: Document, *, kind: str) -> Document:
    world.store.put(refund)
    announce(world, kind, of=refund)
    announce(world, "charge.refund.updated", of=refund)
    return refund


def _charge_of(world: World, params: Document) -> Document:
    if "charge" in params:
        charge = world.get("charge", params["charge"], param="id")
        intent = world.get("payment_intent", charge["payment_intent"])
    elif "payment_intent" in params:
        intent = world.get("payment_intent", params["payment_intent"])
    else:
        said = "One of the following params should be provided for this request:"
        raise Refused(Complaint(f"{said} payment_intent or charge."))
    if intent["status"] != "succeeded":
        said = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise Refused(Complaint(said))
    return world.get("charge", intent["latest_charge"])


def _amount_of(world: World, charge: Document, *, params: Document) -> int:
    left: int = charge["amount"] - charge["amount_refunded"]
    if charge["disputed"] and not _is_refundable(world, charge):
        said = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise Refused(Complaint(said, code="charge_disputed"))
    if left == 0:
        said = f"Charge {charge['id']} has already been refunded."
        raise Refused(Complaint(said, code="charge_already_refunded"))
    amount: int = params.get("amount", left)
    check_step(amount, charge["currency"])
    if amount > left:
        asked, rest = (written(sum_, charge["currency"]) for sum_ in (amount, left))
        whole = "charge amount" if left == charge["amount"] else "unrefunded amount on charge"
        said = f"Refund amount ({asked}) is greater than {whole} ({rest})"
        raise Refused(Complaint(said, param="amount"))
    return amount


def _is_refundable(world: World, charge: Document) -> bool:
    (found, _) = world.store.page(Query("dispute", limit=1, filters={"charge": [charge["id"]]}))
    return all(dispute["is_charge_refundable"] for dispute in found)


def _refunded_by(world: World, charge: Document, *, amount: int) -> Document:
    refunded = charge["amount_refunded"] + amount
    changed = {**charge, "amount_refunded": refunded, "refunded": refunded == charge["amount"]}
    world.store.put(changed)
    return changed


def _card_of(charge: Document) -> Card:
    details: dict[str, Any] = charge["payment_method_details"]
    last4 = details[details["type"]]["last4"]
    return next(card for card in CARDS.values() if card.last4 == last4)

"""Disputes: opened by a card or a control, answered with evidence, won, lost or escalated.

Stripe's test evidence decides: `winning_evidence`, `losing_evidence`, `escalate_inquiry_evidence`
as `uncategorized_text`. The real one answers under_review and decides some seconds later; here the
answer already tells the decision.
"""

from __future__ import annotations

from typing import Any, Final

from infra.local.stripe import shapes
from infra.local.stripe.events import announce
from infra.local.stripe.refused import Complaint, Document, Refused
from infra.local.stripe.world import Asked, World

WINNING: Final = "winning_evidence"
LOSING: Final = "losing_evidence"
ESCALATING: Final = "escalate_inquiry_evidence"
CLOSED: Final = frozenset({"won", "lost", "warning_closed", "prevented"})


def open_dispute(world: World, charge: Document, *, reason: str, is_inquiry: bool) -> Document:
    """Dispute a charge and return the charge; unless it is an inquiry, its money is withdrawn."""
    charge = {**charge, "disputed": True}
    world.store.put(charge)
    dispute = shapes.dispute(world, charge, reason=reason, is_inquiry=is_inquiry)
    if not is_inquiry:
        dispute["balance_transactions"] = [shapes.balance_transaction(world, dispute, sign=-1)]
    world.store.put(dispute)
    announce(world, "charge.dispute.created", of=dispute)
    if not is_inquiry:
        announce(world, "charge.dispute.funds_withdrawn", of=dispute)
    return charge


def update(world: World, asked: Asked) -> Document:
    """Take evidence; unless it is only a draft, it is submitted."""
    params, dispute = asked.params, _open(world, asked.about)
    evidence = params.get("evidence", {})
    details = {**dispute["evidence_details"], "has_evidence": bool(evidence)}
    changed = {
        **dispute,
        "evidence": {**dispute["evidence"], **evidence},
        "evidence_details": details,
        "metadata": {**dispute["metadata"], **params.get("metadata", {})},
    }
    if not evidence or not params.get("submit", True):
        return _kept(world, changed)
    details |= {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
    is_inquiry = is_an_inquiry(dispute)
    changed["status"] = "warning_under_review" if is_inquiry else "under_review"
    told = evidence.get("uncategorized_text")
    if told == ESCALATING and is_inquiry:
        return escalate(world, changed)
    if told in {WINNING, LOSING}:
        return decide(world, changed, is_won=told == WINNING)
    announce(world, "charge.dispute.updated", of=changed)
    return _kept(world, changed)


def close(world: World, asked: Asked) -> Document:
    """Accept a dispute: it is lost."""
    return decide(world, _open(world, asked.about), is_won=False)


def escalate(world: World, inquiry: Document) -> Document:
    """Make a chargeback of an inquiry: now the money goes."""
    dispute = {**inquiry, "is_charge_refundable": False, "status": "needs_response"}
    card = {**dispute["payment_method_details"]["card"], "case_type": "chargeback"}
    dispute["payment_method_details"] = {"type": "card", "card": card}
    dispute["balance_transactions"] = [shapes.balance_transaction(world, dispute, sign=-1)]
    announce(world, "charge.dispute.updated", of=dispute)
    announce(world, "charge.dispute.funds_withdrawn", of=dispute)
    return _kept(world, dispute)


def decide(world: World, dispute: Document, *, is_won: bool) -> Document:
    """Close a dispute; a won chargeback brings the money back, an inquiry never took any."""
    if is_an_inquiry(dispute):
        decided = {**dispute, "status": "warning_closed"}
    elif is_won:
        back = shapes.balance_transaction(world, dispute, sign=1)
        moves = [*dispute["balance_transactions"], back]
        decided = {**dispute, "balance_transactions": moves, "is_charge_refundable": True}
        decided["status"] = "won"
        announce(world, "charge.dispute.funds_reinstated", of=decided)
    else:
        decided = {**dispute, "status": "lost"}
    announce(world, "charge.dispute.closed", of=decided)
    return _kept(world, decided)


def is_an_inquiry(dispute: Document) -> bool:
    """Tell whether a dispute has moved no money yet."""
    status: str = dispute["status"]
    return status.startswith("warning_")


def _open(world: World, dispute_id: str) -> Document:
    dispute = world.get("dispute", dispute_id)
    if dispute["status"] in CLOSED:
        raise Refused(Complaint("This dispute is already closed"))
    return dispute


def _kept(world: World, dispute: dict[str, Any]) -> Document:
    world.store.put(dispute)
    return dispute

"""Fresh objects with every field that the API's own classes declare for them.

What no endpoint here ever sets is null, as in Stripe's answers. Two things differ from the real
ones and are always null: `balance_transaction` of charges and refunds (only a dispute's are made,
inside the dispute), and whatever belongs to Connect.
"""

from __future__ import annotations

from typing import Final

from infra.local.stripe.cards import Card, Decline
from infra.local.stripe.refused import CARD, DOCS, Document
from infra.local.stripe.world import World, mint

DISPUTE_DAYS: Final = 8
"""Until the end of that day a dispute of a test card can be answered."""
DISPUTE_FEE: Final = 1500
"""What a chargeback costs beside its amount, in the minor unit of US dollars."""
DAY_SECONDS: Final = 86_400
EVIDENCE: Final = (
    *("access_activity_log", "billing_address", "cancellation_policy"),
    *("cancellation_policy_disclosure", "cancellation_rebuttal", "customer_communication"),
    *("customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature"),
    *("duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id"),
    *("product_description", "receipt", "refund_policy", "refund_policy_disclosure"),
    *("refund_refusal_explanation", "service_date", "service_documentation", "shipping_address"),
    *("shipping_carrier", "shipping_date", "shipping_documentation"),
    *("shipping_tracking_number", "uncategorized_file", "uncategorized_text"),
)
NETWORK_CODES: Final = {"fraudulent": "10.4", "product_not_received": "13.1"}
INQUIRY_CODE: Final = "10"


def _empty(*names: str) -> Document:
    return dict.fromkeys(names)


def payment_intent(world: World, params: Document) -> Document:
    """Return a payment that waits for a payment method."""
    intent_id = mint("pi")
    methods = {"allow_redirects": "always", "enabled": True}
    return {
        **_empty("amount_details", "application", "application_fee_amount", "canceled_at"),
        **_empty("cancellation_reason", "customer", "customer_account", "last_payment_error"),
        **_empty("excluded_payment_method_types", "latest_charge", "next_action", "on_behalf_of"),
        **_empty("payment_method", "payment_method_configuration_details", "presentment_details"),
        **_empty("processing", "receipt_email", "review", "setup_future_usage", "shipping"),
        **_empty("source", "statement_descriptor", "statement_descriptor_suffix"),
        **_empty("transfer_data", "transfer_group"),
        "id": intent_id,
        "object": "payment_intent",
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": methods | params.get("automatic_payment_methods", {}),
        "capture_method": "automatic_async",
        "client_secret": mint(f"{intent_id}_secret"),
        "confirmation_method": "automatic",
        "created": world.now(),
        "currency": params["currency"],
        "description": params.get("description"),
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }


def charge(world: World, intent: Document, *, card: Card) -> Document:
    """Return a charge that succeeded."""
    return {
        **_empty("application", "application_fee", "application_fee_amount"),
        **_empty("balance_transaction", "customer", "failure_balance_transaction"),
        **_empty("failure_code", "failure_message", "on_behalf_of", "presentment_details"),
        **_empty("receipt_email", "receipt_number", "receipt_url", "review", "shipping", "source"),
        **_empty("source_transfer", "statement_descriptor", "statement_descriptor_suffix"),
        **_empty("transfer_data", "transfer_group"),
        "id": mint("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "billing_details": {**_empty("email", "name", "phone", "tax_id"), "address": None},
        "calculated_statement_descriptor": "JIFEN",
        "captured": True,
        "created": world.now(),
        "currency": intent["currency"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": outcome(),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": mint("pm"),
        "payment_method_details": _method_details(intent, card),
        "radar_options": {},
        "refunded": False,
        "status": "succeeded",
    }


def outcome(decline: Decline | None = None) -> Document:
    """Return how a charge went, as the network and the risk check tell it."""
    reason = (decline.decline_code or decline.code) if decline else None
    return {
        **_empty("advice_code", "network_advice_code", "network_decline_code"),
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "The bank returned a decline." if decline else "Payment complete.",
        "type": "issuer_declined" if decline else "authorized",
    }


def _method_details(intent: Document, card: Card) -> Document:
    if card.type == "us_bank_account":
        names = ("account_holder_type", "account_type", "bank_name", "expected_debit_date")
        more = ("fingerprint", "mandate", "payment_reference", "routing_number")
        return {"type": card.type, card.type: {**_empty(*names, *more), "last4": card.last4}}
    return {
        "type": "card",
        "card": {
            **_empty("network_transaction_id", "wallet"),
            "amount_authorized": intent["amount"],
            "authorization_code": "123456",
            "brand": "visa",
            "checks": _empty("address_line1_check", "address_postal_code_check", "cvc_check"),
            "country": "US",
            "exp_month": 12,
            "exp_year": 2034,
            "extended_authorization": {"status": "disabled"},
            "fingerprint": "local",
            "funding": "credit",
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "last4": card.last4,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": "visa",
            "network_token": {"used": False},
            "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": None,
        },
    }


def payment_error(decline: Decline, charge_id: str | None) -> Document:
    """Return why the last try of a payment failed."""
    error: Document = {
        "code": decline.code,
        "doc_url": DOCS + decline.code.replace("_", "-"),
        "message": decline.message,
        "type": CARD if charge_id else "invalid_request_error",
    }
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    return {**error, "charge": charge_id} if charge_id else error


def refund(world: World, charge: Document, *, params: Document, amount: int) -> Document:
    """Return a refund that succeeded."""
    reference = {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    return {
        **_empty("balance_transaction", "failure_balance_transaction", "receipt_number"),
        **_empty("source_transfer_reversal", "transfer_reversal"),
        "id": mint("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "destination_details": {"card": reference, "type": "card"},
        "metadata": params.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "status": "succeeded",
    }


def dispute(world: World, charge: Document, *, reason: str, is_inquiry: bool) -> Document:
    """Return a dispute that needs a response; an inquiry has moved no money."""
    now = world.now()
    made: Document = {
        "id": mint("du"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**_empty(*EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": (now // DAY_SECONDS + DISPUTE_DAYS + 1) * DAY_SECONDS - 1,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": is_inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": INQUIRY_CODE if is_inquiry else NETWORK_CODES[reason],
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "type": "card",
            "card": {
                "brand": "visa",
                "case_type": "inquiry" if is_inquiry else "chargeback",
                "network": "visa",
                "network_reason_code": INQUIRY_CODE if is_inquiry else NETWORK_CODES[reason],
            },
        },
        "reason": reason,
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }
    return made


def balance_transaction(world: World, dispute: Document, *, sign: int) -> Document:
    """Return the money of a dispute leaving the balance (-1) or coming back to it (1)."""
    fee = DISPUTE_FEE if sign < 0 else 0
    details = {"amount": fee, "application": None, "currency": dispute["currency"]}
    return {
        "id": mint("txn"),
        "object": "balance_transaction",
        "amount": sign * dispute["amount"],
        "available_on": world.now(),
        "balance_type": "payments",
        "created": world.now(),
        "currency": dispute["currency"],
        "description": f"Chargeback {'withdrawal' if sign < 0 else 'reversal'}",
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [{**details, "description": "Dispute fee", "type": "stripe_fee"}]
        if fee
        else [],
        "net": sign * dispute["amount"] - fee,
        "reporting_category": "dispute" if sign < 0 else "dispute_reversal",
        "source": dispute["id"],
        "status": "available",
        "type": "adjustment",
    }

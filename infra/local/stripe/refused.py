"""Every way in which the local Stripe says no, in the words and the shape of the real one.

Validation comes before an endpoint begins. What it refuses is not kept under an idempotency key,
as no endpoint ran; what an endpoint refuses is kept and told again like a success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

INVALID: Final = "invalid_request_error"
CARD: Final = "card_error"
API: Final = "api_error"
IDEMPOTENCY: Final = "idempotency_error"

DOCS: Final = "https://stripe.com/docs/error-codes/"
LOGS: Final = "https://dashboard.stripe.com/test/logs/"

Document = dict[str, Any]
"""A JSON object, as Stripe's API takes and gives them: nested, and checked where it enters."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error's members; empty ones are left out. `more` are the objects told beside them."""

    message: str
    code: str = ""
    param: str = ""
    type: str = INVALID
    status: int = 400
    more: Mapping[str, Any] = field(default_factory=dict)

    def body(self, request_id: str) -> Document:
        """Return the answer's body."""
        told = {"code": self.code, "message": self.message, "param": self.param, "type": self.type}
        error: Document = {name: value for name, value in told.items() if value}
        if self.code:
            error["doc_url"] = DOCS + self.code.replace("_", "-")
        return {"error": {**error, "request_log_url": LOGS + request_id, **self.more}}


class Refused(Exception):
    """A request that is refused; `is_begun` when an endpoint refused it and not a check before."""

    def __init__(self, complaint: Complaint, *, is_begun: bool = True) -> None:
        super().__init__(complaint.message)
        self.complaint = complaint
        self.is_begun = is_begun


def not_there(kind: str, object_id: str, *, param: str) -> Refused:
    """Return the refusal of an id that names nothing."""
    said = f"No such {kind}: '{object_id}'"
    return Refused(Complaint(said, code="resource_missing", param=param, status=404))


def no_such_path(method: str, path: str) -> Refused:
    """Return the refusal of an address that this Stripe does not have."""
    said = (
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove"
        " the trailing slash. If you are trying to retrieve an object, make sure you passed a"
        " valid (non-empty) identifier in your code."
    )
    return Refused(Complaint(said, status=404), is_begun=False)


def wrong_parameter(message: str, *, param: str, code: str = "") -> Refused:
    """Return the refusal of a parameter before any endpoint begins."""
    return Refused(Complaint(message, code=code, param=param), is_begun=False)


def wrong_state(message: str, intent: Document) -> Refused:
    """Return the refusal of what a payment's present status does not allow."""
    more = {"payment_intent": intent}
    return Refused(Complaint(message, code="payment_intent_unexpected_state", more=more))

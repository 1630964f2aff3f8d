"""The seam: what Jifen asks of whoever takes its money."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from chalicelib.gateways.payments.model import (
    Dispute,
    Intent,
    PaymentDraft,
    Refund,
    RefundDraft,
    Span,
)


class Payments(Protocol):
    """Takes payments and gives them back. Every call may raise a `PaymentsError`.

    The calls that make something take a draft and may be repeated: the same draft gives what it
    gave before, for a day. After that, and after an `Unclear` that is kept, look for it first.
    """

    def create_intent(self, draft: PaymentDraft) -> Intent:
        """Make the payment of an order's attempt."""

    def get_intent(self, intent_id: str) -> Intent:
        """Return a payment as it is now."""

    def cancel_intent(self, intent_id: str) -> Intent:
        """Cancel a payment unless it is too late, and return it as it is then.

        Only CANCELED means that nothing can be paid any more.
        """

    def intents_of(self, order_id: str, *, span: Span) -> list[Intent]:
        """Return the payments of an order made in a span, the newest first.

        For those whose id was lost. It goes through all that were made in the span, a hundred a
        call, so the span should be no longer than the doubt.
        """

    def create_refund(self, draft: RefundDraft) -> Refund:
        """Give back a part of a payment, or all of it."""

    def get_refund(self, refund_id: str) -> Refund:
        """Return a refund as it is now."""

    def refunds_of(self, intent_id: str) -> list[Refund]:
        """Return every refund of a payment, the newest first, whoever made it."""

    def get_dispute(self, dispute_id: str) -> Dispute:
        """Return a dispute as it is now."""

    def disputes_of(self, intent_id: str) -> list[Dispute]:
        """Return every dispute of a payment, the newest first."""

    def intents(self, span: Span) -> Iterator[Intent]:
        """Yield the payments of this environment that were made in a span, the newest first."""

    def refunds(self, span: Span) -> Iterator[Refund]:
        """Yield the refunds made in a span: this environment's, and those that bear no mark."""

    def disputes(self, span: Span) -> Iterator[Dispute]:
        """Yield the disputes opened in a span; only their payment says whose they are."""

"""The seam to whoever takes money, over a Stripe in a few facts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from typing_extensions import override

from chalicelib.gateways.payments.errors import Rejected
from chalicelib.gateways.payments.model import (
    Dispute,
    Intent,
    PaymentDraft,
    Refund,
    RefundDraft,
    Span,
)
from chalicelib.gateways.payments.port import Payments
from tests.saga.stripe import Failed


class MemoryPayments(Payments):
    """The seam, over whoever carries a deed out."""

    def __init__(self, carry_out: Callable[[str, tuple[Hashable, ...]], Hashable]) -> None:
        self._carry_out = carry_out

    @override
    def create_intent(self, draft: PaymentDraft) -> Intent:
        found: Intent = self._asked("create_intent", draft)
        return found

    @override
    def get_intent(self, intent_id: str) -> Intent:
        found: Intent = self._asked("get_intent", intent_id)
        return found

    @override
    def cancel_intent(self, intent_id: str) -> Intent:
        found: Intent = self._asked("cancel_intent", intent_id)
        return found

    @override
    def intents_of(self, order_id: str, *, span: Span) -> list[Intent]:
        return list(self._asked("intents_of", order_id, span))

    @override
    def create_refund(self, draft: RefundDraft) -> Refund:
        found: Refund = self._asked("create_refund", draft)
        return found

    @override
    def get_refund(self, refund_id: str) -> Refund:
        found: Refund = self._asked("get_refund", refund_id)
        return found

    @override
    def refunds_of(self, intent_id: str) -> list[Refund]:
        return list(self._asked("refunds_of", intent_id))

    @override
    def get_dispute(self, dispute_id: str) -> Dispute:
        raise Rejected("resource_missing")

    @override
    def disputes_of(self, intent_id: str) -> list[Dispute]:
        return []

    @override
    def intents(self, span: Span) -> Iterator[Intent]:
        yield from self._asked("intents", span)

    @override
    def refunds(self, span: Span) -> Iterator[Refund]:
        yield from self._asked("refunds", span)

    @override
    def disputes(self, span: Span) -> Iterator[Dispute]:
        return iter(())

    def _asked(self, deed: str, *asked: Hashable) -> Any:
        answer = self._carry_out(deed, asked)
        if isinstance(answer, Failed):
            raise answer.raised()
        return answer

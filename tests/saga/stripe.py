"""A Stripe in a few frozen facts: what an explorer can put back, hash and go on from.

    account = Account(now)
    account, answer = answered(account, "create_intent", (draft,))

It knows what the saga depends on: keys with their first answer kept for a day, payments that are
paid, declined or cancelled and never leave those two ends, refunds of no more than is left, and
calls that fail. Ids follow from keys and never from chance, so that equal histories are equal. A
test plays one script at this and at the local Stripe, which is held against the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from chalicelib.gateways.payments.errors import Down, PaymentsError, Rejected, Unclear
from chalicelib.gateways.payments.model import (
    Intent,
    IntentStatus,
    Mark,
    PaymentDraft,
    Refund,
    RefundDraft,
    RefundStatus,
    Span,
)
from chalicelib.kernel.money import Money

ENVIRONMENT: Final = "tests"
KEPT_FOR: Final = timedelta(days=1)
"""Stripe may forget a key after 24 hours."""
PAYABLE: Final = frozenset({IntentStatus.REQUIRES_PAYMENT_METHOD})
"""The states here in which somebody can still pay."""
WRITES: Final = frozenset({"create_intent", "cancel_intent", "create_refund"})


class Fault(Enum):
    """How the next call fails that can."""

    DOWN = "nothing is done"
    LOST = "it is done, and the answer is lost"
    KEPT = "nothing is done, and the key says so for a day"


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that failed, and how."""

    error: type[PaymentsError]
    reason: str
    is_kept: bool = False

    def raised(self) -> PaymentsError:
        """Return the error of ours that it stands for."""
        if self.error is Unclear:
            return Unclear(self.reason, is_kept=self.is_kept)
        return self.error(self.reason)


@dataclass(frozen=True, slots=True)
class Kept:
    """The first answer under a key, and what was asked then."""

    key: tuple[str, str, int]
    draft: Hashable
    answer: Hashable
    since: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that this Stripe knows."""

    now: datetime
    intents: tuple[Intent, ...] = ()
    refunds: tuple[Refund, ...] = ()
    kept: tuple[Kept, ...] = ()
    fault: Fault | None = None

    def intent(self, intent_id: str) -> Intent | None:
        """Return a payment, or None."""
        return next((one for one in self.intents if one.id == intent_id), None)

    def of_order(self, order_id: str) -> list[Intent]:
        """Return an order's payments, the newest first."""
        return [one for one in self.intents[::-1] if one.mark and one.mark.order_id == order_id]

    def given_back(self, intent_id: str) -> int:
        """Return how much of a payment went back."""
        return sum(one.cash.amount for one in self.refunds if one.intent_id == intent_id)

    def with_intent(self, intent: Intent) -> Account:
        """Return the account with a payment as it is now."""
        others = [one for one in self.intents if one.id != intent.id]
        return replace(self, intents=tuple(sorted([*others, intent], key=lambda one: one.id)))


Answered = tuple[Account, Hashable]


def answered(account: Account, deed: str, asked: tuple[Any, ...]) -> Answered:
    """Return the account after a call, and what the call brings: a fact, facts, or `Failed`."""
    fault = account.fault
    if fault is Fault.DOWN:
        return replace(account, fault=None), Failed(Down, "rate_limit")
    if fault is None or deed not in WRITES or (fault is Fault.KEPT and deed == "cancel_intent"):
        return DEEDS[deed](account, *asked)
    account = replace(account, fault=None)
    if fault is Fault.LOST:
        return DEEDS[deed](account, *asked)[0], Failed(Unclear, "APIConnectionError")
    failed = Failed(Unclear, "APIError", is_kept=True)
    return _first(account, asked[0], lambda: (account, failed))


def paid(account: Account, intent_id: str, *, is_declined: bool = False) -> Account:
    """Return the account after a customer tried to pay; what is over stays as it is."""
    intent = account.intent(intent_id)
    if intent is None or intent.status not in PAYABLE:
        return account
    charge = f"ch_{intent.id}"
    if is_declined:
        tried = replace(intent, declined="insufficient_funds", charge_id=charge)
        return account.with_intent(tried)
    done = replace(
        intent,
        status=IntentStatus.SUCCEEDED,
        received=intent.cash,
        charge_id=charge,
        declined=None,
    )
    return account.with_intent(done)


def _create_intent(account: Account, draft: PaymentDraft) -> Answered:
    def made() -> Answered:
        name = f"pi_{draft.order_id}_{draft.attempt}"
        intent = Intent(
            id=name,
            status=IntentStatus.REQUIRES_PAYMENT_METHOD,
            cash=draft.cash,
            received=Money(0, draft.cash.currency),
            mark=Mark(ENVIRONMENT, draft.order_id),
            created_at=account.now,
            is_live=False,
            charge_id=None,
            declined=None,
            client_secret=f"{name}_secret",
        )
        return account.with_intent(intent), intent

    return _first(account, draft, made)


def _get_intent(account: Account, intent_id: str) -> Answered:
    return account, account.intent(intent_id) or Failed(Rejected, "resource_missing")


def _cancel_intent(account: Account, intent_id: str) -> Answered:
    intent = account.intent(intent_id)
    if intent is None:
        return account, Failed(Rejected, "resource_missing")
    if intent.status in PAYABLE:
        intent = replace(intent, status=IntentStatus.CANCELED)
    return account.with_intent(intent), intent


def _intents_of(account: Account, order_id: str, span: Span) -> Answered:
    found = account.of_order(order_id)
    return account, tuple(one for one in found if _is_within(one.created_at, span))


def _intents(account: Account, span: Span) -> Answered:
    return account, tuple(one for one in account.intents if _is_within(one.created_at, span))


def _refunds(account: Account, span: Span) -> Answered:
    return account, tuple(one for one in account.refunds if _is_within(one.created_at, span))


def _is_within(instant: datetime, span: Span) -> bool:
    return span.since <= instant < span.until


def _create_refund(account: Account, draft: RefundDraft) -> Answered:
    return _first(account, draft, lambda: _refunded(account, draft))


def _refunded(account: Account, draft: RefundDraft) -> Answered:
    intent = account.intent(draft.intent_id)
    if intent is None or intent.status is not IntentStatus.SUCCEEDED:
        return account, Failed(Rejected, "InvalidRequestError")
    left = intent.received.amount - account.given_back(intent.id)
    if left == 0:
        return account, Failed(Rejected, "charge_already_refunded")
    if draft.cash.amount > left:
        return account, Failed(Rejected, "InvalidRequestError")
    refund = Refund(
        id=f"re_{draft.refund_id}_{draft.attempt}",
        status=RefundStatus.SUCCEEDED,
        cash=draft.cash,
        intent_id=intent.id,
        charge_id=intent.charge_id,
        mark=Mark(ENVIRONMENT, draft.order_id, draft.refund_id),
        created_at=account.now,
        failure=None,
    )
    return replace(account, refunds=(*account.refunds, refund)), refund


def _get_refund(account: Account, refund_id: str) -> Answered:
    found = (one for one in account.refunds if one.id == refund_id)
    return account, next(found, None) or Failed(Rejected, "resource_missing")


def _refunds_of(account: Account, intent_id: str) -> Answered:
    return account, tuple(one for one in account.refunds[::-1] if one.intent_id == intent_id)


def _first(
    account: Account, draft: PaymentDraft | RefundDraft, do: Callable[[], Answered]
) -> Answered:
    """Return what a key was answered first, or do what is asked and keep its answer."""
    key = _key(draft)
    for kept in account.kept:
        if kept.key == key and account.now - kept.since < KEPT_FOR:
            told = kept.answer if kept.draft == draft else Failed(Rejected, "IdempotencyError")
            return account, told
    after, answer = do()
    others = [kept for kept in after.kept if kept.key != key]
    kept = Kept(key, draft, answer, account.now)
    return replace(after, kept=tuple(sorted([*others, kept], key=lambda one: one.key))), answer


def _key(draft: PaymentDraft | RefundDraft) -> tuple[str, str, int]:
    if isinstance(draft, PaymentDraft):
        return ("pay", draft.order_id, draft.attempt)
    return ("refund", draft.refund_id, draft.attempt)


DEEDS: Final[dict[str, Callable[..., Answered]]] = {
    "create_intent": _create_intent,
    "get_intent": _get_intent,
    "cancel_intent": _cancel_intent,
    "intents_of": _intents_of,
    "create_refund": _create_refund,
    "get_refund": _get_refund,
    "refunds_of": _refunds_of,
    "intents": _intents,
    "refunds": _refunds,
}

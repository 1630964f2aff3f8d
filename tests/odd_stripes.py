"""A Stripe that does what the local one cannot be brought to do, for tests of what follows.

Each stands before the local Stripe at the seam, and differs from it in one answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from chalicelib.gateways.payments.model import (
    Intent,
    IntentStatus,
    PaymentDraft,
    Refund,
    RefundDraft,
)
from chalicelib.gateways.payments.port import Payments


class Died(BaseException):
    """The process ended here."""


@dataclass
class Odd:
    """Passes everything on."""

    real: Payments

    def __getattr__(self, name: str) -> Any:
        """Return what the real one does."""
        return getattr(self.real, name)

    def port(self) -> Payments:
        """Return it as whoever takes money."""
        return cast(Payments, self)


class CancelsInVain(Odd):
    """Says that a payment is cancelled, which can still be paid: money comes late."""

    def cancel_intent(self, intent_id: str) -> Intent:
        """Say so."""
        return replace(self.real.get_intent(intent_id), status=IntentStatus.CANCELED)


@dataclass
class Otherwise(Odd):
    """Tells of payments otherwise than they are."""

    change: Callable[[Intent], Intent]

    def get_intent(self, intent_id: str) -> Intent:
        """Tell of one."""
        return self.change(self.real.get_intent(intent_id))


class DiesWhenMade(Odd):
    """Makes what it is asked for, and never tells."""

    def create_intent(self, draft: PaymentDraft) -> Intent:
        """Make a payment."""
        self.real.create_intent(draft)
        raise Died

    def create_refund(self, draft: RefundDraft) -> Refund:
        """Make a refund."""
        self.real.create_refund(draft)
        raise Died


@dataclass
class Counting(Odd):
    """Counts the calls."""

    calls: list[str]

    def __getattr__(self, name: str) -> Any:
        """Note the call, and pass it on."""
        self.calls.append(name)
        return getattr(self.real, name)

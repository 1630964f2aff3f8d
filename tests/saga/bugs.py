"""The saga with one mistake in it, each a change of a few words in the running product."""

from __future__ import annotations

from typing import Final

from tests.controls.bugs import Slip

PROGRESS: Final = "chalicelib.redeem.progress"
PAYMENT: Final = "chalicelib.redeem.payment.service"

RELEASE_BEFORE_CANCEL: Final = (
    Slip(
        f"{PROGRESS}.service",
        "advance",
        "intent = payment.asked(lambda: payments.cancel_intent(waiting))",
        "done = _released(work, order, ending=UNPAID, aside=aside);"
        " payments.cancel_intent(waiting); return done",
    ),
)
"""Everything is released, and then nobody can pay any more."""
BROWSERS_WORD: Final = (
    Slip(
        f"{PROGRESS}.rules",
        "meaning_of",
        "if intent.status is not IntentStatus.SUCCEEDED:",
        "if intent.declined is not None:",
    ),
    Slip(
        f"{PROGRESS}.rules",
        "meaning_of",
        "intent.cash == order.cash and intent.received == order.cash",
        "intent.cash == order.cash",
    ),
)
"""Whoever comes back and was not declined is taken to have paid."""
KEY_PER_RETRY: Final = (
    Slip(
        PAYMENT,
        "_made",
        "PaymentDraft(order.id, order.attempt, order.cash)",
        "PaymentDraft(order.id, work.dice.getrandbits(16), order.cash)",
    ),
)
"""Every try to make a payment has a key of its own."""
LATE_MONEY_KEPT: Final = (
    Slip(f"{PROGRESS}.service", "_given_back", "if owed is None or kept:", "if order:"),
)
"""What is paid for an order that cannot have it is never given back."""

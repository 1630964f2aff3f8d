"""Which account takes the money: Stripe's where the settings name one, and else nobody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn, cast

from chalicelib.gateways.payments.errors import Down
from chalicelib.gateways.payments.port import Payments
from chalicelib.gateways.payments.stripe_payments import StripePayments
from chalicelib.settings import settings

NOBODY: Final = "no account takes money here"


class NoPayments:
    """Takes no money: whatever is asked of it, nothing is done."""

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        """Return what refuses any call."""

        def refuse(*_: Any, **__: Any) -> NoReturn:
            raise Down(NOBODY)

        return refuse


def payments() -> Payments:
    """Return whoever takes this program's money, by its settings."""
    account = settings().stripe
    return StripePayments(account) if account else cast(Payments, NoPayments())

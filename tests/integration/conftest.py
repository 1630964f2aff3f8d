"""A local Stripe and our gateway to it, for the tests that ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.gateways.payments.stripe_payments import StripePayments
from tests.stripes import LocalStripe, a_stripe


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalStripe]:
    """Run a local Stripe that knows nothing yet."""
    with a_stripe(tmp_path) as running:
        yield running


@pytest.fixture
def payments(local: LocalStripe) -> StripePayments:
    """Return our gateway to it."""
    return local.payments()

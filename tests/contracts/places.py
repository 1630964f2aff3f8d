"""Where Stripe's answers are asked for: the local Stripe, and the real one when there is a key.

With `STRIPE_TEST_KEY` (`sk_test_…`) in the environment the same tests run against Stripe itself, in
test mode; without it they say that they were skipped. Nowhere else does a test skip.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.stripes import KEY, a_client, a_stripe

if TYPE_CHECKING:
    from stripe import StripeClient

VARIABLE: Final = "STRIPE_TEST_KEY"


class Place(Enum):
    """Which Stripe."""

    LOCAL = "the local Stripe"
    REAL = "Stripe itself"


def clients(place: Place, home: Path) -> Iterator[StripeClient]:
    """Yield a client of a place, or skip where it cannot be had."""
    if place is Place.LOCAL:
        with a_stripe(home) as local:
            yield a_client(KEY, local.base)
        return
    key = os.environ.get(VARIABLE, "")
    if not key:
        pytest.skip(f"{VARIABLE} is not set")
    assert key.startswith("sk_test_"), "never with a live key"
    yield a_client(key)

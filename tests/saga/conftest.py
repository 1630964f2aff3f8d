"""The stage of the saga: the table, and a Stripe, a queue and a clock that are put back with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.interleavings.staging import staged, the_engine
from tests.mall import OPENING
from tests.saga.ground import Place
from tests.saga.parts import MemoryQueue, Parts
from tests.stripes import ENVIRONMENT, KEY, SECRET

STRIPE: Final = {
    "JIFEN_STRIPE_KEY": KEY,
    "JIFEN_STRIPE_WEBHOOK_SECRETS": SECRET,
    "JIFEN_ENVIRONMENT": ENVIRONMENT,
}


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    """Return the parts on an empty stage."""
    with staged(monkeypatch, STRIPE) as stage:
        stage.engine = Place(the_engine(), OPENING)
        played = Parts(stage)
        app = stage.mall.app
        before = (app.clock, app.payments, app.queue)
        app.clock = played.watch
        app.payments, app.queue = (lambda: played.payments), (lambda: MemoryQueue(stage))
        yield played
        app.clock, app.payments, app.queue = before

"""The conditions on events, without the look that comes before them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

import pytest

from chalicelib.redeem.webhooks import store
from chalicelib.redeem.webhooks.model import Event, State, Thing
from chalicelib.redeem.webhooks.rules import LEASE
from chalicelib.storage.transaction import Transaction
from tests.builders import NOW
from tests.mutation.plans import WORK, Add, Wrong, handed, refused

EVENT: Final = Event(
    id="evt_1",
    type="payment_intent.succeeded",
    thing=Thing.PAYMENT,
    thing_id="pi_1",
    intent_id="pi_1",
    order_id="ord_0000000000000000test",
    is_live=False,
    created_at=NOW,
    received_at=NOW,
)


def put(tx: Transaction) -> None:
    store.put_event(tx, EVENT)


def lease(tx: Transaction, *, until: datetime = NOW + LEASE) -> None:
    store.put_lease(tx, EVENT, until=until)


def freed(tx: Transaction, *, until: datetime = NOW + LEASE) -> None:
    store.put_freed(tx, EVENT.id, until=until)


def done(tx: Transaction) -> None:
    store.put_done(tx, EVENT.id)


OVER: Final = NOW - timedelta(seconds=1)
WRONG: Final = {
    "an event that is kept twice": Wrong(put, store.Kept, there=(put,)),
    "a claim of what another works off": Wrong(lease, store.Leased, there=(put, lease)),
    "a claim of what is done": Wrong(lease, store.AlreadyDone, there=(put, done)),
    "an end of what is done": Wrong(done, store.AlreadyDone, there=(put, lease, done)),
    "an end of what was never kept": Wrong(done, store.AlreadyDone),
    "another's claim given up": Wrong(partial(freed, until=OVER), store.Leased, there=(put, lease)),
    "a claim given up that nobody has": Wrong(freed, store.Leased, there=(put,)),
    "a claim given up of what is done": Wrong(freed, store.AlreadyDone, there=(put, lease, done)),
}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_step_of_an_event_is_refused(name: str) -> None:
    refused(WRONG[name])


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    "ends",
    [(partial(lease, until=OVER),), (partial(lease, until=NOW),), (lease, freed)],
    ids=["over", "over just now", "given up"],
)
def test_an_event_whose_claim_has_ended_is_claimed_anew(ends: tuple[Add, ...]) -> None:
    for step in (put, *ends, lease):
        handed(step)
    assert known() == (State.LEASED, NOW + LEASE)
    handed(done)
    assert known() == (State.DONE, None)


def known() -> tuple[State, datetime | None]:
    event = store.find(WORK, EVENT.id)
    assert event is not None
    return (event.state, event.leased_until)

"""What Stripe tells: heard only when somebody vouches for it, and kept once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from chalicelib.gateways.queue.sqs import STRIPE_EVENTS, SqsQueue
from chalicelib.settings import settings
from chalicelib.storage.work import Work
from infra.local.stripe.postman import signature
from tests.crashes import Hours
from tests.events import Api, Json
from tests.faults import Fault, faults
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.queues import drain
from tests.rows import everything, row
from tests.stripes import SECRET, LocalStripe, account_settings, taking_money
from tests.webhooks import (
    NOWHERE,
    PATH,
    a_payment_event,
    bought,
    paid_event,
    queue_of,
    status_of,
    tell,
)

OLD, NEW = "whsec_old", "whsec_new"
ALWAYS: Final = range(200)


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money; in the end the books are good."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


@pytest.fixture
def at_once(mall: Mall) -> Iterator[None]:
    """Let waiting take no time."""
    hours, before = Hours(), (mall.app.pause, mall.app.elapsed)
    mall.app.pause, mall.app.elapsed = hours.pause, hours.elapsed
    yield
    mall.app.pause, mall.app.elapsed = before


@pytest.mark.parametrize(
    "event",
    [
        a_payment_event(NOWHERE, environment="another"),
        a_payment_event(NOWHERE, type="customer.created"),
        a_payment_event(NOWHERE, data={"object": {"id": "pi_1", "object": "payment_intent"}}),
        a_payment_event(
            NOWHERE, type="charge.succeeded", data={"object": {"id": "c", "object": "charge"}}
        ),
        a_payment_event(NOWHERE, id="x" * 65),
    ],
    ids=["another environment's", "another kind", "nobody's", "another object", "no id"],
)
def test_what_is_not_ours_is_heard_and_ignored(
    mall: Mall, stripe: LocalStripe, event: Json
) -> None:
    assert stripe.base
    rows = everything()
    assert made(tell(mall, event), 200) == {"is_ours": False}
    assert everything() == rows
    assert queue_of(mall).depth(STRIPE_EVENTS) == 0


def signed(event: Json, now: int, secret: str = SECRET) -> tuple[bytes, str]:
    payload = json.dumps(event, indent=2)
    return payload.encode(), signature(payload, [secret], now=now)


FORGERIES: Final[Mapping[str, Callable[[Json, int], tuple[bytes, str]]]] = {
    "forged": lambda event, now: signed(event, now, "whsec_of_somebody"),
    "stale": lambda event, now: signed(event, now - 301),
    "from the future": lambda event, now: signed(event, now + 301),
    "serialised anew": lambda event, now: (json.dumps(event).encode(), signed(event, now)[1]),
    "with an empty secret": lambda event, now: signed(event, now, ""),
    "unsigned": lambda event, _: (signed(event, 0)[0], ""),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_webhook_that_nobody_vouches_for_writes_nothing(
    mall: Mall, stripe: LocalStripe, name: str
) -> None:
    bought(mall, stripe)
    rows = everything()
    now = int(mall.clock.now().timestamp())
    payload, header = FORGERIES[name](paid_event(stripe), now)
    refused = Api(mall.app).post(PATH, payload, headers={"Stripe-Signature": header})
    assert (refused.status, refused.code) == (400, "signature_invalid")
    assert everything() == rows
    assert queue_of(mall).depth(STRIPE_EVENTS) == 0


def test_without_an_account_nothing_is_heard(
    mall: Mall, stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(mall, stripe)
    event = paid_event(stripe)
    with monkeypatch.context() as patch:
        for name in ("JIFEN_STRIPE_KEY", "JIFEN_STRIPE_WEBHOOK_SECRETS"):
            patch.delenv(name)
        settings.cache_clear()
        assert tell(mall, event).status == 400
    settings.cache_clear()


def test_a_secret_is_rolled_without_a_gap(mall: Mall, stripe: LocalStripe) -> None:
    assert stripe.base
    event = a_payment_event(NOWHERE, environment="another")
    statuses = {}
    for secrets in (OLD, f"{OLD},{NEW}", NEW):
        with account_settings(secrets=secrets):
            told = [(OLD,), (NEW,), (OLD, NEW)]
            statuses[secrets] = [tell(mall, event, secrets=by).status for by in told]
    assert statuses == {OLD: [200, 400, 200], f"{OLD},{NEW}": [200] * 3, NEW: [400, 200, 200]}
    settings.cache_clear()


@pytest.mark.usefixtures("at_once")
def test_a_database_that_is_throttled_inside_a_webhook_is_told_to_stripe(
    mall: Mall, stripe: LocalStripe
) -> None:
    _, order = bought(mall, stripe)
    event = paid_event(stripe)
    with faults(dict.fromkeys(ALWAYS, Fault.THROTTLED)):
        refused = tell(mall, event)
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert queue_of(mall).depth(STRIPE_EVENTS) == 0
    assert tell(mall, event).status == 200
    drain(mall)
    assert status_of(order) == "settled"


@pytest.mark.parametrize("times", [0, 1], ids=["for the first time", "again"])
def test_a_queue_that_is_away_is_told_to_stripe(
    mall: Mall, stripe: LocalStripe, times: int
) -> None:
    _, order = bought(mall, stripe)
    event, queues = paid_event(stripe), mall.app.queue
    for _ in range(times):
        tell(mall, event)
    mall.app.queue = lambda: SqsQueue({})
    refused = tell(mall, event)
    mall.app.queue = queues
    assert (refused.status, refused.code) == (503, "unavailable")
    assert tell(mall, event).status == 200
    drain(mall)
    assert status_of(order) == "settled"


def test_nothing_personal_or_secret_is_kept_or_told(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    bought(mall, stripe)
    event = paid_event(stripe)
    secret = event["data"]["object"]["client_secret"]
    tell(mall, event)
    drain(mall)
    kept = row(f"event#{event['id']}", "E")
    assert set(kept) == {"p", "s", "st", "y", "k", "i", "pi", "o", "l", "c", "a"}
    assert secret not in json.dumps(kept) + capsys.readouterr().out


def test_an_event_that_is_told_again_does_nothing_more(mall: Mall, stripe: LocalStripe) -> None:
    bought(mall, stripe)
    event = paid_event(stripe)
    for _ in range(3):
        assert tell(mall, event).status == 200
    assert queue_of(mall).depth(STRIPE_EVENTS) == 3, "its first message may never have got there"
    drain(mall)
    rows = everything()
    assert tell(mall, event).status == 200
    assert queue_of(mall).depth(STRIPE_EVENTS) == 0, "done, so nobody has to look"
    assert everything() == rows

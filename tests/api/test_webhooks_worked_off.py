"""What Stripe told, worked off: looked at by us, once, and again until it is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.gateways.queue.sqs import STRIPE_EVENTS
from chalicelib.storage.work import Work
from infra.console.__main__ import main as console
from infra.local.programs import QUEUES
from infra.local.queues import RETRY_SECONDS, VISIBILITY_SECONDS
from tests.crashes import Hours
from tests.faults import Crashed, Fault, faults
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.orders import placed
from tests.queues import drain, exhaust
from tests.rows import erase, everything, overwrite
from tests.stripes import LocalStripe, taking_money
from tests.webhooks import (
    CASH,
    NOWHERE,
    a_payment_event,
    bought,
    events,
    paid_entries,
    paid_event,
    queue_of,
    state_of,
    status_of,
    tell,
    tell_all,
)


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


def test_a_paid_order_settles_without_anybody_looking(mall: Mall, stripe: LocalStripe) -> None:
    _, order = bought(mall, stripe)
    event = paid_event(stripe)
    assert made(tell(mall, event), 200) == {"is_ours": True}
    assert (status_of(order), state_of(event)) == ("awaiting_payment", "received")
    drain(mall)
    assert (status_of(order), state_of(event)) == ("settled", "done")
    assert queue_of(mall).depth(STRIPE_EVENTS) == 0


def test_two_events_for_one_fact_settle_once(mall: Mall, stripe: LocalStripe) -> None:
    _, order = bought(mall, stripe)
    event = paid_event(stripe)
    twin = {**event, "id": "evt_twin"}
    for one in (event, twin):
        tell(mall, one)
    drain(mall)
    assert (state_of(event), state_of(twin)) == ("done", "done")
    assert (status_of(order), paid_entries(order)) == ("settled", 1)


@pytest.mark.usefixtures("at_once")
def test_a_webhook_before_our_write_of_the_payments_id(mall: Mall, stripe: LocalStripe) -> None:
    lin = mall.member(points=500)
    mug = mall.reward(options=[{"points": 100, "cash": CASH}])
    stripe.spoil("reset_after", path="/v1/payment_intents", times=1)
    assert lin.post("/orders", {"reward_id": mug}, key="k").status == 503
    (order,) = [one for one in everything() if one["s"]["S"].startswith("O#")]
    assert "pi" not in order, "made there, and its id is not known here"
    stripe.pay_order(order["s"]["S"].removeprefix("O#"))
    tell_all(mall, stripe)
    settled = placed(lin, mug)
    assert (settled["status"], paid_entries(settled)) == ("settled", 1)


@pytest.mark.parametrize("cards", [["declined", "ok"], ["requires_action", "ok"]])
@pytest.mark.parametrize("step", [1, -1], ids=["in order", "in reverse"])
def test_failed_and_succeeded_in_either_order(
    mall: Mall, stripe: LocalStripe, cards: list[str], step: int
) -> None:
    _, order = bought(mall, stripe, cards[0])
    if cards[0] == "declined":
        stripe.pay_order(order["id"], cards[1])
    else:
        (intent,) = {one["data"]["object"]["id"] for one in events(stripe)}
        stripe.lever(f"payment_intents/{intent}", {"is_done": True})
    told = events(stripe)
    for event in told[::step]:
        tell(mall, event)
        drain(mall)
    assert (status_of(order), paid_entries(order)) == ("settled", 1)


def test_the_state_comes_from_stripe_and_not_from_the_event(
    mall: Mall, stripe: LocalStripe
) -> None:
    _, order = bought(mall, stripe, "declined")
    event = events(stripe)[-1]
    lie = {**event, "type": "payment_intent.succeeded"}
    lie["data"] = {"object": {**event["data"]["object"], "status": "succeeded"}}
    tell(mall, lie)
    drain(mall)
    assert (status_of(order), state_of(lie)) == ("awaiting_payment", "done")


def test_an_order_that_is_not_there_becomes_a_dead_letter_and_is_redriven(
    mall: Mall,
    stripe: LocalStripe,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    _, order = bought(mall, stripe)
    (kept,) = [one for one in everything() if one["s"]["S"] == f"O#{order['id']}"]
    erase(kept["p"]["S"], kept["s"]["S"])
    event = paid_event(stripe)
    tell(mall, event)
    exhaust(mall)
    assert [one.body for one in queue_of(mall).dead_letters(STRIPE_EVENTS)] == [event["id"]]
    monkeypatch.setenv(QUEUES, str(tmp_path / "queues.sqlite"))
    capsys.readouterr()
    assert console(["dead-letters"]) == 0
    intent = event["data"]["object"]["id"]
    said = capsys.readouterr().out
    assert said.startswith(f"{event['id']}: payment_intent.succeeded {intent}, heard 2026-11-21")
    assert said.endswith("1 dead letter(s)\n")
    overwrite(kept)
    assert console(["redrive"]) == 0
    drain(mall)
    assert (status_of(order), state_of(event)) == ("settled", "done")
    assert queue_of(mall).dead_letters(STRIPE_EVENTS) == []


def test_a_handler_that_dies_after_claiming_is_made_up_for_once(
    mall: Mall, stripe: LocalStripe
) -> None:
    _, order = bought(mall, stripe)
    event = paid_event(stripe)
    tell(mall, event)
    with pytest.raises(Crashed), faults({0: Fault.CRASH_AFTER}, only="TransactWriteItems"):
        drain(mall)
    assert (state_of(event), status_of(order)) == ("leased", "awaiting_payment")
    # Another message for the same event, while the dead handler's lease lasts.
    tell(mall, event)
    drain(mall)
    assert (state_of(event), status_of(order)) == ("leased", "awaiting_payment")
    assert queue_of(mall).depth(STRIPE_EVENTS) == 2
    mall.clock.advance(seconds=VISIBILITY_SECONDS)
    drain(mall)
    assert (state_of(event), status_of(order)) == ("done", "settled")
    assert (paid_entries(order), queue_of(mall).depth(STRIPE_EVENTS)) == (1, 0)


def test_nobody_else_waits_for_an_event_that_fails(mall: Mall, stripe: LocalStripe) -> None:
    _, order = bought(mall, stripe)
    tell(mall, a_payment_event(NOWHERE))
    event = paid_event(stripe)
    tell(mall, event)
    drain(mall)
    assert (status_of(order), state_of(event)) == ("settled", "done")
    queues = queue_of(mall)
    assert queues.depth(STRIPE_EVENTS) == 1
    mall.clock.advance(seconds=RETRY_SECONDS)
    assert [one.receives for one in queues.receive(STRIPE_EVENTS)] == [2]

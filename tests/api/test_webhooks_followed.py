"""What follows from each kind of thing that Stripe tells of, by way of its webhook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.storage.work import Work
from tests.cash import amounts, dear, given_back, paid_too_late
from tests.events import Json
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.odd_stripes import Counting
from tests.orders import placed
from tests.queues import drain
from tests.rows import everything, of_sort
from tests.stripes import ENVIRONMENT, LocalStripe, taking_money
from tests.traces import written
from tests.webhooks import bought, events, paid_event, state_of, status_of, tell, tell_all


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money; in the end the books are good."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


def alarms(capsys: pytest.CaptureFixture[str]) -> list[Json]:
    """Return the lines that wake somebody, of what was said since the last look."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "alarm" in line]


def test_money_that_comes_late_brings_its_order_back(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    paid_too_late(mall, stripe, lin, order)
    tell_all(mall, stripe)
    assert status_of(order) == "settled"
    assert given_back(mall, order) == []


def test_a_second_payment_of_an_order_goes_back(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    _, order = bought(mall, stripe)
    tell_all(mall, stripe)
    mark = {"environment": ENVIRONMENT, "order": order["id"], "attempt": "2"}
    stripe.client().v1.payment_intents.create({"amount": 1000, "currency": "cny", "metadata": mark})
    assert stripe.pay_order(order["id"]) == "succeeded"
    capsys.readouterr()
    tell_all(mall, stripe)
    assert (status_of(order), amounts(given_back(mall, order))) == ("settled", [1000])
    # Each event of that payment wakes somebody; the money goes back once.
    assert {one["alarm"] for one in alarms(capsys)} == {"payment_not_as_asked"}


def test_a_payment_whose_mark_is_not_what_its_event_says_moves_nothing(
    mall: Mall, stripe: LocalStripe
) -> None:
    bought(mall, stripe)
    tell_all(mall, stripe)
    stranger = stripe.client().v1.payment_intents.create(
        {"amount": 500, "currency": "cny", "metadata": {"order": "another"}}
    )
    event = paid_event(stripe)
    told = {**event["data"]["object"], "id": stranger.id}
    lie = {**event, "id": "evt_lie", "data": {"object": told}}
    before = [one for one in everything() if not one["p"]["S"].startswith("event#")]
    tell(mall, lie)
    drain(mall)
    assert state_of(lie) == "done"
    assert [one for one in everything() if not one["p"]["S"].startswith("event#")] == before


def test_a_refund_that_fails_later_is_written_when_stripe_tells(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, order = bought(mall, stripe)
    tell_all(mall, stripe)
    made(lin.post(f"/orders/{order['id']}/cancel", key="c"), 200)
    (kept,) = of_sort("B#rfd_")
    assert kept["sa"]["S"] == "succeeded"
    stripe.lever(f"refunds/{kept['re']['S']}", {"is_done": False})
    told = [one for one in events(stripe) if one["data"]["object"]["object"] == "refund"]
    for event in told[::-1]:
        tell(mall, event)
        drain(mall)
    assert {state_of(event) for event in told} == {"done"}
    (kept,) = of_sort("B#rfd_")
    assert kept["sa"]["S"] == "failed"


@pytest.mark.parametrize("environment", [ENVIRONMENT, "another", ""])
def test_a_refund_that_nobody_here_made_wakes_somebody_if_its_payment_is_ours(
    mall: Mall, stripe: LocalStripe, environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = {"environment": environment, "order": "ord_0000000000000000test", "attempt": "1"}
    client = stripe.client().v1
    intent = client.payment_intents.create(
        {"amount": 2990, "currency": "cny", "metadata": mark if environment else {}}
    )
    client.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa", "return_url": "https://mall.example.test"}
    )
    by_hand = client.refunds.create({"payment_intent": intent.id, "amount": 500})
    told = [one for one in events(stripe) if one["data"]["object"]["object"] == "refund"]
    assert told
    capsys.readouterr()
    for event in told:
        tell(mall, event)
    drain(mall)
    assert {state_of(event) for event in told} == {"done"}
    woken = {(one["alarm"], one["refund"], one["intent"]) for one in alarms(capsys)}
    ours = {("refund_of_nobody", by_hand.id, intent.id)}
    assert woken == (ours if environment == ENVIRONMENT else set())


def test_a_dispute_is_followed_and_its_event_ends_with_it(mall: Mall, stripe: LocalStripe) -> None:
    lin, order = bought(mall, stripe, "disputed")
    tell_all(mall, stripe)
    assert made(lin.get(f"/orders/{order['id']}"), 200)["dispute"] == "open"
    disputed = [one for one in events(stripe) if one["type"].startswith("charge.dispute.")]
    assert disputed
    assert {state_of(event) for event in disputed} == {"done"}


def test_the_end_of_an_event_is_written_with_what_follows_from_it(
    mall: Mall, stripe: LocalStripe
) -> None:
    _, order = bought(mall, stripe)
    event = paid_event(stripe)
    tell(mall, event)
    with written() as keys:
        drain(mall)
    assert {key[1] for key in keys} >= {"E", "W", f"O#{order['id']}"}
    assert state_of(event) == "done"


def test_a_success_heard_by_webhook_takes_two_calls_of_stripe(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug, calls = mall.member("lin", points=500), dear(mall), list[str]()
    mall.app.payments = Counting(stripe.payments(), calls).port
    order = placed(lin, mug)
    tell_all(mall, stripe)
    stripe.pay_order(order["id"])
    tell_all(mall, stripe)
    assert status_of(order) == "settled"
    assert calls == ["create_intent", "get_intent"]

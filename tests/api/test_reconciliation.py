"""Our orders held against the local Stripe, both ways: every difference, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import Final

import pytest

from chalicelib.redeem.orders.model import Status
from chalicelib.redeem.reconciliation import store
from chalicelib.redeem.reconciliation.model import Kind
from chalicelib.redeem.reconciliation.rules import added, sentence
from chalicelib.storage.work import Work
from infra.local import jobs
from tests.differences import (
    FOLLOWED,
    Plant,
    dispute_lost_unheard,
    disputed,
    paid_and_waiting,
    paid_twice,
    refund_not_asked_for,
)
from tests.events import Json
from tests.faults import Crashed, Fault, faults
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.orders import placed, refund, wallet
from tests.reconciled import (
    AMOUNT,
    Stopped,
    another_payment,
    at_the_dashboard,
    confirm,
    counting,
    dear,
    differing,
    intent_of,
    kinds,
    later,
    mended,
    parts,
    settle_unpaid,
    settled,
    sums,
)
from tests.stripes import LocalStripe, taking_money
from tests.traces import forget

NOBODY: Final = "ord_00000000000000000000"


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, and whose webhooks are all lost."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


def look(mall: Mall, order: Json) -> Json:
    """Return an order as support sees it."""
    return made(mall.support.get(f"/admin/orders/{order['id']}"), 200)


@pytest.mark.parametrize(("kind", "plant"), FOLLOWED, ids=lambda one: getattr(one, "__name__", one))
def test_what_follows_from_stripe_is_mended_once_and_then_nothing_differs(
    mall: Mall, stripe: LocalStripe, kind: Kind, plant: Plant
) -> None:
    about = plant(mall, stripe)
    (told,) = differing(mall, is_mending=False)
    assert (told.difference.kind, told.difference.about) == (kind, about)
    assert kinds(differing(mall)) == [(kind, True)]
    assert differing(mall) == []
    told_sums = sums(mall)
    assert told_sums.taken_here == told_sums.taken_there
    assert told_sums.back_here == told_sums.back_there


def test_a_person_mends_the_same_by_its_id(mall: Mall, stripe: LocalStripe) -> None:
    about = paid_and_waiting(mall, stripe)
    assert kinds(mended(mall, about)) == [(Kind.PAID_WAITING, True)]
    assert mended(mall, about) == []


def test_money_for_an_order_that_is_not_here_waits_for_a_person(
    mall: Mall, stripe: LocalStripe
) -> None:
    intent = another_payment(mall, stripe, NOBODY)
    (found,) = differing(mall)
    assert not found.is_mended
    assert sentence(found.difference).startswith(f"29.90 CNY was paid ({intent.id}) for the order")
    assert kinds(mended(mall, intent.id)) == [(Kind.NO_ORDER, True)]
    (back,) = mall.app.payments().refunds_of(intent.id)
    assert back.cash == intent.received
    assert differing(mall) == []


def test_an_order_that_settled_unpaid_is_taken_back_by_a_person(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin = mall.member(points=500)
    order = placed(lin, dear(mall))
    settle_unpaid(mall, order)
    assert kinds(differing(mall)) == [(Kind.UNPAID, False)]
    assert kinds(mended(mall, order["id"])) == [(Kind.UNPAID, True)]
    assert look(mall, order)["status"] == Status.CANCELLED
    assert wallet(lin)["available"] == 500
    assert differing(mall) == []
    # Whoever pays for it after all gets the money back.
    stripe.pay_order(order["id"])
    assert kinds(differing(mall)) == [(Kind.PAID_DEAD, True)]


def test_a_refund_made_at_the_dashboard_is_booked_by_a_person(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin = mall.member(points=500)
    order = settled(mall, stripe, lin)
    about = at_the_dashboard(stripe, intent_of(mall, order), AMOUNT // 2)
    assert kinds(differing(mall)) == [(Kind.REFUND_UNBOOKED, False)]
    assert kinds(mended(mall, about)) == [(Kind.REFUND_UNBOOKED, True)]
    assert mended(mall, about) == []
    assert (look(mall, order)["status"], wallet(lin)["available"]) == ("partly_refunded", 450)
    assert differing(mall) == []


def test_a_refund_that_failed_is_told_until_a_person_tries_again(
    mall: Mall, stripe: LocalStripe
) -> None:
    order = settled(mall, stripe, mall.member(points=500))
    owed = made(refund(mall, order, key=order["id"], amount=1000), 201)["id"]
    (there,) = mall.app.payments().refunds_of(intent_of(mall, order).id)
    stripe.lever(f"refunds/{there.id}", {"is_done": False})
    assert kinds(differing(mall)) == [(Kind.REFUND_STATE, True), (Kind.REFUND_FAILED, False)]
    assert kinds(differing(mall)) == [(Kind.REFUND_FAILED, False)]
    later(mall, stripe, hours=1)
    assert kinds(mended(mall, owed)) == [(Kind.REFUND_FAILED, True)]
    assert differing(mall) == []


def test_what_another_environment_does_is_none_of_ours(mall: Mall, stripe: LocalStripe) -> None:
    order = settled(mall, stripe, mall.member(points=500))
    other = stripe.payments(environment="other")
    before, mall.app.payments = mall.app.payments, lambda: other
    foreign = another_payment(mall, stripe, order["id"])
    mall.app.payments = before
    at_the_dashboard(stripe, foreign, 500)
    stripe.lever("disputes", {"payment_intent": foreign.id})
    assert differing(mall) == []
    assert sums(mall).payments == 1


def test_an_open_dispute_and_a_refund_on_its_way_are_followed_however_old(
    mall: Mall, stripe: LocalStripe
) -> None:
    about = disputed(mall, stripe)
    owed = refund_not_asked_for(mall, stripe)
    assert kinds(differing(mall, is_mending=False)) != []
    assert (Kind.DISPUTE, True) in kinds(differing(mall))
    stripe.lever(f"disputes/{about}", {"is_done": True})
    later(mall, stripe, days=20)
    assert [one.difference.about for one in differing(mall)] == [about]
    assert owed not in {one.difference.about for one in differing(mall)}


def test_a_day_costs_three_calls_and_what_a_midnight_parted_one_more(
    mall: Mall, stripe: LocalStripe
) -> None:
    for _ in range(3):
        settled(mall, stripe, mall.member(points=500))
    later(mall, stripe, hours=1)
    payments, counter = counting(mall)
    list(parts(mall, days=0, is_mending=True, payments=payments))
    assert counter.calls == ["intents", "refunds", "disputes"]


def test_the_job_goes_on_with_the_day_at_which_it_died(mall: Mall, stripe: LocalStripe) -> None:
    about = paid_and_waiting(mall, stripe)
    later(mall, stripe, days=2)
    before, (dying, _) = mall.app.payments, counting(mall, dies_at=5)
    mall.app.payments = lambda: dying
    with pytest.raises(Stopped):
        jobs.run(mall.app, "reconciliation", now=mall.clock.now())
    progress = store.find(Work(mall.clock.now()))
    assert progress is not None
    assert mall.clock.now() - timedelta(days=3) < progress.through < mall.clock.now()
    mall.app.payments = before
    jobs.run(mall.app, "reconciliation", now=mall.clock.now())
    assert differing(mall) == []
    assert mended(mall, about) == []


def test_a_crash_behind_every_write_is_made_up_for_by_the_next_run(
    mall: Mall, stripe: LocalStripe
) -> None:
    plants = (paid_and_waiting, paid_twice, refund_not_asked_for, dispute_lost_unheard)
    cells = 0
    while True:
        for plant in plants:
            plant(mall, stripe)
        plan = {cells: Fault.CRASH_AFTER}
        with faults(plan, only="TransactWriteItems") as calls, suppress(Crashed):
            differing(mall, days=0)
        forget()
        assert all(one.is_mended for one in differing(mall, days=0))
        assert differing(mall, days=0) == []
        if len(calls.made) <= cells:
            break
        cells += 1
        later(mall, stripe, days=1)
    assert cells >= len(plants)


def test_a_crash_before_every_call_to_stripe_is_made_up_for_by_the_next_run(
    mall: Mall, stripe: LocalStripe
) -> None:
    made_calls, dies_at = 99, 4
    while dies_at <= made_calls:
        paid_twice(mall, stripe)
        payments, counter = counting(mall, dies_at=dies_at)
        with suppress(Stopped):
            list(parts(mall, days=0, is_mending=True, payments=payments))
            made_calls = len(counter.calls)
        left = differing(mall, days=0)
        assert len(left) <= 1
        assert differing(mall, days=0) == []
        dies_at += 1
        later(mall, stripe, days=1)
    assert made_calls > 8


def test_thirty_days_of_lost_webhooks_converge(mall: Mall, stripe: LocalStripe) -> None:
    lin, mei = mall.member("lin", points=9_000), mall.member("mei", points=9_000)
    mug = dear(mall)
    for day in range(30):
        fate(mall, stripe, placed(lin, mug, key=f"{day}"), day=day)
        if not day % 4:
            fate(mall, stripe, placed(mei, mug, key=f"{day}"), day=day + 3)
        later(mall, stripe, days=1)
    found = differing(mall, days=31)
    assert len(found) >= 38
    for one in found:
        if not one.is_mended:
            assert kinds(mended(mall, one.difference.about))[-1][1], one
    again = list(parts(mall, days=31, is_mending=False))
    assert [one for part in again for one in part.found] == []
    told = reduce(added, (part.sums for part in again))
    assert (told.orders, told.payments) == (38, 38)
    assert told.taken_here == told.taken_there
    assert told.back_here == told.back_there
    assert told.back_here["cny"] > 0


def fate(mall: Mall, stripe: LocalStripe, order: Json, *, day: int) -> None:
    """Let happen to an order at Stripe what happens to one on such a day; nobody is told."""
    intent = intent_of(mall, order)
    match day % 6:
        case 0:
            stripe.pay_order(order["id"])
        case 1:
            stripe.pay_order(order["id"], "declined")
        case 2:
            confirm(stripe, intent, "pm_card_createDispute")
        case 3:
            stripe.pay_order(order["id"])
            made(mall.support.get(f"/admin/orders/{order['id']}"), 200)
            stripe.spoil("reset_before", path="/v1/refunds", times=1)
            made(refund(mall, order, key=order["id"], amount=1000), 201)
        case 4:
            stripe.pay_order(order["id"])
            at_the_dashboard(stripe, intent, 700)
        case _:
            confirm(stripe, intent, "pm_card_createDispute")
            (dispute,) = mall.app.payments().disputes_of(intent.id)
            stripe.lever(f"disputes/{dispute.id}", {"is_done": bool(day % 2)})

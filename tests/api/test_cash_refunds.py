"""Cash that goes back: once, however often it is asked for, and told as it fares at Stripe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.gateways.payments.errors import Rejected
from chalicelib.gateways.payments.model import Refund, RefundDraft
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.refunds.model import OrderRefund, RefundState
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work
from infra.local import jobs
from tests.cash import (
    CASH,
    PENDING_REFUND,
    RETURN_URL,
    amounts,
    bought,
    dear,
    given_back,
    intents,
    lapse,
    look,
)
from tests.events import Api, Json
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.odd_stripes import Counting, Died, DiesWhenMade, Odd
from tests.orders import cancel, placed, refund, wallet
from tests.stripes import LocalStripe, taking_money


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


def paid_with(mall: Mall, stripe: LocalStripe, api: Api, card: str) -> Json:
    """Return an order that was paid with one of Stripe's test cards."""
    order = placed(api, dear(mall))
    intent = intents(mall, order)[0]
    stripe.client().v1.payment_intents.confirm(
        intent.id, {"payment_method": card, "return_url": RETURN_URL}
    )
    assert look(api, order)["status"] == "settled"
    return order


def record(mall: Mall, refund_id: str) -> OrderRefund:
    """Return a refund as it is kept."""
    found = refunds.find(Work(mall.clock.now()), refund_id)
    assert found is not None
    return found


def run(mall: Mall) -> None:
    """Run the job that goes on with refunds."""
    jobs.run(mall.app, "unfinished-refunds", now=mall.clock.now())


def test_a_refund_that_is_pending_and_then_fails_is_told_and_made_again_by_a_person(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    lin = mall.member("lin", points=500)
    order = paid_with(mall, stripe, lin, PENDING_REFUND)
    told = made(refund(mall, order), 201)
    assert (told["status"], wallet(lin)["available"]) == ("pending", 500)
    (at_stripe,) = given_back(mall, order)
    run(mall)
    assert amounts(given_back(mall, order)) == [2990]
    stripe.lever(f"refunds/{at_stripe.id}", {"is_done": False})
    run(mall)
    assert made(refund(mall, order), 201)["status"] == "failed"
    assert '"alarm":"refund_failed"' in capsys.readouterr().out
    work, payments = Work(mall.clock.now()), mall.app.payments()
    again = refunds.again(work, payments, refund_id=told["id"], by="mei")
    assert (again.attempt, again.state) == (2, RefundState.PENDING)
    newest = given_back(mall, order)[0]
    stripe.lever(f"refunds/{newest.id}", {"is_done": True})
    run(mall)
    assert made(refund(mall, order), 201)["status"] == "succeeded"


def test_a_refund_may_fail_after_it_succeeded_and_never_goes_back_to_an_earlier_state(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = bought(lin, stripe, mug)
    told = made(refund(mall, order), 201)
    assert told["status"] == "succeeded"
    before = record(mall, told["id"])
    stripe.lever(f"refunds/{before.stripe_id}", {"is_done": False})
    work, payments = Work(mall.clock.now()), mall.app.payments()
    beside: list[str] = []

    def aside(_: Transaction) -> None:
        beside.append("told")

    followed = refunds.follow(work, payments, refund=before, aside=aside)
    assert (followed.refund.state, followed.is_told) == (RefundState.FAILED, True)
    assert '"alarm":"refund_failed"' in capsys.readouterr().out
    again = refunds.follow(work, payments, refund=before, aside=aside)
    assert (again.refund.state, again.is_told) == (RefundState.FAILED, False)


def test_a_cancel_sent_again_goes_on_with_the_cash_that_it_owes(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = bought(lin, stripe, mug)
    stripe.spoil("reset_before", method="POST", path="/v1/refunds")
    first = cancel(lin, order)
    assert made(first, 200)["returned"]["cash"] == CASH
    assert given_back(mall, order) == []
    again = cancel(lin, order)
    assert (again.json, again.headers["idempotency-replayed"]) == (first.json, "true")
    assert amounts(given_back(mall, order)) == [2990]


@pytest.mark.parametrize("days", [0, 2])
def test_a_crash_inside_a_refund_gives_the_cash_back_once(
    mall: Mall, stripe: LocalStripe, days: int
) -> None:
    """Two days later Stripe has forgotten the key, and the refund is looked for."""
    lin, mug, honest = mall.member("lin", points=500), dear(mall), mall.app.payments
    order = bought(lin, stripe, mug)
    mall.app.payments = DiesWhenMade(honest()).port
    with pytest.raises(Died):
        refund(mall, order, quantity=1)
    mall.app.payments = honest
    lapse(mall, stripe, days=days)
    run(mall)
    assert made(refund(mall, order, quantity=1), 201)["status"] == "succeeded"
    assert amounts(given_back(mall, order)) == [2990]


@pytest.mark.parametrize(("fault", "tries"), [("error_kept", 1), ("error_after", 0), ("error", 0)])
def test_a_refund_behind_a_500_is_made_once(
    mall: Mall, stripe: LocalStripe, fault: str, tries: int
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = bought(lin, stripe, mug)
    stripe.spoil(fault, method="POST", path="/v1/refunds")
    told = made(refund(mall, order), 201)
    if told["status"] == "pending":
        run(mall)
    assert made(refund(mall, order), 201)["status"] == "succeeded"
    assert amounts(given_back(mall, order)) == [2990]
    assert record(mall, told["id"]).attempt == 1 + tries


def test_a_refund_that_stripe_refuses_fails_and_wakes_somebody(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    class Refusing(Odd):
        """Gives nothing back."""

        def create_refund(self, _: RefundDraft) -> Refund:
            raise Rejected("charge_disputed")

    lin, mug, honest = mall.member("lin", points=500), dear(mall), mall.app.payments
    order = bought(lin, stripe, mug)
    mall.app.payments = Refusing(honest()).port
    assert made(refund(mall, order), 201)["status"] == "failed"
    assert '"reason":"charge_disputed"' in capsys.readouterr().out
    mall.app.payments = honest
    run(mall)
    assert given_back(mall, order) == []


def test_a_refund_is_made_once_at_stripe_and_then_only_looked_at(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin = mall.member("lin", points=500)
    order = paid_with(mall, stripe, lin, PENDING_REFUND)
    counting = Counting(mall.app.payments(), [])
    mall.app.payments = counting.port
    made(refund(mall, order), 201)
    run(mall)
    made(refund(mall, order), 201)
    assert counting.calls == ["create_refund", "get_refund", "get_refund"]

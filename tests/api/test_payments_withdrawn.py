"""What is done about an order that waits for money and never gets it: cancelled, approved, lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.gateways.payments.errors import Unclear
from chalicelib.gateways.payments.model import Intent, PaymentDraft
from chalicelib.redeem.orders import service as orders
from chalicelib.storage.transaction import persist
from chalicelib.storage.work import BUDGET_SECONDS, Work
from tests.cash import dear, given_back, intents, lapse, look
from tests.events import Api, Json
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.odd_stripes import Died, Odd
from tests.orders import cancel, decide, newest, placed, review_above, run_deadlines, units, wallet
from tests.stripes import LocalStripe, taking_money
from tests.webhooks import status_of, tell_all


@dataclass
class Interrupted(Odd):
    """Something happens just after the first call of a name, before whoever made it goes on."""

    name: str
    then: Callable[[], object]
    is_over: bool = False

    def __getattr__(self, name: str) -> Any:
        """Return what the real one does, and what happens then."""
        real = getattr(self.real, name)
        if name != self.name or self.is_over:
            return real

        def interrupted(*of: Any, **more: Any) -> Any:
            answer = real(*of, **more)
            self.is_over = True
            self.then()
            return answer

        return interrupted


@dataclass
class Busy(Odd):
    """A twin of the request is just making the payment, so many times."""

    times: int
    asked: list[str] = field(default_factory=list)

    def create_intent(self, draft: PaymentDraft) -> Intent:
        """Refuse the key, or make the payment."""
        self.asked.append(draft.order_id)
        if len(self.asked) <= self.times:
            raise Unclear("idempotency_key_in_use")
        return self.real.create_intent(draft)


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


def interrupt(mall: Mall, name: str, then: Callable[[], object]) -> Callable[[], None]:
    """Let something happen after a call to Stripe; return what ends that."""
    honest = mall.app.payments
    odd = Interrupted(honest(), name, then)
    mall.app.payments = odd.port

    def end() -> None:
        mall.app.payments = honest

    return end


def die() -> None:
    raise Died


def dying(mall: Mall, name: str, api: Api, order: Json) -> None:
    """Let a cancel die after a call to Stripe."""
    end = interrupt(mall, name, die)
    with pytest.raises(Died):
        cancel(api, order)
    end()


def is_cancelled_whole(mall: Mall, api: Api, order: Json, mug: str) -> bool:
    assert status_of(order) == "cancelled"
    assert newest(api)["reason"] == "cancellation"
    assert (wallet(api)["available"], wallet(api)["held"]) == (500, 0)
    return units(mall, mug)["free"] == 3


@pytest.mark.parametrize("seen_by", ["webhook", "look", "job"])
def test_a_cancel_is_200_and_the_order_cancelled_whoever_releases_it(
    mall: Mall, stripe: LocalStripe, seen_by: str
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)

    def job() -> None:
        lapse(mall, stripe)
        run_deadlines(mall)

    others: dict[str, Callable[[], object]] = {
        "webhook": lambda: tell_all(mall, stripe),
        "look": lambda: look(lin, order),
        "job": job,
    }
    end = interrupt(mall, "cancel_intent", others[seen_by])
    reply = cancel(lin, order)
    end()
    assert (reply.status, reply.json and reply["status"]) == (200, "cancelled")
    assert "idempotency-replayed" not in reply.headers
    assert is_cancelled_whole(mall, lin, order, mug)
    again = cancel(lin, order)
    assert (again.status, again.json) == (200, reply.json)
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("last_call", ["get_intent", "cancel_intent"])
@pytest.mark.parametrize("seen_by", ["nobody", "webhook", "look", "job"])
def test_a_cancel_that_dies_on_the_way_is_carried_out_by_whoever_comes_next(
    mall: Mall, stripe: LocalStripe, seen_by: str, last_call: str
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    dying(mall, last_call, lin, order)
    assert status_of(order) == "awaiting_payment"
    if seen_by == "look":
        assert look(lin, order)["status"] == "cancelled"
    elif seen_by == "job":
        lapse(mall, stripe)
        run_deadlines(mall)
    elif seen_by == "webhook":
        tell_all(mall, stripe)
    reply = cancel(lin, order)
    assert (reply.status, reply["status"]) == (200, "cancelled")
    assert is_cancelled_whole(mall, lin, order, mug)
    assert stripe.pay_order(order["id"]) == "canceled"
    other = cancel(lin, order, key="other")
    assert (other.status, other["reason"]) == (409, "cancelled")


def test_an_order_that_was_paid_before_its_cancel_got_to_stripe_is_cancelled_with_its_money(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    dying(mall, "get_intent", lin, order)
    assert stripe.pay_order(order["id"]) == "succeeded"
    assert look(lin, order)["status"] == "settled"
    check_all(Work(mall.clock.now()))
    assert made(cancel(lin, order), 200)["status"] == "cancelled"
    assert [one.cash.amount for one in given_back(mall, order)] == [2990]
    assert is_cancelled_whole(mall, lin, order, mug)


def test_of_two_wishes_to_cancel_the_first_counts(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    dying(mall, "get_intent", lin, order)
    other = cancel(lin, order, key="other")
    assert (other.status, other["reason"]) == (409, "cancelled")
    assert made(cancel(lin, order), 200)["status"] == "cancelled"
    assert stripe.pay_order(order["id"]) == "canceled"


def test_nobody_is_shown_how_to_pay_what_its_member_cancels(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    stripe.pay_order(order["id"], "processing")
    assert cancel(lin, order).status == 503
    assert look(lin, order)["payment"] is None
    stripe.lever(f"payment_intents/{intents(mall, order)[0].id}", {"is_done": False})
    tell_all(mall, stripe)
    assert is_cancelled_whole(mall, lin, order, mug)


@pytest.mark.usefixtures("stripe")
@pytest.mark.parametrize("moment", range(2, 7))
def test_an_order_approved_while_its_member_cancels_it_leaves_nothing_to_pay(
    mall: Mall, moment: int
) -> None:
    review_above(mall, yuan=0)
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    real, begun = mall.app.elapsed, list[None]()

    def elapsed() -> float:
        """Between what the cancel reads and what it writes, support decides."""
        begun.append(None)
        if len(begun) == moment:
            decide(mall, order, "approve")
        return real()

    mall.app.elapsed = elapsed
    assert made(cancel(lin, order), 200)["status"] == "cancelled"
    mall.app.elapsed = real
    assert {one.status.value for one in intents(mall, order)} <= {"canceled"}
    assert is_cancelled_whole(mall, lin, order, mug)


def test_an_order_in_review_makes_no_intent_until_it_is_approved(
    mall: Mall, stripe: LocalStripe
) -> None:
    review_above(mall, yuan=0)
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    assert (look(lin, order)["status"], intents(mall, order)) == ("in_review", [])
    mall.clock.advance(hours=1)
    stripe.clock.instant = mall.clock.instant
    assert made(decide(mall, order, "approve"), 200)["status"] == "awaiting_payment"
    assert stripe.pay_order(order["id"]) == "succeeded"
    tell_all(mall, stripe)
    assert status_of(order) == "settled"


def test_an_approval_counts_while_stripe_is_away_and_any_look_makes_the_payment(
    mall: Mall, stripe: LocalStripe
) -> None:
    review_above(mall, yuan=0)
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    stripe.spoil("reset_before")
    assert made(decide(mall, order, "approve"), 200)["status"] == "awaiting_payment"
    assert intents(mall, order) == []
    assert look(lin, order)["payment"]["client_secret"]
    assert stripe.pay_order(order["id"]) == "succeeded"


@pytest.mark.parametrize("is_wanted", [True, False])
def test_an_order_whose_payment_stripe_does_not_know_ends_with_the_deadline_and_wakes_somebody(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str], *, is_wanted: bool
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    work = Work(mall.clock.now())
    before = orders.find(work, order["id"])
    lost = replace(before, version=before.version + 1, intent_id="pi_gone")
    persist(work, lambda tx: orders.put(tx, before, after=lost))
    assert lin.post("/orders", {"reward_id": mug}, key="k").status == 503
    assert is_wanted or cancel(lin, order).status == 503
    assert status_of(order) == "awaiting_payment"
    assert "payment_unknown" not in capsys.readouterr().out
    lapse(mall, stripe)
    run_deadlines(mall)
    assert '"alarm":"payment_unknown"' in capsys.readouterr().out
    assert status_of(order) == ("expired" if is_wanted else "cancelled")
    assert (wallet(lin)["available"], wallet(lin)["held"]) == (500, 0)
    assert cancel(lin, order).status == (409 if is_wanted else 200)


def test_an_order_is_shown_as_it_is_while_stripe_is_away(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    stripe.spoil("reset_before", times=9)
    told = look(lin, order)
    assert (told["status"], told["payment"]) == ("awaiting_payment", None)
    path = f"/admin/orders/{order['id']}"
    assert made(mall.support.get(path), 200)["status"] == "awaiting_payment"
    reply = lin.post("/orders", {"reward_id": mug}, key="k")
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    stripe.http.delete(f"{stripe.base}/local/faults")
    assert look(lin, order)["payment"] == order["payment"]


@pytest.mark.parametrize(("times", "status"), [(2, 201), (10_000, 503)])
def test_a_key_in_use_is_tried_again_as_long_as_patience_lasts(
    mall: Mall, stripe: LocalStripe, times: int, status: int
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    busy, clock = Busy(stripe.payments(), times), [0.0]
    mall.app.elapsed = lambda: clock[0]
    mall.app.pause = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
    mall.app.payments = busy.port
    reply = lin.post("/orders", {"reward_id": mug}, key="k")
    assert reply.status == status
    assert 2 < len(busy.asked) < 100
    assert clock[0] <= BUDGET_SECONDS

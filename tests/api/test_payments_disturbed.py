"""Points plus cash while Stripe, a bank or we fail halfway: nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
import stripe as library

from chalicelib.gateways.payments.errors import Rejected
from chalicelib.gateways.payments.model import Intent, IntentStatus, PaymentDraft
from chalicelib.storage.work import Work
from tests.cash import (
    dear,
    given_back,
    intents,
    lapse,
    look,
)
from tests.events import Api, Json
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.odd_stripes import Died, DiesWhenMade, Odd
from tests.orders import cancel, placed, run_deadlines, units, wallet
from tests.stack.process import until
from tests.stripes import LocalStripe, taking_money

IMPATIENT_SECONDS: Final = 0.3


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


def statuses(mall: Mall, order: Json) -> list[str]:
    """Return how the payments of an order stand, the newest first."""
    return [intent.status.value for intent in intents(mall, order)]


def order_of(api: Api) -> Json:
    """Return a member's newest order."""
    found: Json = api.get("/orders")["items"][0]
    return found


def test_stripe_down_is_503_with_retry_after_and_leaves_no_payment_behind(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    stripe.spoil("reset_before", times=2)
    for _ in range(2):
        reply = lin.post("/orders", {"reward_id": mug}, key="k")
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    assert (wallet(lin)["held"], units(mall, mug)["free"]) == (100, 2)
    order = order_of(lin)
    lapse(mall, stripe)
    run_deadlines(mall)
    assert look(lin, order)["status"] == "expired"
    assert set(statuses(mall, order)) <= {"canceled"}
    assert (wallet(lin)["available"], units(mall, mug)["free"]) == (500, 3)


def test_a_list_is_told_while_stripe_is_down(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    placed(lin, mug)
    lapse(mall, stripe)
    stripe.spoil("reset_before", times=9)
    assert order_of(lin)["status"] == "awaiting_payment"
    stripe.http.delete(f"{stripe.base}/local/faults")
    assert order_of(lin)["status"] == "expired"


def test_a_crash_after_reserve_is_taken_up_by_the_same_request(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    stripe.spoil("reset_before")
    assert lin.post("/orders", {"reward_id": mug}, key="k").status == 503
    order = placed(lin, mug)
    assert order["payment"]["client_secret"]
    assert statuses(mall, order) == ["requires_payment_method"]
    assert units(mall, mug)["free"] == 2


def test_a_crash_after_the_payment_was_made_before_its_id_was_kept_makes_no_second_one(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug, honest = mall.member("lin", points=500), dear(mall), mall.app.payments
    mall.app.payments = DiesWhenMade(honest()).port
    with pytest.raises(Died):
        lin.post("/orders", {"reward_id": mug}, key="k")
    mall.app.payments = honest
    order = placed(lin, mug)
    assert len(intents(mall, order)) == 1
    assert stripe.pay_order(order["id"]) == "succeeded"
    assert look(lin, order)["status"] == "settled"


def test_money_for_a_payment_whose_id_was_not_kept_settles_the_order(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug, honest = mall.member("lin", points=500), dear(mall), mall.app.payments
    mall.app.payments = DiesWhenMade(honest()).port
    with pytest.raises(Died):
        lin.post("/orders", {"reward_id": mug}, key="k")
    mall.app.payments = honest
    order = order_of(lin)
    assert stripe.pay_order(order["id"]) == "succeeded"
    lapse(mall, stripe, seconds=1)
    assert look(lin, order)["status"] == "settled"


def test_a_payment_whose_key_is_forgotten_is_looked_for_and_not_made_again(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug, honest = mall.member("lin", points=500), dear(mall), mall.app.payments
    mall.app.payments = DiesWhenMade(honest()).port
    with pytest.raises(Died):
        lin.post("/orders", {"reward_id": mug}, key="k")
    mall.app.payments = honest
    order = order_of(lin)["id"]
    stripe.pay_order(order)
    lapse(mall, stripe, days=2)
    assert made(lin.get(f"/orders/{order}"), 200)["status"] == "settled"
    assert statuses(mall, {"id": order}) == ["succeeded"]


def test_an_order_that_stripe_never_heard_of_ends_without_a_call_to_make_one(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    stripe.spoil("reset_before")
    lin.post("/orders", {"reward_id": mug}, key="k")
    lapse(mall, stripe, days=2)
    order = order_of(lin)
    assert (order["status"], intents(mall, order)) == ("expired", [])


def test_a_payment_that_timed_out_though_it_was_made_is_the_one_that_is_paid(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug, honest = mall.member("lin", points=500), dear(mall), mall.app.payments
    http = library.RequestsClient(timeout=IMPATIENT_SECONDS)
    mall.app.payments = partial(stripe.payments, http=http)
    stripe.spoil("hang", milliseconds=1000)
    assert lin.post("/orders", {"reward_id": mug}, key="k").status == 503
    mall.app.payments = honest
    # While the first call still works on it, Stripe says so.
    until(lambda: lin.post("/orders", {"reward_id": mug}, key="k").status == 201)
    assert len(intents(mall, order_of(lin))) == 1


def test_a_stored_500_is_cleared_up_by_a_new_attempt(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    stripe.spoil("error_kept")
    assert lin.post("/orders", {"reward_id": mug}, key="k").status == 503
    order = placed(lin, mug)
    assert statuses(mall, order) == ["requires_payment_method"]
    assert stripe.pay_order(order["id"]) == "succeeded"
    assert look(lin, order)["status"] == "settled"


def test_a_stored_500_behind_which_the_payment_was_made_finds_that_one(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    stripe.spoil("error_after")
    order = placed(lin, mug)
    assert order["payment"]["client_secret"]
    assert len(intents(mall, order)) == 1


def test_the_same_key_with_another_cart_is_refused_and_makes_no_payment(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    reply = lin.post("/orders", {"reward_id": mug, "quantity": 2}, key="k")
    assert (reply.status, reply.code) == (422, "idempotency_key_reused")
    assert [one.cash.amount for one in intents(mall, order)] == [2990]
    assert stripe.pay_order(order["id"]) == "succeeded"


def test_a_cancel_that_times_out_at_the_deadline_releases_nothing_until_stripe_confirms(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    lapse(mall, stripe)
    stripe.spoil("reset_after", method="POST")
    assert look(lin, order)["status"] == "awaiting_payment"
    assert (wallet(lin)["held"], units(mall, mug)["free"]) == (100, 2)
    assert statuses(mall, order) == ["canceled"]
    assert look(lin, order)["status"] == "expired"
    assert (wallet(lin)["available"], units(mall, mug)["free"]) == (500, 3)


def test_the_deadline_first_then_success_leaves_nothing_to_pay(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    lapse(mall, stripe)
    run_deadlines(mall)
    assert stripe.pay_order(order["id"]) == "canceled"
    assert (look(lin, order)["status"], given_back(mall, order)) == ("expired", [])


def test_success_first_then_the_deadline_settles(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    assert stripe.pay_order(order["id"]) == "succeeded"
    lapse(mall, stripe)
    run_deadlines(mall)
    assert (look(lin, order)["status"], given_back(mall, order)) == ("settled", [])


def test_a_payment_that_failed_and_then_succeeded_settles(mall: Mall, stripe: LocalStripe) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    assert stripe.pay_order(order["id"], "declined") == "requires_payment_method"
    assert stripe.pay_order(order["id"]) == "succeeded"
    assert look(lin, order)["status"] == "settled"


def test_a_payment_that_succeeded_stays_settled_when_a_failure_is_heard_after_it(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    stripe.pay_order(order["id"], "declined")
    stripe.pay_order(order["id"])
    assert look(lin, order)["status"] == "settled"
    assert stripe.pay_order(order["id"], "declined") == "succeeded"
    lapse(mall, stripe, hours=1)
    run_deadlines(mall)
    assert look(lin, order)["status"] == "settled"


@pytest.mark.parametrize(
    ("is_done", "end", "left"), [(True, "settled", 2), (False, "cancelled", 3)]
)
def test_an_order_whose_payment_is_processing_at_the_deadline_waits_for_the_bank(
    mall: Mall, stripe: LocalStripe, *, is_done: bool, end: str, left: int
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    assert stripe.pay_order(order["id"], "processing") == "processing"
    lapse(mall, stripe)
    told = look(lin, order)
    assert (told["status"], told["payment"]) == ("awaiting_payment", None)
    assert cancel(lin, order).status == 503
    stripe.lever(f"payment_intents/{intents(mall, order)[0].id}", {"is_done": is_done})
    assert (look(lin, order)["status"], units(mall, mug)["free"]) == (end, left)


def test_a_payment_that_needs_action_and_is_abandoned_gives_everything_back(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    assert stripe.pay_order(order["id"], "requires_action") == "requires_action"
    lapse(mall, stripe)
    run_deadlines(mall)
    assert (look(lin, order)["status"], wallet(lin)["available"]) == ("expired", 500)
    assert intents(mall, order)[0].status is IntentStatus.CANCELED


def test_a_payment_that_stripe_refuses_to_make_ends_with_the_deadline(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    class Refusing(Odd):
        """Makes no payment."""

        def create_intent(self, _: PaymentDraft) -> Intent:
            raise Rejected("amount_too_small")

    lin, mug = mall.member("lin", points=500), dear(mall)
    mall.app.payments = Refusing(stripe.payments()).port
    assert lin.post("/orders", {"reward_id": mug}, key="k").status == 503
    assert '"alarm":"payment_refused"' in capsys.readouterr().out
    lapse(mall, stripe)
    assert order_of(lin)["status"] == "expired"
    assert wallet(lin)["available"] == 500

"""Cash that somebody gave back at Stripe's dashboard, and that the same order owes: once in all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.gateways.payments.errors import Rejected, Unclear
from chalicelib.gateways.payments.model import Refund, RefundDraft
from chalicelib.kernel.money import Money
from chalicelib.redeem.reconciliation.model import Kind
from chalicelib.redeem.refunds import service as refunds
from chalicelib.redeem.refunds.model import OrderRefund, RefundState
from chalicelib.redeem.statements import service as statements
from chalicelib.redeem.statements.model import Named
from chalicelib.storage.work import Work
from infra.local import jobs
from tests.cash import amounts, given_back, look
from tests.events import Api, Json, Reply
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.odd_stripes import Died, Odd
from tests.orders import cancel, refund, wallet
from tests.reconciled import at_the_dashboard, differing, intent_of, kinds, later, mended, settled
from tests.reconciled import sums as sums_of
from tests.rows import everything
from tests.stripes import LocalStripe, taking_money

Back = Callable[[Mall, Api, Json], Reply]


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, and whose webhooks are all lost."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


def by_support(mall: Mall, _: Api, order: Json) -> Reply:
    return refund(mall, order)


def by_its_member(_: Mall, api: Api, order: Json) -> Reply:
    return cancel(api, order)


def by_hand(mall: Mall, stripe: LocalStripe, order: Json, amount: int) -> str:
    """Give a part of an order's payment back at the dashboard; return the refund's id."""
    return at_the_dashboard(stripe, intent_of(mall, order), amount)


def of_order(mall: Mall, order: Json) -> OrderRefund:
    """Return the one refund of ours of an order."""
    work = Work(mall.clock.now())
    (found,) = [
        one for one in refunds.owed_on(work, work.now.date()) if one.order_id == order["id"]
    ]
    return found


def both_sides_agree(mall: Mall, *, back: int) -> None:
    """Hold that so much went back by either side's word, and that nothing differs."""
    assert differing(mall) == []
    told = sums_of(mall)
    assert told.back_here == told.back_there == {"cny": back}


@pytest.mark.parametrize("give_back", [by_support, by_its_member])
@pytest.mark.parametrize(("by_then", "expected"), [(400, [2590, 400]), (2990, [2990])])
def test_what_somebody_gave_back_at_the_dashboard_counts_for_what_the_order_owes(
    mall: Mall, stripe: LocalStripe, *, give_back: Back, by_then: int, expected: list[int]
) -> None:
    lin = mall.member(points=500)
    order = settled(mall, stripe, lin)
    about = by_hand(mall, stripe, order, by_then)
    assert give_back(mall, lin, order).status in {200, 201}
    record = of_order(mall, order)
    assert record.state is RefundState.SUCCEEDED
    assert (record.cash, record.due) == (Money(2990, "cny"), Money(2990 - by_then, "cny"))
    assert sorted(amounts(given_back(mall, order))) == sorted(expected)
    assert wallet(lin)["available"] == 500
    both_sides_agree(mall, back=2990)
    assert mended(mall, about) == mended(mall, record.id) == []
    again = refunds.again(
        Work(mall.clock.now()), mall.app.payments(), refund_id=record.id, by="mei"
    )
    assert again == record


def test_what_is_left_of_a_refund_by_hand_that_covered_a_part_is_booked(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin = mall.member(points=500)
    order = settled(mall, stripe, lin)
    about = by_hand(mall, stripe, order, 2000)
    assert made(refund(mall, order, amount=1495), 201)["status"] == "succeeded"
    assert amounts(given_back(mall, order)) == [990, 2000]
    (left,) = differing(mall)
    assert (left.difference.about, left.difference.cash) == (about, Money(1495, "cny"))
    assert kinds(mended(mall, about)) == [(Kind.REFUND_UNBOOKED, True)]
    assert look(lin, order)["status"] == "refunded"
    assert wallet(lin)["available"] == 500
    both_sides_agree(mall, back=2990)


def test_two_refunds_behind_one_by_hand_give_back_what_is_left_in_any_order(
    mall: Mall, stripe: LocalStripe
) -> None:
    order = settled(mall, stripe, mall.member(points=500))
    by_hand(mall, stripe, order, 400)
    stripe.spoil("reset_before", path="/v1/refunds", times=1)
    made(refund(mall, order, key="1", amount=1000), 201)
    assert made(refund(mall, order, key="2"), 201)["status"] == "succeeded"
    jobs.run(mall.app, "unfinished-refunds", now=mall.clock.now())
    assert sorted(amounts(given_back(mall, order))) == [400, 600, 1990]
    both_sides_agree(mall, back=2990)


def test_a_person_who_tries_again_asks_for_what_is_left_and_the_audit_log_says_who(
    mall: Mall, stripe: LocalStripe
) -> None:
    class Refusing(Odd):
        """Gives nothing back."""

        def create_refund(self, _: RefundDraft) -> Refund:
            raise Rejected("charge_disputed")

    order = settled(mall, stripe, mall.member(points=500))
    honest = mall.app.payments
    mall.app.payments = Refusing(honest()).port
    owed = made(refund(mall, order), 201)
    assert owed["status"] == "failed"
    mall.app.payments = honest
    by_hand(mall, stripe, order, 400)
    assert kinds(mended(mall, owed["id"])) == [(Kind.REFUND_FAILED, True)]
    (row,) = [row for row in everything() if row.get("w") == {"S": "order.refund_again"}]
    assert (row["u"]["S"], row["y"]["S"]) == (order["id"], "mei")
    assert f'"refund_id":"{owed["id"]}"' in row["a"]["S"]
    assert '"asked":2590' in row["a"]["S"]
    both_sides_agree(mall, back=2990)


def test_a_crash_when_what_is_left_was_asked_for_gives_it_back_once(
    mall: Mall, stripe: LocalStripe
) -> None:
    class Dies(Odd):
        """Makes what it does not refuse, and never tells."""

        def create_refund(self, draft: RefundDraft) -> Refund:
            self.real.create_refund(draft)
            raise Died

    order = settled(mall, stripe, mall.member(points=500))
    by_hand(mall, stripe, order, 400)
    honest = mall.app.payments
    mall.app.payments = Dies(honest()).port
    with pytest.raises(Died):
        refund(mall, order)
    mall.app.payments = honest
    assert (of_order(mall, order).attempt, of_order(mall, order).asked) == (2, 2590)
    jobs.run(mall.app, "unfinished-refunds", now=mall.clock.now())
    assert made(refund(mall, order), 201)["status"] == "succeeded"
    both_sides_agree(mall, back=2990)


def test_our_own_refund_that_stripe_listed_too_late_is_not_taken_for_one_by_hand(
    mall: Mall, stripe: LocalStripe
) -> None:
    class Lags(Odd):
        """Makes a refund behind a failure that it keeps, and does not list it yet."""

        def create_refund(self, draft: RefundDraft) -> Refund:
            self.real.create_refund(draft)
            raise Unclear("api_error", is_kept=True)

        def refunds_of(self, _: str) -> list[Refund]:
            return []

    order = settled(mall, stripe, mall.member(points=500))
    honest = mall.app.payments
    mall.app.payments = Lags(honest()).port
    assert made(refund(mall, order), 201)["status"] == "pending"
    mall.app.payments = honest
    jobs.run(mall.app, "unfinished-refunds", now=mall.clock.now())
    record, (there,) = of_order(mall, order), given_back(mall, order)
    assert (record.attempt, record.stripe_id, record.asked) == (2, there.id, None)
    both_sides_agree(mall, back=2990)


@pytest.mark.parametrize("by_then", [400, 2990])
def test_a_refund_by_hand_that_fails_after_it_covered_one_is_told_to_a_person(
    mall: Mall, stripe: LocalStripe, by_then: int
) -> None:
    order = settled(mall, stripe, mall.member(points=500))
    about = by_hand(mall, stripe, order, by_then)
    owed = made(refund(mall, order), 201)["id"]
    stripe.lever(f"refunds/{about}", {"is_done": False})
    later(mall, stripe, hours=1)
    (left,) = differing(mall)
    assert (left.difference.kind, left.difference.about) == (Kind.REFUND_AMOUNT, owed)
    by_hand(mall, stripe, order, by_then)
    assert differing(mall) == []


def test_a_payment_that_stripe_does_not_know_has_no_refunds(
    mall: Mall, stripe: LocalStripe
) -> None:
    order = settled(mall, stripe, mall.member(points=500))
    with pytest.raises(Rejected) as refused:
        stripe.payments().refunds_of("pi_nobodys")
    assert refused.value.reason == "resource_missing"
    work, payments = Work(mall.clock.now()), mall.app.payments()
    sides = statements.of_order(work, payments, named=Named(order["id"], ("pi_nobodys",)))
    assert sides.refunds == ()

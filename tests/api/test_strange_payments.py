"""Money that is not as asked: it settles nothing, somebody is woken, and it goes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from chalicelib.gateways.payments.model import Intent, Mark
from chalicelib.kernel.money import Money
from chalicelib.storage.work import Work
from tests.cash import amounts, came_late, dear, given_back, look
from tests.invariants import check_all
from tests.mall import Mall
from tests.odd_stripes import Otherwise
from tests.orders import cancel, placed, units, wallet
from tests.stripes import ENVIRONMENT, LocalStripe, taking_money

Change = Callable[[Intent], Intent]
PAID: Final = "succeeded"


def with_received(money: Money) -> Change:
    """Return what tells of a payment that another sum was received for."""
    return lambda intent: replace(intent, received=money) if intent.status == PAID else intent


def in_currency(intent: Intent) -> Intent:
    """Tell of a payment in dollars."""
    told = Money(intent.cash.amount, "usd")
    return replace(intent, cash=told, received=Money(intent.received.amount, "usd"))


def for_another_order(intent: Intent) -> Intent:
    """Tell of a payment of another order."""
    return replace(intent, mark=Mark(ENVIRONMENT, "ord_0Ab1Cd2Ef3G4Hi5Jk6L7"))


STRANGE: Final[Mapping[str, tuple[Change, int]]] = {
    "a fen too little": (with_received(Money(2989, "cny")), 2989),
    "half of it": (with_received(Money(1495, "cny")), 1495),
    "another currency": (in_currency, 2990),
    "real money for a test, or the reverse": (lambda one: replace(one, is_live=True), 2990),
    "another order's mark": (for_another_order, 2990),
    "no mark": (lambda one: replace(one, mark=None), 2990),
}


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
    check_all(Work(mall.clock.now()))


@pytest.mark.parametrize("name", STRANGE)
def test_a_wrong_amount_currency_or_mode_is_not_settled_but_told_and_refunded_once(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    change, amount = STRANGE[name]
    lin, mug = mall.member("lin", points=500), dear(mall)
    order, honest = placed(lin, mug), mall.app.payments
    stripe.pay_order(order["id"])
    odd = Otherwise(honest(), change).port
    mall.app.payments = odd
    assert look(lin, order)["status"] == "expired"
    assert '"alarm":"payment_not_as_asked"' in capsys.readouterr().out
    assert came_late(mall, order).order.status == "expired"
    mall.app.payments = honest
    assert amounts(given_back(mall, order)) == [amount]
    assert (wallet(lin)["available"], units(mall, mug)["free"]) == (500, 3)


def test_a_member_who_cancels_gets_strange_money_back_and_not_the_order(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order, honest = placed(lin, mug), mall.app.payments
    stripe.pay_order(order["id"])

    class Short(Otherwise):
        """Tells, too late to cancel, of a fen too little."""

        def cancel_intent(self, intent_id: str) -> Intent:
            return self.change(self.real.cancel_intent(intent_id))

    mall.app.payments = Short(honest(), with_received(Money(2989, "cny"))).port
    assert cancel(lin, order).code == "order_not_cancellable"
    mall.app.payments = honest
    assert amounts(given_back(mall, order)) == [2989]
    assert (look(lin, order)["status"], wallet(lin)["available"]) == ("expired", 500)


def test_points_past_their_day_live_on_for_a_week_when_the_house_turns_money_away(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order, honest = placed(lin, mug), mall.app.payments
    stripe.pay_order(order["id"])
    mall.clock.advance(days=1000)
    stripe.clock.instant = mall.clock.instant
    mall.app.payments = Otherwise(honest(), with_received(Money(1, "cny"))).port
    assert look(lin, order)["returned"]["expired"] == 0
    mall.app.payments = honest
    assert wallet(lin)["available"] == 100

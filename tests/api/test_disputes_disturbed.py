"""Disputes that are heard twice, late, in any order, or of what is no order of ours any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.gateways.payments.model import Dispute, DisputeStatus
from chalicelib.redeem.disputes import service as disputes
from chalicelib.settings import settings
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work
from tests.cash import amounts, bought, came_late, given_back, look, paid_too_late
from tests.disputes import (
    CODED,
    WORTH,
    Questioned,
    dear,
    decide,
    fetch,
    follow,
    payment_of,
    question,
    worth,
)
from tests.invariants import check_all
from tests.mall import Mall, made
from tests.orders import cancel, placed, refund, wallet
from tests.queues import drain
from tests.stripes import LocalStripe, a_payment, taking_money
from tests.webhooks import events, tell, tell_all


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local
        check_all(Work(mall.clock.now()))


@pytest.mark.parametrize("won", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
def test_events_twice_and_in_any_order_end_the_same(
    mall: Mall, stripe: LocalStripe, *, won: bool, backwards: bool
) -> None:
    lin = mall.member(points=600)
    order = bought(lin, stripe, dear(mall, CODED))
    made(fetch(lin, order), 200)
    dispute = question(stripe, order)
    opened = events(stripe)
    if not backwards:
        tell_all(mall, stripe)
    decide(stripe, dispute, won=won)
    told = events(stripe)
    for event in (told[::-1] + opened) if backwards else (told + opened):
        assert tell(mall, event).status == 200
        drain(mall)
    assert look(lin, order)["dispute"] == ("won" if won else "lost")
    assert worth(lin) == ((500, 0) if won else (0, WORTH - 500))
    assert not follow(mall, dispute)


def test_a_dispute_heard_before_its_payment_settles_the_order_first(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = placed(lin, mug)
    assert stripe.pay_order(order["id"], "disputed") == "succeeded"
    (dispute,) = stripe.payments().disputes_of(payment_of(stripe, order))
    follow(mall, dispute.id)
    told = look(lin, order)
    assert (told["status"], told["dispute"], wallet(lin)["held"]) == ("settled", "open", 0)
    tell_all(mall, stripe)
    assert look(lin, order)["dispute"] == "open"


def test_what_is_decided_anew_after_the_end_wakes_somebody_and_moves_nothing(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    for won, name in ((False, "dispute_won_after_lost"), (True, "dispute_lost_after_won")):
        order = bought(lin, stripe, mug, key=name)
        dispute = question(stripe, order)
        decide(stripe, dispute, won=won)
        follow(mall, dispute)
        before = worth(lin), look(lin, order)
        decide(stripe, dispute, won=not won)
        capsys.readouterr()
        assert not follow(mall, dispute)
        assert f'"alarm":"{name}"' in capsys.readouterr().out
        assert (worth(lin), look(lin, order)) == before


def test_another_environments_dispute_is_none_of_ours(
    mall: Mall, stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = bought(lin, stripe, mug)
    dispute = question(stripe, order)
    other = stripe.payments(environment="another")
    with monkeypatch.context() as patch:
        patch.setenv("JIFEN_ENVIRONMENT", "another")
        settings.cache_clear()
        assert not disputes.follow(Work(mall.clock.now()), other, dispute_id=dispute)
    settings.cache_clear()
    assert look(lin, order)["dispute"] is None


def test_what_goes_beside_a_dispute_goes_with_its_last_step_and_only_then(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    dispute = question(stripe, bought(lin, stripe, mug))
    seen: list[Transaction] = []
    decide(stripe, dispute, won=False)
    assert follow(mall, dispute, aside=seen.append)
    assert len(seen) == 1
    assert not follow(mall, dispute, aside=seen.append)
    assert len(seen) == 1


def test_a_disputed_payment_that_came_too_late_brings_its_order_back_and_freezes_it(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug)
    paid_too_late(mall, stripe, lin, order)
    follow(mall, question(stripe, order))
    told = look(lin, order)
    assert (told["status"], told["dispute"]) == ("settled", "open")
    assert worth(lin) == (400, 0)


def test_late_money_that_went_back_and_is_disputed_is_clawed_back(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=5000), dear(mall)
    order = placed(lin, mug)
    paid_too_late(mall, stripe, lin, order)
    placed(mall.member("mei", points=500), mug, quantity=3)
    came_late(mall, order)
    assert amounts(given_back(mall, order)) == [WORTH]
    dispute = question(stripe, order)
    follow(mall, dispute)
    told = look(lin, order)
    assert (told["status"], told["dispute"]) == ("expired", "open")
    assert worth(lin) == (5000 - WORTH, 0)
    decide(stripe, dispute, won=True)
    follow(mall, dispute)
    assert worth(lin) == (5000, 0)


def test_a_refund_that_stripe_refuses_as_disputed_costs_nobody_points(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member(points=5000), dear(mall)
    order = bought(lin, stripe, mug)
    dispute = question(stripe, order)
    made(cancel(lin, order), 200)
    follow(mall, dispute)
    assert given_back(mall, order) == []
    assert (worth(lin), look(lin, order)["status"]) == ((5000, 0), "cancelled")


def of_a_part(dispute: Dispute) -> Dispute:
    return replace(dispute, cash=replace(dispute.cash, amount=1000))


def of_no_known_word(dispute: Dispute) -> Dispute:
    return replace(dispute, status=DisputeStatus.UNKNOWN)


def test_a_word_of_stripes_that_nobody_knows_wakes_somebody_and_moves_nothing(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = bought(lin, stripe, mug)
    dispute, honest = question(stripe, order), mall.app.payments()
    mall.app.payments = Questioned(honest, of_no_known_word).port
    assert not follow(mall, dispute)
    mall.app.payments = lambda: honest
    assert '"alarm":"dispute_unknown"' in capsys.readouterr().out
    assert look(lin, order)["dispute"] is None


def test_a_second_dispute_and_one_of_another_payment_wake_somebody_and_move_nothing(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    lin, mug = mall.member(points=500), dear(mall)
    order = bought(lin, stripe, mug)
    intent = payment_of(stripe, order)
    first = question(stripe, order)
    follow(mall, first)
    stripe.lever("disputes", {"payment_intent": intent})
    both = {one.id for one in stripe.payments().disputes_of(intent)}
    assert not follow(mall, (both - {first}).pop())
    assert '"alarm":"dispute_beside_another"' in capsys.readouterr().out
    other = stripe.payments().create_intent(a_payment(order_id=order["id"], attempt=2))
    assert stripe.pay(other, "disputed") == "succeeded"
    before = look(lin, order)
    assert not follow(mall, stripe.payments().disputes_of(other.id)[0].id)
    assert '"alarm":"dispute_of_another_payment"' in capsys.readouterr().out
    assert look(lin, order) == before


def test_a_lost_dispute_of_a_part_wakes_somebody(
    mall: Mall, stripe: LocalStripe, capsys: pytest.CaptureFixture[str]
) -> None:
    lin, mug = mall.member(points=5000), dear(mall)
    order = bought(lin, stripe, mug, quantity=2)
    made(refund(mall, order, quantity=1), 201)
    dispute = question(stripe, order)
    decide(stripe, dispute, won=False)
    honest = mall.app.payments()
    mall.app.payments = Questioned(honest, of_a_part).port
    capsys.readouterr()
    follow(mall, dispute)
    mall.app.payments = lambda: honest
    told = capsys.readouterr().out
    assert '"alarm":"dispute_lost_in_part"' in told
    assert f'"left":{2990 - 1000}' in told
    assert (worth(lin), look(lin, order)["status"]) == ((5000, 0), "refunded")

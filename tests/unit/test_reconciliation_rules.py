"""What differs between two sides, fact by fact, and what is no difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest

from chalicelib.gateways.payments.model import (
    Dispute,
    DisputeStatus,
    Intent,
    IntentStatus,
    Mark,
    Refund,
    RefundStatus,
    Span,
)
from chalicelib.kernel.money import Money
from chalicelib.redeem.orders.model import Dispute as Told
from chalicelib.redeem.orders.model import DisputeState, Order, Status
from chalicelib.redeem.reconciliation.model import FOLLOWS, SENTENCES, Kind, Progress
from chalicelib.redeem.reconciliation.rules import (
    LOOKED_BACK,
    RESUMED_WITHIN,
    amount,
    begun,
    compare,
    sentence,
    sums_of,
    up_to,
)
from chalicelib.redeem.refunds.model import OrderRefund, RefundState
from chalicelib.redeem.refunds.rules import stray_id_of
from chalicelib.redeem.statements.model import Sides
from chalicelib.redeem.statements.rules import booked_id_of, days_of, matched
from tests.builders import NOW
from tests.unit.orders import an_order

CASH: Final = Money(2990, "cny")
SECOND: Final = timedelta(seconds=1)


def order(**changes: Any) -> Order:
    """Return a settled order with a cash part, whose payment is pi_1."""
    return an_order(**{"cash": CASH, "intent_id": "pi_1", **changes})


def paid(**changes: Any) -> Intent:
    """Return a payment of it that succeeded."""
    made = Intent(
        id="pi_1",
        status=IntentStatus.SUCCEEDED,
        cash=CASH,
        received=CASH,
        mark=Mark("tests", order().id),
        created_at=NOW,
        is_live=False,
        charge_id="ch_1",
        declined=None,
        client_secret=None,
    )
    return replace(made, **changes)


def owed(**changes: Any) -> OrderRefund:
    """Return a refund of ours of ¥10 that went back."""
    made = OrderRefund(
        id="rfd_1",
        order_id=order().id,
        quantity=0,
        points=0,
        debt_paid=0,
        is_restocked=False,
        fingerprint=b"f",
        cash=Money(1000, "cny"),
        intent_id="pi_1",
        stripe_id="re_1",
        owed_at=NOW,
    )
    return replace(made, **changes)


def back(**changes: Any) -> Refund:
    """Return the same as Stripe has it."""
    mark = Mark("tests", order().id, "rfd_1")
    made = Refund(
        "re_1", RefundStatus.SUCCEEDED, Money(1000, "cny"), "pi_1", "ch_1", mark, NOW, None
    )
    return replace(made, **changes)


def dispute(status: DisputeStatus, **changes: Any) -> Dispute:
    """Return a dispute of the whole payment."""
    made = Dispute("du_1", status, CASH, "pi_1", "ch_1", "fraudulent", True, False, NOW)
    return replace(made, **changes)


def differs(*, at: datetime = NOW, **facts: Any) -> list[tuple[Kind, str]]:
    """Return what differs, and what about."""
    found = compare(Sides(order().id, **{"order": order(), "intents": (paid(),), **facts}), at)
    assert all(sentence(one) for one in found)
    return [(one.kind, one.about) for one in found]


WAITS: Final[dict[str, Any]] = {
    "status": Status.AWAITING_PAYMENT,
    "settled_at": None,
    "deadline": NOW,
}
OPEN: Final = IntentStatus.REQUIRES_PAYMENT_METHOD
NEVER: Final = Money(0, "cny")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"order": order(**WAITS)}, [(Kind.PAID_WAITING, "pi_1")]),
        ({"order": order(**WAITS | {"intent_id": None})}, [(Kind.PAID_WAITING, "pi_1")]),
        (
            {"order": order(**WAITS), "intents": (paid(status=OPEN, received=NEVER),)},
            [(Kind.OVERDUE, order().id)],
        ),
        (
            {"order": order(**WAITS | {"deadline": NOW + SECOND}), "intents": ()},
            [],
        ),
        ({"order": order(**WAITS), "intents": (paid(status=IntentStatus.PROCESSING),)}, []),
        ({"order": order(status=Status.EXPIRED)}, [(Kind.PAID_DEAD, "pi_1")]),
        ({"order": order(status=Status.CANCELLED, cash_returned=2990)}, []),
        (
            {"order": order(status=Status.EXPIRED), "refunds": (back(cash=CASH, mark=None),)},
            [],
        ),
        (
            {"order": order(status=Status.EXPIRED), "refunds": (back(cash=Money(990, "cny")),)},
            [(Kind.PAID_DEAD, "pi_1")],
        ),
        ({"intents": (paid(), paid(id="pi_2"))}, [(Kind.PAID_TWICE, "pi_2")]),
        ({"order": None}, [(Kind.NO_ORDER, "pi_1")]),
        ({"order": None, "intents": (paid(status=OPEN, received=NEVER),)}, []),
        ({"order": None, "refunds": (back(cash=CASH),)}, []),
        ({"intents": ()}, [(Kind.UNPAID, order().id)]),
        ({"intents": (), "is_whole": False}, []),
        ({"intents": (paid(received=Money(2989, "cny")),)}, [(Kind.UNPAID, order().id)]),
        ({"intents": (paid(received=Money(2990, "usd")),)}, [(Kind.UNPAID, order().id)]),
        ({"owed": (owed(),), "refunds": (back(),)}, []),
        (
            {"owed": (owed(state=RefundState.PENDING, stripe_id=None),)},
            [(Kind.REFUND_WAITS, "rfd_1")],
        ),
        (
            {
                "owed": (owed(state=RefundState.PENDING),),
                "refunds": (back(status=RefundStatus.PENDING),),
            },
            [],
        ),
        (
            {"owed": (owed(state=RefundState.PENDING),), "refunds": (back(),)},
            [(Kind.REFUND_STATE, "rfd_1")],
        ),
        (
            {"owed": (owed(),), "refunds": (back(status=RefundStatus.FAILED),)},
            [(Kind.REFUND_STATE, "rfd_1")],
        ),
        (
            {
                "owed": (owed(state=RefundState.FAILED),),
                "refunds": (back(status=RefundStatus.FAILED),),
            },
            [(Kind.REFUND_FAILED, "rfd_1")],
        ),
        ({"owed": (owed(),)}, [(Kind.REFUND_MISSING, "rfd_1")]),
        (
            {"owed": (owed(),), "refunds": (back(cash=Money(999, "cny")),)},
            [(Kind.REFUND_AMOUNT, "rfd_1")],
        ),
        ({"owed": (owed(cash=None),)}, []),
        ({"refunds": (back(mark=None),)}, [(Kind.REFUND_UNBOOKED, "re_1")]),
        ({"refunds": (back(mark=None, status=RefundStatus.FAILED),)}, []),
        ({"refunds": (back(mark=None),), "owed": (owed(id=booked_id_of("re_1")),)}, []),
        ({"refunds": (back(mark=None, intent_id="pi_2"),)}, []),
        ({"disputes": (dispute(DisputeStatus.NEEDS_RESPONSE),)}, [(Kind.DISPUTE, "du_1")]),
        ({"disputes": (dispute(DisputeStatus.WARNING_NEEDS_RESPONSE),)}, []),
        ({"disputes": (dispute(DisputeStatus.PREVENTED),)}, []),
        ({"disputes": (dispute(DisputeStatus.WON, intent_id="pi_2"),)}, []),
        (
            {
                "order": order(dispute=Told("du_1", DisputeState.OPEN)),
                "disputes": (dispute(DisputeStatus.UNDER_REVIEW),),
            },
            [],
        ),
        (
            {
                "order": order(dispute=Told("du_1", DisputeState.OPEN)),
                "disputes": (dispute(DisputeStatus.LOST),),
            },
            [(Kind.DISPUTE, "du_1")],
        ),
        (
            {
                "order": order(dispute=Told("du_1", DisputeState.LOST)),
                "disputes": (dispute(DisputeStatus.WON),),
            },
            [(Kind.DISPUTE_CONTRARY, "du_1")],
        ),
    ],
)
def test_what_differs(facts: dict[str, Any], expected: list[tuple[Kind, str]]) -> None:
    assert differs(**facts) == expected


def test_money_that_goes_back_for_nobodys_order_counts_as_given_back() -> None:
    stray = owed(id=stray_id_of("pi_1"), cash=CASH, state=RefundState.PENDING, stripe_id=None)
    found = differs(order=order(status=Status.EXPIRED), owed=(stray,))
    assert found == [(Kind.REFUND_WAITS, stray.id)]


def test_of_a_refunds_attempts_only_the_present_one_counts() -> None:
    first = back(status=RefundStatus.FAILED, created_at=NOW - SECOND)
    again = owed(attempt=2, state=RefundState.PENDING, stripe_id=None)
    assert matched(again, [first]) is None
    second = back(id="re_2", status=RefundStatus.PENDING)
    assert matched(again, [second, first]) == second
    assert matched(replace(again, stripe_id="re_2"), [first, second]) == second


def test_every_difference_has_a_sentence_that_says_what_mending_does() -> None:
    assert SENTENCES.keys() == set(Kind)
    assert set(Kind) > FOLLOWS
    told = compare(Sides(order().id, order(status=Status.EXPIRED), intents=(paid(),)), NOW)
    assert sentence(told[0]) == (
        f"29.90 CNY was paid (pi_1) for the order {order().id}, which is expired:"
        " the order comes back to life, or the money goes back."
    )


@pytest.mark.parametrize(
    ("cash", "told"),
    [
        (Money(2990, "cny"), "29.90 CNY"),
        (Money(5, "cny"), "0.05 CNY"),
        (Money(123456, "jpy"), "123,456 JPY"),
        (Money(1230, "kwd"), "1.230 KWD"),
        (Money(2990, "chf"), "29.90 CHF"),
    ],
)
def test_amounts_are_told_as_people_write_them(cash: Money, told: str) -> None:
    assert amount(cash) == told


def test_a_span_is_cut_at_midnight_and_nothing_falls_between() -> None:
    since, until = datetime(2026, 11, 20, 22, tzinfo=UTC), datetime(2026, 11, 22, 1, tzinfo=UTC)
    parts = list(days_of(Span(since, until)))
    assert [part.since.day for part in parts] == [20, 21, 22]
    assert (parts[0].since, parts[-1].until) == (since, until)
    assert all(one.until == other.since for one, other in pairwise(parts))
    assert list(days_of(Span(until, until))) == []


def test_a_run_looks_three_days_back_leaves_no_gap_and_goes_on_with_one_that_died() -> None:
    assert begun(None, NOW) == NOW - LOOKED_BACK
    yesterday, long_ago = NOW - timedelta(days=1), NOW - timedelta(days=9)
    assert begun(Progress(yesterday, yesterday), NOW) == NOW - LOOKED_BACK
    assert begun(Progress(long_ago, long_ago), NOW) == long_ago
    died = NOW - RESUMED_WITHIN + SECOND
    assert begun(Progress(yesterday, died), NOW) == yesterday
    assert begun(Progress(yesterday, died - SECOND), NOW) == NOW - LOOKED_BACK


def test_the_sums_are_of_what_lies_in_the_span() -> None:
    stray = owed(id=stray_id_of("pi_2"), intent_id="pi_2", cash=Money(500, "cny"))
    failed = owed(id="rfd_2", state=RefundState.FAILED)
    sides = Sides(
        order().id,
        order(),
        owed=(owed(), stray, failed),
        intents=(paid(), paid(id="pi_2", received=Money(500, "cny"))),
        refunds=(back(), back(id="re_2", cash=Money(500, "cny"))),
        disputes=(dispute(DisputeStatus.WON),),
    )
    told = sums_of([sides], within=up_to(NOW, since=NOW))
    assert (told.orders, told.payments, told.refunds, told.disputes) == (1, 2, 2, 1)
    assert (told.taken_here, told.taken_there) == ({"cny": 3490}, {"cny": 3490})
    assert (told.back_here, told.back_there) == ({"cny": 1500}, {"cny": 1500})
    assert sums_of([sides], within=Span(NOW + SECOND, NOW + 2 * SECOND)).taken_there == {}

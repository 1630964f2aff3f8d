"""Orders, their refunds, and purchases: plans that no rule would make are refused by the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from chalicelib.catalog.stock.model import Mode
from chalicelib.kernel.errors import Contended, KeyReused
from chalicelib.kernel.money import Money
from chalicelib.redeem.orders import store as orders
from chalicelib.redeem.orders.model import Address, Fulfilment, Order, Status
from chalicelib.redeem.refunds import store as refunds
from chalicelib.redeem.refunds.model import OrderRefund, RefundState
from chalicelib.redeem.refunds.rules import PREFIX, AlreadyOwed
from chalicelib.storage.transaction import Moved, Replayed, Transaction
from chalicelib.tiers.earning import store as earning
from chalicelib.tiers.earning.model import Claim, Purchase, Refund
from tests.builders import LATER, MEMBER_ID, NOW, REWARD_ID, TODAY, a_lot
from tests.mutation.plans import Add, Wrong, columns, handed, refused
from tests.rows import row

ORDER: Final = Order(
    id="ord_0Ab1Cd2Ef3G4Hi5Jk6L7",
    member_id=MEMBER_ID,
    reward_id=REWARD_ID,
    reward_version=1,
    option=0,
    quantity=2,
    points=20,
    status=Status.SETTLED,
    fulfilment=Fulfilment.NONE,
    placed_at=NOW,
    taken=(a_lot(20, LATER),),
    program_version=1,
    fingerprint=b"one",
    mode=Mode.COUNTED,
    units={0: 2},
)
ADDRESS: Final = Address("林", "+8613800000001", "南京西路 1 号", "上海", "CN")
REFUND: Final = OrderRefund(PREFIX + ORDER.id[4:], ORDER.id, 1, 10, 0, True, b"one")
OWED: Final = replace(
    REFUND,
    cash=Money(2990, "cny"),
    intent_id="pi_1",
    state=RefundState.PENDING,
    owed_at=NOW,
)
PURCHASE: Final = Purchase("store-1", "p-1", MEMBER_ID, Money(100, "cny"), 0, NOW, 1, 100, 0, LATER)
GUESTS: Final = replace(PURCHASE, member_id=None, expires_on=None, claim=Claim(TODAY))
KEY: Final = earning.purchase_key("store-1", "p-1")


def placed(fingerprint: bytes = b"one") -> Add:
    return lambda tx: orders.put_order(tx, replace(ORDER, fingerprint=fingerprint))


def stepped(before: int) -> Add:
    """Replace the order's version by the next."""
    old = replace(ORDER, version=before)
    return lambda tx: orders.replace_order(tx, old, after=replace(old, version=before + 1))


def addressed(tx: Transaction) -> None:
    orders.put_address(tx, ORDER.id, address=ADDRESS)


def given_back(fingerprint: bytes = b"one") -> Add:
    return lambda tx: refunds.put_refund(tx, replace(REFUND, fingerprint=fingerprint))


def owed() -> Add:
    return lambda tx: refunds.put_refund(tx, OWED)


def told(**before: Any) -> Add:
    """Write that the cash is back, judged by the refund as it was, or as it never was."""
    judged = replace(OWED, **before)
    after = replace(judged, state=RefundState.SUCCEEDED, stripe_id="re_1")
    return lambda tx: refunds.replace_refund(tx, judged, after=after)


def bought(purchase: Purchase = PURCHASE) -> Add:
    return lambda tx: earning.put_purchase(tx, purchase, fingerprint=b"one")


def refunded(refund_id: str, amount: int, *, judged: Purchase = PURCHASE) -> Add:
    refund = Refund(refund_id, amount, points=amount, debt=0)
    return lambda tx: earning.put_refund(tx, judged, refund=refund, fingerprint=b"one")


def claimed(*, gone_back: int = 0, days_late: int = 0) -> Add:
    claim = Claim(TODAY, refunded=gone_back, debt_paid=3)
    own = replace(GUESTS, member_id=MEMBER_ID, expires_on=LATER, claim=claim)
    return lambda tx: earning.put_claimed(tx, own, today=TODAY + timedelta(days=days_late))


def a_code(purchase: Purchase) -> Add:
    return lambda tx: earning.put_claim_code(tx, purchase, code="0123456789ABCDEF")


PART: Final = replace(PURCHASE, refunded=40)
AHEAD: Final = replace(PURCHASE, refunded=50)
WRONG: Final = {
    "an order again": Wrong(placed(), Replayed, (placed(),)),
    "another order of its key": Wrong(placed(b"two"), KeyReused, (placed(),)),
    "a step from a version that is gone": Wrong(stepped(1), Moved, (placed(), stepped(1))),
    "a step from a version to come": Wrong(stepped(2), Moved, (placed(),)),
    "a step of no order": Wrong(stepped(1), Contended),
    "a second address": Wrong(addressed, Contended, (addressed,)),
    "a refund of an order again": Wrong(given_back(), Replayed, (given_back(),)),
    "another refund of its key": Wrong(given_back(b"two"), KeyReused, (given_back(),)),
    "a refund told twice": Wrong(told(), Moved, (owed(), told())),
    "a refund told by another attempt": Wrong(told(attempt=2), Moved, (owed(),)),
    "a refund told of another one at Stripe": Wrong(told(stripe_id="re_2"), Moved, (owed(),)),
    "a refund told that nobody owes": Wrong(told(), Contended),
    "an order brought back whose money goes back": Wrong(
        lambda tx: refunds.require_absent(tx, OWED.id), AlreadyOwed, (owed(),)
    ),
    "a purchase again": Wrong(bought(), Replayed, (bought(),)),
    "a code of another purchase": Wrong(
        a_code(replace(GUESTS, purchase_id="p-2")), Contended, (a_code(GUESTS),)
    ),
    "a refund again": Wrong(
        refunded("r", 10, judged=replace(PURCHASE, refunded=10)),
        Replayed,
        (bought(), refunded("r", 10)),
    ),
    "one fen more refunded than paid": Wrong(refunded("r", 101), Moved, (bought(),)),
    "one fen more refunded than is left": Wrong(
        refunded("r-2", 61, judged=PART), Moved, (bought(), refunded("r", 40))
    ),
    "a refund judged before another": Wrong(
        refunded("r-2", 10), Moved, (bought(), refunded("r", 40))
    ),
    "a refund judged by one that never was": Wrong(
        refunded("r-2", 10, judged=AHEAD), Moved, (bought(), refunded("r", 40))
    ),
    "a refund of somebody else's purchase": Wrong(
        refunded("r", 10, judged=replace(PURCHASE, member_id="mem_0000000000")),
        Moved,
        (bought(),),
    ),
    "a refund of a purchase that a later name has": Wrong(
        refunded("r", 10, judged=replace(PURCHASE, member_id="mem_zzzzzzzzzz")),
        Moved,
        (bought(),),
    ),
    "a guest's refund after the claim": Wrong(
        refunded("r", 10, judged=GUESTS), Moved, (bought(GUESTS), claimed())
    ),
    "a member's refund before the claim": Wrong(refunded("r", 10), Moved, (bought(GUESTS),)),
    "a second claim": Wrong(claimed(), Moved, (bought(GUESTS), claimed())),
    "a claim judged before a refund": Wrong(
        claimed(), Moved, (bought(GUESTS), refunded("r", 10, judged=GUESTS))
    ),
    "a claim judged by a refund that never was": Wrong(
        claimed(gone_back=10), Moved, (bought(GUESTS),)
    ),
    "a claim one day too late": Wrong(claimed(days_late=1), Moved, (bought(GUESTS),)),
}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_plan_is_refused_by_the_table(name: str) -> None:
    refused(WRONG[name])


@pytest.mark.usefixtures("table")
def test_an_order_steps_from_version_to_version() -> None:
    handed(placed())
    handed(stepped(1))
    handed(stepped(2))
    assert columns(orders.key_of(ORDER.id), "v") == {"v": 3}


@pytest.mark.usefixtures("table")
def test_refunds_add_up_to_what_was_paid() -> None:
    handed(bought())
    handed(refunded("r", 40))
    handed(refunded("r-2", 60, judged=PART))
    assert columns(KEY, "r") == {"r": 100}


@pytest.mark.usefixtures("table")
def test_a_claim_on_its_last_day_says_whose_it_is_and_what_it_was_judged_by() -> None:
    handed(bought(GUESTS))
    handed(refunded("r", 10, judged=GUESTS))
    handed(claimed(gone_back=10))
    found = earning.purchase_from(row(*KEY))
    assert (found.member_id, found.expires_on) == (MEMBER_ID, LATER)
    assert found.claim == Claim(TODAY, refunded=10, debt_paid=3)
    assert found.refunded == 10

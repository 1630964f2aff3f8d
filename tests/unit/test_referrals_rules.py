"""The rules of referrals, at each edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.members.model import Profile
from chalicelib.ledger.members.rules import contacts, mailbox
from chalicelib.ledger.wallets.rules import new_wallet
from chalicelib.program.documents.model import Activities, Program, Referral
from chalicelib.storage.dates import told_period
from chalicelib.tiers.activities.model import Counter
from chalicelib.tiers.earning.model import Purchase
from chalicelib.tiers.referrals.rules import (
    has_room,
    is_purchase,
    is_refund,
    qualifies,
    referral_counter,
)
from tests.builders import MEMBER_ID, NOW, TODAY

MICROSECOND: Final = timedelta(microseconds=1)


def a_purchase_of(amount: int, *, refunded: int = 0) -> Purchase:
    """Return a purchase of so many fen, of which so many have gone back."""
    money = Money(amount, "cny")
    return Purchase("c", "p", MEMBER_ID, money, refunded, NOW, 0, amount // 100, 0, TODAY)


def with_minimum(minimum: int) -> Program:
    return Program(activities=Activities(referral=Referral(minimum=minimum)))


@pytest.mark.parametrize(
    ("instant", "month"),
    [
        (datetime(2026, 11, 30, 15, 59, 59, 999999, tzinfo=UTC), "m2611"),
        (datetime(2026, 11, 30, 16, tzinfo=UTC), "m2612"),
        (datetime(2028, 2, 29, 15, 59, tzinfo=UTC), "m2802"),
    ],
)
def test_referrals_are_counted_by_the_month_in_which_the_purchase_was_booked(
    instant: datetime, month: str
) -> None:
    counter = referral_counter(MEMBER_ID, program=Program(), booked_at=instant)
    assert (counter.key, counter.most) == ((MEMBER_ID, f"V#referral#{month}"), 3)


def test_a_counter_lies_about_for_thirty_days_and_later_nobody_is_paid_for() -> None:
    ends = datetime(2026, 11, 30, 16, tzinfo=UTC)
    counter = referral_counter(MEMBER_ID, program=Program(), booked_at=ends - MICROSECOND)
    gone = ends + timedelta(days=30)
    assert (counter.resets_at, counter.kept_until) == (ends, gone)
    assert has_room(counter, 2, now=gone - MICROSECOND)
    assert not has_room(counter, 0, now=gone)
    assert not has_room(counter, 3, now=ends)
    assert not has_room(Counter(counter.key, 0, ends), 0, now=ends)


@pytest.mark.parametrize(
    ("amount", "minimum", "is_enough"),
    [(0, 0, False), (1, 0, True), (9_999, 10_000, False), (10_000, 10_000, True)],
)
def test_a_purchase_qualifies_from_the_minimum_on_and_never_of_nothing(
    amount: int, minimum: int, *, is_enough: bool
) -> None:
    program = with_minimum(minimum)
    assert qualifies(a_purchase_of(amount), program) is is_enough
    assert not qualifies(a_purchase_of(amount), replace(program, currency="jpy"))
    # What has gone back by then counts for nothing.
    assert qualifies(a_purchase_of(amount + 1, refunded=1), program) is is_enough


def test_purchases_reported_or_claimed_and_their_refunds_are_heard_of() -> None:
    entries = {
        reason: replace(new_wallet(MEMBER_ID, NOW).entry, reason=reason) for reason in Reason
    }
    assert {reason for reason, entry in entries.items() if is_purchase(entry)} == {
        Reason.PURCHASE,
        Reason.CLAIM,
    }
    assert [reason for reason, entry in entries.items() if is_refund(entry)] == [Reason.REFUND]


def test_contacts_are_what_was_told_of_a_phone_an_address_in_any_case_and_a_device() -> None:
    nobody = Profile(MEMBER_ID, "Lin", None, None, None, "en", None, NOW)
    assert contacts(nobody) == ()
    told = replace(nobody, email="Lin@Example.test", phone="+8613800000001", device="d")
    assert contacts(told) == ("phone +8613800000001", "email lin@example.test", "device d")


@pytest.mark.parametrize(
    ("address", "arrives"),
    [
        ("Gus+1@Example.test", "gus@example.test"),
        ("gus+a+b@example.test", "gus@example.test"),
        ("gus+@example.test", "gus@example.test"),
        ("+1@example.test", "+1@example.test"),
        ("g.us@example.test", "g.us@example.test"),
        ("gus@a+b.test", "gus@a+b.test"),
    ],
)
def test_an_address_is_compared_by_its_mailbox(address: str, arrives: str) -> None:
    assert mailbox(address) == arrives


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("d261121", "2026-11-21"),
        ("m2611", "2026-11"),
        ("w261228", "2026-W53"),
        ("w270104", "2027-W01"),
        ("e", "ever"),
    ],
)
def test_periods_are_told_as_people_write_them(key: str, told: str) -> None:
    assert told_period(key) == told

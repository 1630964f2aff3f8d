"""Corruptions of referrals, each with the invariant that has to see it."""

from __future__ import annotations

from typing import Final

from tests import invariants_referrals as referrals
from tests.mall import id_of
from tests.vandalism import Columns, Plants, alter, drop, items, n, put, remove, s, strip


def times() -> Columns:
    return next(one for one in items("times", "amy") if one["s"]["S"].startswith("V#referral"))


def of(outcome: str) -> Columns:
    return items("referred", "amy", st=outcome)[0]


def bought() -> Columns:
    """Return the purchase that was paid for and kept."""
    name = of("paid")["q"]["S"].replace("/", "#")
    return next(one for one in items("purchase") if one["p"]["S"] == name)


def refer_four() -> None:
    """Count four who were paid for in a month, and have paid for as many."""
    alter(times(), n=n(4))
    for name in ("a", "b"):
        put(of("paid") | {"s": s(f"F#{id_of(name)}")})


PLANTS: Final[Plants] = {
    "a referral of other points than its entry": (
        referrals.referrals_are_paid_once,
        lambda: alter(of("paid"), b=n(501)),
    ),
    "a referral that is gone": (
        referrals.referrals_are_paid_once,
        lambda: remove(of("paid")),
    ),
    "a referral that was not paid, and is told to be": (
        referrals.referrals_are_paid_once,
        lambda: alter(of("closed"), st=s("paid"), b=n(500)),
    ),
    "a referral of somebody whom nobody referred": (
        referrals.referrals_are_paid_once,
        lambda: put(of("closed") | {"s": s(f"F#{id_of('mei')}")}),
    ),
    "a referral by a purchase of somebody else": (
        referrals.referrals_are_paid_once,
        lambda: alter(of("closed"), q=s("store-1/p-0")),
    ),
    "a referral with an outcome of its own": (
        referrals.referrals_are_paid_once,
        lambda: alter(of("closed"), st=s("lost")),
    ),
    "a referral of another day": (
        referrals.referrals_are_paid_once,
        lambda: alter(of("paid"), a=s("2029-01-01T00:00:00.000000Z")),
    ),
    "a referral whose points have no last day": (
        referrals.referrals_are_paid_once,
        lambda: strip(of("paid"), "e"),
    ),
    "a referral that is told to be taken back": (
        referrals.referrals_are_taken_back_where_due,
        lambda: alter(of("paid"), st=s("taken_back")),
    ),
    "a referral that was taken back, and is told to be paid": (
        referrals.referrals_are_taken_back_where_due,
        lambda: alter(of("taken_back"), st=s("paid")),
    ),
    "a referral that was taken back, and is gone": (
        referrals.referrals_are_taken_back_where_due,
        lambda: remove(of("taken_back")),
    ),
    "a purchase that does not name whom it paid": (
        referrals.purchases_name_who_was_paid,
        lambda: strip(bought(), "rf"),
    ),
    "a purchase that names another whom it paid": (
        referrals.purchases_name_who_was_paid,
        lambda: alter(bought(), rf=s(id_of("mei"))),
    ),
    "a newcomer who is not known again": (
        referrals.newcomers_are_known_again,
        lambda: drop("newcomer", 0),
    ),
    "a newcomer who never came": (
        referrals.newcomers_are_known_again,
        lambda: put(items("newcomer")[0] | {"p": s("newcomer#" + "0" * 22)}),
    ),
    "a referral that is not counted": (
        referrals.referrals_are_counted_within_their_cap,
        lambda: alter(times(), n=n(0)),
    ),
    "more referrals than a month allows": (
        referrals.referrals_are_counted_within_their_cap,
        refer_four,
    ),
}

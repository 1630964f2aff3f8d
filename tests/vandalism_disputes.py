"""Corruptions of disputes: of orders nobody paid, of what they took, and of what is left."""

from __future__ import annotations

from typing import Any, Final

from tests import invariants_disputes as disputes
from tests.vandalism import Columns, Plants, alter, change, items, m, n, s
from tests.vandalism_members import REDEEMED, entry

PAID: Final[Columns] = {"ca": n(2990), "cc": s("cny"), "at": n(1), "pi": s("pi_1")}


def mine(**columns: dict[str, Any]) -> None:
    """Change lin's order of two mugs."""
    change("order", 0, "lin", **columns)


def disputed(state: str, **columns: dict[str, Any]) -> None:
    """Say that the payment of that order is disputed."""
    mine(di=s("dp_1"), ds=s(state), **PAID, **columns)


def debt_paid() -> Columns:
    """Return the entry by which zhou paid some of what she owed."""
    return next(found for found in items("entry", "zhou") if "y" in found)


PLANTS: Final[Plants] = {
    "a dispute without a name": (disputes.disputes_are_of_payments, lambda: mine(ds=s("open"))),
    "a dispute in a state that there is not": (
        disputes.disputes_are_of_payments,
        lambda: disputed("closed"),
    ),
    "a dispute of an order without cash": (
        disputes.disputes_are_of_payments,
        lambda: mine(di=s("dp_1"), ds=s("open")),
    ),
    "a dispute that was won and keeps what it took": (
        disputes.disputes_are_of_payments,
        lambda: disputed("won", dd=n(5)),
    ),
    "a dispute that left a debt which no entry tells of": (
        disputes.disputes_and_entries_agree,
        lambda: disputed("open", dd=n(5)),
    ),
    "a dispute that took points which no entry tells of": (
        disputes.disputes_and_entries_agree,
        lambda: disputed("open", dt=m(_281130=5)),
    ),
    "an entry that took points which no dispute tells of": (
        disputes.disputes_and_entries_agree,
        lambda: entry(REDEEMED, k=s("payment_disputed"), g=m(C=200, A=-200)),
    ),
    "a dispute that took points of another date": (
        disputes.disputes_and_entries_agree,
        lambda: _took(m(_281231=200)),
    ),
    "a dispute that took points of an order that nobody used": (
        disputes.only_what_was_used_or_went_back_twice_is_taken,
        lambda: disputed("open", dt=m(_281130=5)),
    ),
    "a lost dispute whose order is kept": (
        disputes.lost_disputes_leave_only_what_was_used,
        lambda: disputed("lost"),
    ),
    "an order that came back by a dispute that nobody lost": (
        disputes.lost_disputes_leave_only_what_was_used,
        lambda: entry(REDEEMED, k=s("dispute_lost")),
    ),
    "a debt that nothing paid": (
        disputes.what_paid_a_debt_is_told,
        lambda: alter(debt_paid(), y=s("never:1")),
    ),
    "points that came in after all though nothing was undone": (
        disputes.what_paid_a_debt_is_told,
        lambda: alter(debt_paid(), w=s("1")),
    ),
}


def _took(dates: dict[str, Any]) -> None:
    """Say that a dispute took lin's points for the mugs, of some dates."""
    entry(REDEEMED, k=s("payment_disputed"), g=m(C=200, A=-200))
    disputed("open", dt=dates)

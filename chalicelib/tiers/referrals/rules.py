"""Which purchase pays for a referral, and how many new members a month are paid for."""

from __future__ import annotations

from datetime import datetime

from chalicelib.kernel.clock import day_of, end_of, end_of_month_after
from chalicelib.ledger.journal.model import Entry, Reason
from chalicelib.program.documents.model import Program
from chalicelib.tiers.activities.model import Counter
from chalicelib.tiers.earning.model import Purchase


def is_purchase(heard: Entry) -> bool:
    """Tell whether an entry is a purchase of its member's, reported or claimed."""
    return heard.reason in {Reason.PURCHASE, Reason.CLAIM}


def is_refund(heard: Entry) -> bool:
    """Tell whether an entry is of money of a purchase that went back."""
    return heard.reason is Reason.REFUND


def qualifies(purchase: Purchase, program: Program) -> bool:
    """Tell whether what is left of a purchase is worth a referral: something, and the minimum."""
    least = max(1, program.activities.referral.minimum)
    return purchase.paid.currency == program.currency and purchase.left >= least


def referral_counter(referrer: str, *, program: Program, booked_at: datetime) -> Counter:
    """Return where it is counted how many new members of a month were paid for."""
    day = day_of(booked_at, program.zone)
    key = (referrer, f"V#referral#m{day:%y%m}")
    most = program.activities.referral.per_month
    return Counter(key, most, end_of(end_of_month_after(day, 0), program.zone))


def has_room(counter: Counter, used: int, *, now: datetime) -> bool:
    """Tell whether one more is paid for in a month whose counter is certain to be there still."""
    return used < counter.most and now < counter.kept_until

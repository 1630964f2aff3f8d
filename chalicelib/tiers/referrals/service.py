"""Paying whoever referred a new member, and taking that back: behind the journal, by what is heard.

The buyer pays nothing for it and waits for nothing. In this order:

1. A purchase is heard of. The new member's profile names the referrer; the settings in force when
   it was booked say what that brings, and what is left of it by now decides whether it counts. One
   transaction puts the new member's item, which is there once, notes the referrer at the purchase
   as long as nothing more has gone back of that, claims the new member's contacts, and pays.
2. A refund is heard of. Its purchase names who was paid, also after the buyer has left. Where less
   is left than had to be paid, one transaction marks the item and takes the points back.

A refund is either booked before the first transaction, which then fails and is judged again, or
heard of after it. The price: a purchase that pays is written once more. A new member is decided
about once, so whoever returns what they bought does not count again with the next purchase.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date

from chalicelib.kernel.errors import NotFound
from chalicelib.ledger.journal.model import Entry, Reason
from chalicelib.ledger.members import service as members
from chalicelib.ledger.members.model import Profile
from chalicelib.ledger.members.rules import contacts
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.rules import expiry_of
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.activities import service as activities
from chalicelib.tiers.earning import service as earning
from chalicelib.tiers.referrals import store
from chalicelib.tiers.referrals.model import Outcome, Referred
from chalicelib.tiers.referrals.rules import (
    has_room,
    is_purchase,
    is_refund,
    qualifies,
    referral_counter,
)


class TooLittle(Exception):
    """Not enough is left of a purchase: the referral stays open for the next one."""


def hear(work: Work, *, heard: Entry) -> None:
    """Hear of any entry, perhaps not for the first time."""
    if is_purchase(heard):
        _reward(work, heard)
    elif is_refund(heard):
        _take_back(work, heard)


def all_of(work: Work, referrer: str) -> list[Referred]:
    """Return everybody whom a member referred, as far as anything came of it."""
    return store.all_of(work, referrer)


def _reward(work: Work, booked: Entry) -> None:
    """Pay whoever referred a member, for the first purchase of theirs that qualifies."""
    profile = members.member(work, booked.member_id, absent=NotFound).profile
    referrer = profile.referred_by
    if referrer is None:
        return
    key = store.referred_key(referrer, booked.member_id)
    opened = wallets.open_wallet(work, referrer, key, absent=NotFound)
    if key in opened.others or opened.wallet.erased:
        return
    then = documents.program_when(work, opened.head, at=booked.at)
    judged = replace(opened, program=then)
    ends = expiry_of(opened.today, then, opened.program)
    [purchase] = earning.find_purchases(work, [booked.refers["purchase"]])

    def attempt(tx: Transaction) -> None:
        newest = earning.latest(tx, purchase)
        if not qualifies(newest, then):
            raise TooLittle
        outcome = _outcome(tx, booked, opened=judged, new=profile)
        told = booked.refers["purchase"]
        referred = Referred(booked.member_id, told, booked.at, outcome, then.version)
        if outcome is Outcome.PAID:
            earning.note_referrer(tx, newest, referrer=referrer)
            _pay(tx, referred, ends=ends, opened=judged, new=profile)
        else:
            store.put_referred(tx, referrer, referred=referred)

    with suppress(Replayed, TooLittle):
        persist(work, attempt)


def _outcome(tx: Transaction, booked: Entry, *, opened: Opened, new: Profile) -> Outcome:
    """Return what comes of a new member, as far as an attempt has seen."""
    program = opened.program
    counter = referral_counter(opened.wallet.member_id, program=program, booked_at=booked.at)
    if any(tx.image(store.newcomer_key(contact)) for contact in contacts(new)):
        return Outcome.KNOWN
    is_paid = has_room(counter, activities.used(tx, counter), now=tx.work.now)
    return Outcome.PAID if is_paid and program.activities.referral.points else Outcome.CLOSED


def _pay(tx: Transaction, referred: Referred, *, ends: date, opened: Opened, new: Profile) -> None:
    """Add that a new member brings points to whoever referred them."""
    program, referrer = opened.program, opened.wallet.member_id
    points = program.activities.referral.points
    posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
    debt_paid = posting.credit(points, ends)
    paid = replace(referred, points=points, debt_paid=debt_paid, expires_on=ends)
    change = posting.close(
        Reason.REFERRAL,
        at=tx.work.now,
        refers={"referred": referred.member_id},
        program_version=program.version,
    )
    store.put_referred(tx, referrer, referred=paid)
    for contact in contacts(new):
        store.put_newcomer(tx, store.newcomer_key(contact))
    activities.count(tx, referral_counter(referrer, program=program, booked_at=referred.at))
    wallets.add(tx, change)


def _take_back(work: Work, returned: Entry) -> None:
    """Take back what a purchase brought to a referrer, where too little is left of it."""
    [purchase] = earning.find_purchases(work, [returned.refers["purchase"]])
    if purchase.referrer is None:
        return
    key = store.referred_key(purchase.referrer, returned.member_id)
    # Of one who was erased nothing is taken, but it is noted.
    opened = wallets.open_wallet(work, purchase.referrer, key, absent=NotFound)
    referred = store.referred_from(opened.others[key])
    then = documents.program_version(work, referred.program_version)
    if referred.outcome is not Outcome.PAID or qualifies(purchase, then):
        return
    with suppress(Replayed):
        persist(work, lambda tx: _claw_back(tx, referred, opened=opened))


def _claw_back(tx: Transaction, referred: Referred, *, opened: Opened) -> None:
    """Add that the points of a referral go back, once: from their own date, soonest, as debt."""
    posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
    posting.claw_back(referred.points, referred.expires_on)
    change = posting.close(
        Reason.REFERRAL_REFUND,
        at=tx.work.now,
        refers={"referred": referred.member_id},
        program_version=referred.program_version,
    )
    store.take_back(tx, opened.wallet.member_id, referred=referred)
    wallets.add(tx, change)

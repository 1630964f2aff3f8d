"""Use of earning: reporting a purchase, refunding it in parts, asking what one would earn.

A purchase and a refund are their own receipts: the same report again finds them, gets its first
answer, and changes nothing. Whether a report came before is asked only when its item is in the way
or something else stands against it, so the common case pays no read for it.

A purchase without a member touches no wallet, and neither does its refund, until somebody claims
it. A refund that meets the claim on its way is judged again, by then of somebody's purchase.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Change, ClawBack
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.rules import channel_of
from chalicelib.settings import settings
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.earning import store
from chalicelib.tiers.earning.model import (
    Claim,
    Earning,
    Line,
    Purchase,
    Question,
    Refund,
    Return,
    Sale,
)
from chalicelib.tiers.earning.rules import (
    CurrencyNotSupported,
    OccurredAtOutOfRange,
    RefundExceedsPurchase,
    claim_code,
    claimable_through,
    clawed_back,
    earn,
    explain,
    fingerprint_of,
    named,
    refuse_currency,
    refuse_other_channel,
    taken_from_claim,
)

AGAINST_PURCHASE: Final = (NotFound, CurrencyNotSupported, OccurredAtOutOfRange)
AGAINST_REFUND: Final = (CurrencyNotSupported, RefundExceedsPurchase)
"""What is refused only to a report that was not booked before."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A purchase with its explanation; `again` when an earlier report had booked it.

    `claim_code` is what a purchase without a member is claimed with.
    """

    purchase: Purchase
    lines: tuple[Line, ...]
    again: bool
    claim_code: str | None


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund; `again` when an earlier report had booked it."""

    refund: Refund
    again: bool


def report(work: Work, sale: Sale, *, client: str, fingerprint: bytes) -> Booked:
    """Book a purchase, once for ever, and return what it earned.

    Raises `Forbidden` for a channel that is not the client's, `PurchaseConflict` for an id that
    was reported otherwise, then `NotFound` for an unknown member, `CurrencyNotSupported`,
    `OccurredAtOutOfRange`.
    """
    try:
        return _book(work, sale, client=client, fingerprint=fingerprint)
    except Replayed as replayed:
        image = replayed.image
    except AGAINST_PURCHASE:
        found = store.find(work, store.purchase_key(sale.channel, sale.purchase_id))
        if found is None:
            raise
        image = found
    store.refuse_other_report(image, fingerprint)
    purchase = store.purchase_from(image)
    program = documents.program_version(work, purchase.program_version)
    lines = explain(program, purchase.paid)
    return Booked(purchase, lines, again=True, claim_code=_claim_code(purchase))


def refund(work: Work, returned: Return, *, client: str) -> Refunded:
    """Take back what the refunded money had earned, once for each refund id.

    Raises `Forbidden` for a channel that is not the client's, `NotFound` for an unknown purchase,
    `PurchaseConflict` for an id that was reported otherwise, then `CurrencyNotSupported`,
    `RefundExceedsPurchase`.
    """
    while True:
        # Once is enough, or twice where somebody claims the purchase in between.
        with suppress(Mistaken):
            return _refund(work, returned, client=client)


def _refund(work: Work, returned: Return, *, client: str) -> Refunded:
    purchase = _purchase_of(work, returned, client=client)
    opened = None if purchase.member_id is None else wallets.open_wallet(work, purchase.member_id)
    program = documents.present(work) if opened is None else opened.program
    refuse_other_channel(program, client, channel=returned.channel)
    try:
        return Refunded(_take_back(work, returned, purchase=purchase, opened=opened), again=False)
    except Replayed as replayed:
        image = replayed.image
    except AGAINST_REFUND:
        found = store.find(work, store.refund_key(purchase, returned.refund_id))
        if found is None:
            raise
        image = found
    store.refuse_other_report(image, fingerprint_of(purchase, returned))
    return Refunded(store.refund_from(image), again=True)


def quote_to_member(work: Work, asked: Question, *, member_id: str) -> Earning:
    """Return what a purchase would earn its asker, a member; another member is nobody to them."""
    opened = wallets.open_wallet(work, member_id)
    if asked.member_id not in (None, member_id):
        raise NotFound
    occurred_at = asked.occurred_at or work.now
    return earn(opened.program, asked.paid, occurred_at=occurred_at, now=work.now)


def quote_to_channel(work: Work, asked: Question, *, client: str) -> Earning:
    """Return what a purchase at a channel would earn, for a member or for anybody.

    Raises `Forbidden` for a channel that is not the client's.
    """
    opened = None if asked.member_id is None else _opened(work, asked.member_id)
    program = documents.present(work) if opened is None else opened.program
    refuse_other_channel(program, client, channel=asked.channel or channel_of(program, client))
    if asked.member_id is not None and opened is None:
        raise NotFound
    return earn(program, asked.paid, occurred_at=asked.occurred_at or work.now, now=work.now)


def latest(tx: Transaction, purchase: Purchase) -> Purchase:
    """Return the purchase that a lost compare-and-swap showed, or the one that was read."""
    return store.latest(tx, purchase)


def claim_key(code: str) -> Key:
    """Return where it stands which purchase a claim code is of."""
    return store.claim_key(code)


def purchase_behind(work: Work, raw: RawItem) -> Purchase:
    """Return the purchase that the item of a claim code names."""
    return store.purchase_from(store.find_claimed(work, raw))


def hand_over(tx: Transaction, purchase: Purchase, *, today: date) -> None:
    """Add whose a purchase is from now on, and what its claim brought."""
    store.put_claimed(tx, purchase, today=today)


def _book(work: Work, sale: Sale, *, client: str, fingerprint: bytes) -> Booked:
    opened = None if sale.member_id is None else _opened(work, sale.member_id)
    program = documents.present(work) if opened is None else opened.program
    refuse_other_channel(program, client, channel=sale.channel)
    if sale.member_id is not None and opened is None:
        raise NotFound
    occurred_at = sale.occurred_at or work.now
    earned = earn(program, sale.paid, occurred_at=occurred_at, now=work.now)
    purchase = Purchase(
        channel=sale.channel,
        purchase_id=sale.purchase_id,
        member_id=sale.member_id,
        paid=sale.paid,
        refunded=0,
        occurred_at=occurred_at,
        program_version=program.version,
        points=earned.points,
        debt_paid=0,
        expires_on=earned.expires_on,
    )
    if opened is None:
        through = claimable_through(day_of(work.now, program.zone))
        guests = replace(purchase, expires_on=None, claim=Claim(through))
        attempt = partial(_put_guests, purchase=guests, fingerprint=fingerprint)
    else:
        attempt = partial(_put_members, purchase=purchase, opened=opened, fingerprint=fingerprint)
    booked = persist(work, attempt)
    return Booked(booked, earned.lines, again=False, claim_code=_claim_code(booked))


def _put_members(
    tx: Transaction, *, purchase: Purchase, opened: Opened, fingerprint: bytes
) -> Purchase:
    """Add a member's purchase and its points."""
    assert purchase.expires_on is not None, purchase
    posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
    debt_paid = posting.credit(purchase.points, purchase.expires_on)
    change = posting.close(
        Reason.PURCHASE,
        at=tx.work.now,
        refers={"purchase": named(purchase)},
        program_version=purchase.program_version,
    )
    booked = replace(purchase, debt_paid=debt_paid)
    store.put_purchase(tx, booked, fingerprint=fingerprint)
    wallets.add(tx, change)
    return booked


def _put_guests(tx: Transaction, *, purchase: Purchase, fingerprint: bytes) -> Purchase:
    """Add a purchase without a member, and what its claim code is found by."""
    store.put_purchase(tx, purchase, fingerprint=fingerprint)
    store.put_claim_code(tx, purchase, code=claim_code(settings().secret, purchase))
    return purchase


def _claim_code(purchase: Purchase) -> str | None:
    """Return the code of a purchase that was reported without a member."""
    return None if purchase.claim is None else claim_code(settings().secret, purchase)


def _take_back(
    work: Work, returned: Return, *, purchase: Purchase, opened: Opened | None
) -> Refund:
    refuse_currency(purchase, returned)
    program = documents.program_version(work, purchase.program_version)
    fingerprint = fingerprint_of(purchase, returned)

    def attempt(tx: Transaction) -> Refund:
        newest = store.latest(tx, purchase)
        if newest.member_id != purchase.member_id:
            raise Mistaken
        points = clawed_back(program, newest, amount=returned.amount)
        if opened is None:
            points = taken_from_claim(program, newest, points=points, now=work.now)
            change, taken = None, ClawBack(points, 0)
        else:
            change, taken = _claw_back(tx, returned, purchase=newest, opened=opened, points=points)
        refund = Refund(returned.refund_id, returned.amount, taken.points, taken.debt)
        store.put_refund(tx, newest, refund=refund, fingerprint=fingerprint)
        if change is not None:
            wallets.add(tx, change)
        return refund

    return persist(work, attempt)


def _claw_back(
    tx: Transaction, returned: Return, *, purchase: Purchase, opened: Opened, points: int
) -> tuple[Change, ClawBack]:
    posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
    taken = posting.claw_back(points, purchase.expires_on)
    change = posting.close(
        Reason.REFUND,
        at=tx.work.now,
        refers={"purchase": named(returned), "refund": returned.refund_id},
        program_version=purchase.program_version,
    )
    return change, taken


def _opened(work: Work, member_id: str) -> Opened | None:
    """Return a member's wallet with the program, or None where there is no such member."""
    try:
        return wallets.open_wallet(work, member_id, absent=NotFound)
    except NotFound:
        return None


def _purchase_of(work: Work, returned: Return, *, client: str) -> Purchase:
    """Return the purchase that a refund is of; to another channel's client it is forbidden."""
    channel, purchase_id = returned.channel, returned.purchase_id
    if GIVEN_NAME.fullmatch(channel) and GIVEN_NAME.fullmatch(purchase_id):
        found = store.find(work, store.purchase_key(channel, purchase_id))
        if found is not None:
            return store.purchase_from(found)
    refuse_other_channel(documents.present(work), client, channel=channel)
    raise NotFound

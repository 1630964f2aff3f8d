"""Use of earning: reporting a purchase, refunding it in parts, asking what one would earn.

A purchase and a refund are their own receipts: the same report again finds them, gets its first
answer, and changes nothing. Whether a report came before is asked only when its item is in the way
or something else stands against it, so the common case pays no read for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.rules import channel_of
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.earning import store
from chalicelib.tiers.earning.model import Earning, Line, Purchase, Question, Refund, Return, Sale
from chalicelib.tiers.earning.rules import (
    CurrencyNotSupported,
    OccurredAtOutOfRange,
    RefundExceedsPurchase,
    clawed_back,
    earn,
    explain,
    fingerprint_of,
    refuse_currency,
    refuse_other_channel,
)

AGAINST_PURCHASE: Final = (NotFound, CurrencyNotSupported, OccurredAtOutOfRange)
AGAINST_REFUND: Final = (CurrencyNotSupported, RefundExceedsPurchase)
"""What is refused only to a report that was not booked before."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A purchase with its explanation; `again` when an earlier report had booked it."""

    purchase: Purchase
    lines: tuple[Line, ...]
    again: bool


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
    return Booked(purchase, explain(program, purchase.paid), again=True)


def refund(work: Work, returned: Return, *, client: str) -> Refunded:
    """Take back what the refunded money had earned, once for each refund id.

    Raises `Forbidden` for a channel that is not the client's, `NotFound` for an unknown purchase,
    `PurchaseConflict` for an id that was reported otherwise, then `CurrencyNotSupported`,
    `RefundExceedsPurchase`.
    """
    purchase = _purchase_of(work, returned, client=client)
    opened = wallets.open_wallet(work, purchase.member_id)
    refuse_other_channel(opened.program, client, channel=returned.channel)
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


def _book(work: Work, sale: Sale, *, client: str, fingerprint: bytes) -> Booked:
    opened = _opened(work, sale.member_id)
    program = documents.present(work) if opened is None else opened.program
    refuse_other_channel(program, client, channel=sale.channel)
    if opened is None:
        raise NotFound
    occurred_at = sale.occurred_at or work.now
    earned = earn(program, sale.paid, occurred_at=occurred_at, now=work.now)

    def attempt(tx: Transaction) -> Purchase:
        posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
        debt_paid = posting.credit(earned.points, earned.expires_on)
        change = posting.close(
            Reason.PURCHASE,
            at=work.now,
            refers={"purchase": _name(sale)},
            program_version=program.version,
        )
        purchase = Purchase(
            channel=sale.channel,
            purchase_id=sale.purchase_id,
            member_id=sale.member_id,
            paid=sale.paid,
            refunded=0,
            occurred_at=occurred_at,
            program_version=program.version,
            points=earned.points,
            debt_paid=debt_paid,
            expires_on=earned.expires_on,
        )
        store.put_purchase(tx, purchase, fingerprint=fingerprint)
        wallets.add(tx, change)
        return purchase

    return Booked(persist(work, attempt), earned.lines, again=False)


def _take_back(work: Work, returned: Return, *, purchase: Purchase, opened: Opened) -> Refund:
    refuse_currency(purchase, returned)
    program = documents.program_version(work, purchase.program_version)
    fingerprint = fingerprint_of(purchase, returned)

    def attempt(tx: Transaction) -> Refund:
        newest = store.latest(tx, purchase)
        points = clawed_back(program, newest, amount=returned.amount)
        posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
        taken = posting.claw_back(points, newest.expires_on)
        change = posting.close(
            Reason.REFUND,
            at=work.now,
            refers={"purchase": _name(returned), "refund": returned.refund_id},
            program_version=program.version,
        )
        refund = Refund(returned.refund_id, returned.amount, taken.points, taken.debt)
        store.put_refund(tx, newest, refund=refund, fingerprint=fingerprint)
        wallets.add(tx, change)
        return refund

    return persist(work, attempt)


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


def _name(reported: Sale | Return) -> str:
    """Return a purchase as the journal names it: its path behind `/purchases/`."""
    return f"{reported.channel}/{reported.purchase_id}"

"""Use of earning: reporting a purchase, and refunding it in parts.

A purchase and a refund are their own receipts: the same report again finds them, gets its first
answer, and changes nothing. Whether a report came before is asked only when its item is in the way
or something else stands against it, so the common case pays no read for it.

A purchase without a member touches no wallet, and neither does its refund, until somebody claims
it. A refund that meets the claim on its way is judged again, by then of somebody's purchase.

What a purchase is given `tiers.judging` says, and it keeps that for its replay, refunds and claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.ids import GIVEN_NAME
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.model import Change, ClawBack, Lots
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.model import Program
from chalicelib.settings import settings
from chalicelib.storage.head import Head, read_head
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction, persist
from chalicelib.storage.work import Patience, Work
from chalicelib.tiers.campaigns.model import Basket
from chalicelib.tiers.earning import store
from chalicelib.tiers.earning.model import Booked, Purchase, Refund, Refunded, Return, Sale
from chalicelib.tiers.earning.rules import (
    CurrencyNotSupported,
    OccurredAtOutOfRange,
    RefundExceedsPurchase,
    booked_as,
    claim_code,
    clawed_back,
    credit,
    fingerprint_of,
    named,
    refuse_currency,
    refuse_other_channel,
    refuse_unearnable,
    taken_from_claim,
    told_on,
)
from chalicelib.tiers.judging import service as judging
from chalicelib.tiers.judging.model import Case, Judgement
from chalicelib.tiers.judging.rules import explain
from chalicelib.tiers.judging.service import Granted

AGAINST_PURCHASE: Final = (NotFound, CurrencyNotSupported, OccurredAtOutOfRange)
AGAINST_REFUND: Final = (CurrencyNotSupported, RefundExceedsPurchase)
"""What is refused only to a report that was not booked before."""


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
    return _told(purchase, judging.judgement_of(work, purchase.kept), again=True)


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
    opened = None
    if purchase.member_id is not None:
        # Of one who was erased nothing is taken, but it is booked.
        opened = wallets.open_wallet(work, purchase.member_id, absent=NotFound)
    program = documents.present(work) if opened is None else opened.program
    refuse_other_channel(program, client, channel=returned.channel)
    try:
        taken = _take_back(work, returned, purchase=purchase, opened=opened, zone=program.zone)
        return Refunded(taken, again=False)
    except Replayed as replayed:
        image = replayed.image
    except AGAINST_REFUND:
        found = store.find(work, store.refund_key(purchase, returned.refund_id))
        if found is None:
            raise
        image = found
    store.refuse_other_report(image, fingerprint_of(purchase, returned))
    return Refunded(store.refund_from(image), again=True)


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


def note_referrer(tx: Transaction, purchase: Purchase, *, referrer: str) -> None:
    """Add who is paid for the new member who bought this, if no more has gone back than is told."""
    store.put_referrer(tx, purchase, referrer=referrer)


def case_of(work: Work, sale: Sale, *, head: Head, program: Program) -> Case:
    """Return a purchase with the rules of its instant; `program` are the settings of now.

    Raises `CurrencyNotSupported`, `OccurredAtOutOfRange`.
    """
    at = sale.occurred_at or work.now
    basket = Basket(
        paid=sale.paid,
        at=at,
        day=day_of(at, program.zone),
        channel=sale.channel,
        member_id=sale.member_id,
        amounts=sale.amounts,
    )
    case = judging.case_of(work, basket, head=head, told=sale.occurred_at)
    currencies = (program.currency, case.program.currency)
    refuse_unearnable(sale.paid, currencies=currencies, occurred_at=at, now=work.now)
    return case


def open_sale(work: Work, member_id: str | None) -> tuple[Head, Program, Opened | None]:
    """Return the settings of now, and a member's wallet where there is one, as of one read."""
    with suppress(NotFound):
        opened = wallets.open_wallet(work, member_id or "", absent=NotFound)
        if not opened.wallet.erased:
            return opened.head, opened.program, opened
    head = read_head(work)
    return head, documents.program_at(work, head), None


def find_purchases(work: Work, names: Sequence[str]) -> list[Purchase]:
    """Return the purchases that journal entries name: `channel/purchase`, in their order."""
    return store.find_purchases(work, names)


def find_refunds(work: Work, names: Sequence[tuple[str, ...]]) -> dict[tuple[str, str], Refund]:
    """Return refunds by how journal entries name them: their purchase, and their own id."""
    return store.find_refunds(work, names)


def _book(work: Work, sale: Sale, *, client: str, fingerprint: bytes) -> Booked:
    head, program, opened = open_sale(work, sale.member_id)
    refuse_other_channel(program, client, channel=sale.channel)
    if sale.member_id is not None and opened is None:
        raise NotFound
    case = case_of(work, sale, head=head, program=program)
    key = store.purchase_key(sale.channel, sale.purchase_id)
    patience = Patience(work)
    while True:
        granted = judging.grant(work, case, purchase=key)
        purchase = booked_as(sale, case, judgement=granted.judgement, program=program, now=work.now)
        put = _Put(case, granted, purchase, opened, fingerprint)
        # Again where the member got more of a campaign meanwhile, as another purchase was booked.
        with suppress(Mistaken), judging.released(granted):
            return _told(persist(work, put.attempt), granted.judgement, again=False)
        patience.again(overtaken=True)


@dataclass(frozen=True, slots=True)
class _Put:
    """A purchase that is about to be booked, once for each attempt."""

    case: Case
    granted: Granted
    purchase: Purchase
    opened: Opened | None
    fingerprint: bytes

    def attempt(self, tx: Transaction) -> Purchase:
        """Add the purchase and its points, or what the claim code of a guest's is found by."""
        if self.opened is None:
            self._put(tx, self.purchase)
            code = claim_code(settings().secret, self.purchase)
            store.put_claim_code(tx, self.purchase, code=code)
            return self.purchase
        posting = Posting(wallets.latest(tx, self.opened.wallet), self.opened.today)
        debt_paid = credit(posting, self.purchase, judgement=self.granted.judgement)
        change = posting.close(
            Reason.PURCHASE,
            at=tx.work.now,
            refers={"purchase": named(self.purchase)},
            program_version=self.purchase.program_version,
        )
        booked = replace(self.purchase, debt_paid=debt_paid)
        self._put(tx, booked)
        judging.count(tx, self.granted, basket=self.case.basket)
        wallets.add(tx, change)
        return booked

    def _put(self, tx: Transaction, purchase: Purchase) -> None:
        store.put_purchase(tx, purchase, fingerprint=self.fingerprint, mark=self.granted.mark)


def _told(purchase: Purchase, judgement: Judgement, *, again: bool) -> Booked:
    """Return a purchase as it is told; one that was reported without a member has a code."""
    code = None if purchase.claim is None else claim_code(settings().secret, purchase)
    lines = explain(judgement, booked_on=told_on(purchase))
    return Booked(purchase, lines, again=again, claim_code=code)


def _take_back(
    work: Work, returned: Return, *, purchase: Purchase, opened: Opened | None, zone: str
) -> Refund:
    refuse_currency(purchase, returned)
    judgement = judging.judgement_of(work, purchase.kept)
    fingerprint = fingerprint_of(purchase, returned)

    def attempt(tx: Transaction) -> Refund:
        newest = store.latest(tx, purchase)
        if newest.member_id != purchase.member_id:
            raise Mistaken
        lots = clawed_back(judgement, newest, amount=returned.amount)
        if opened is None:
            points = sum(lot.points for lot in lots)
            today = day_of(work.now, zone)
            change, taken = None, ClawBack(taken_from_claim(newest, points=points, today=today), 0)
        else:
            change, taken = _claw_back(tx, returned, purchase=newest, opened=opened, lots=lots)
        refund = Refund(returned.refund_id, returned.amount, taken.points, taken.debt)
        store.put_refund(tx, newest, refund=refund, fingerprint=fingerprint)
        if change is not None:
            wallets.add(tx, change)
        return refund

    return persist(work, attempt)


def _claw_back(
    tx: Transaction, returned: Return, *, purchase: Purchase, opened: Opened, lots: Lots
) -> tuple[Change, ClawBack]:
    posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
    taken = [posting.claw_back(lot.points, lot.expires_on) for lot in lots]
    change = posting.close(
        Reason.REFUND,
        at=tx.work.now,
        refers={"purchase": named(returned), "refund": returned.refund_id},
        program_version=purchase.program_version,
    )
    return change, ClawBack(sum(t.points for t in taken), sum(t.debt for t in taken))


def _purchase_of(work: Work, returned: Return, *, client: str) -> Purchase:
    """Return the purchase that a refund is of; to another channel's client it is forbidden."""
    channel, purchase_id = returned.channel, returned.purchase_id
    if GIVEN_NAME.fullmatch(channel) and GIVEN_NAME.fullmatch(purchase_id):
        found = store.find(work, store.purchase_key(channel, purchase_id))
        if found is not None:
            return store.purchase_from(found)
    refuse_other_channel(documents.present(work), client, channel=channel)
    raise NotFound

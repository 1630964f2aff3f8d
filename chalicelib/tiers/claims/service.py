"""Claiming a purchase: read, decide, write once.

One batch reads the program, the wallet, the receipt, and what the code is of; then the purchase is
read. In this order: an earlier claim by the same request is told again, spent tries are refused, a
code of nothing counts as a wrong try, and the purchase is judged. One transaction writes the
receipt, the purchase with its member, the wallet and its entry.

A refund or somebody else's claim that comes in between makes the transaction fail, and the purchase
is judged again by the image that it returned.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chalicelib.kernel.errors import NotFound
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.documents.rules import expiry_of
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.receipts import (
    Request,
    put_receipt,
    replayed_or_reused,
    unless_carried_out,
)
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.tries import TryLimit, count_wrong_try, refuse_if_spent
from chalicelib.storage.work import Work
from chalicelib.tiers.claims.model import Claimed
from chalicelib.tiers.claims.rules import explain_claim, refuse_claim
from chalicelib.tiers.earning import service as earning
from chalicelib.tiers.earning.model import Purchase
from chalicelib.tiers.earning.rules import credit, named
from chalicelib.tiers.judging import service as judging
from chalicelib.tiers.judging.model import Judgement
from chalicelib.tiers.judging.rules import has_own_dates, worth

CLAIM_TRIES: Final = TryLimit("claim", tries_max=10, seconds=3600)
"""Ten wrong tries an hour and member (the rules of the program)."""


def claim(work: Work, request: Request, *, code: str) -> Claimed:
    """Bring the points of a purchase without a member to whoever has its code, once.

    Raises `NotEnrolled`, `KeyReused`, `TooMany`, `NotFound` for a code of nothing, which counts as
    a wrong try, `AlreadyClaimed`, `ClaimExpired`.
    """
    try:
        with unless_carried_out(work, request.receipt, fingerprint=request.fingerprint):
            purchase = _claim_once(work, request, code=code)
    except Replayed:
        return _told_again(work, code=code)
    return _told(work, purchase, replayed=False)


def _claim_once(work: Work, request: Request, *, code: str) -> Purchase:
    key = earning.claim_key(code)
    opened = wallets.open_wallet(work, request.member_id, request.receipt, key)
    if request.receipt in opened.others:
        raise replayed_or_reused(request.fingerprint)(opened.others[request.receipt])
    refuse_if_spent(work, CLAIM_TRIES, caller=request.member_id)
    if key not in opened.others:
        count_wrong_try(work, CLAIM_TRIES, caller=request.member_id)
        raise NotFound
    purchase = earning.purchase_behind(work, opened.others[key])
    judgement = judging.judgement_of(work, purchase.kept)

    def attempt(tx: Transaction) -> Purchase:
        newest = earning.latest(tx, purchase)
        refuse_claim(newest, opened.today)
        put_receipt(tx, request.receipt, fingerprint=request.fingerprint)
        return _bring(tx, newest, opened=opened, judgement=judgement)

    return persist(work, attempt)


def _bring(
    tx: Transaction, purchase: Purchase, *, opened: Opened, judgement: Judgement
) -> Purchase:
    """Add a purchase's member and points, and return it as it is then."""
    assert purchase.claim is not None, purchase
    dated = replace(
        purchase,
        member_id=opened.wallet.member_id,
        expires_on=expiry_of(opened.today, judgement.program, opened.program),
        booked_on=opened.today if has_own_dates(judgement) else None,
    )
    posting = Posting(wallets.latest(tx, opened.wallet), opened.today)
    debt_paid = credit(posting, dated, judgement=judgement)
    change = posting.close(
        Reason.CLAIM,
        at=tx.work.now,
        refers={"purchase": named(purchase)},
        program_version=purchase.program_version,
    )
    claim = replace(purchase.claim, refunded=purchase.refunded, debt_paid=debt_paid)
    claimed = replace(dated, claim=claim)
    earning.hand_over(tx, claimed, today=opened.today)
    wallets.add(tx, change)
    return claimed


def _told_again(work: Work, *, code: str) -> Claimed:
    key = earning.claim_key(code)
    found = fetch_raw(work, [key])
    return _told(work, earning.purchase_behind(work, found[key]), replayed=True)


def _told(work: Work, purchase: Purchase, *, replayed: bool) -> Claimed:
    """Return what a claim brought, by what the purchase keeps of it."""
    judgement = judging.judgement_of(work, purchase.kept)
    claimed, expires_on = purchase.claim, purchase.expires_on
    assert claimed is not None, purchase
    assert expires_on is not None, purchase
    points = worth(judgement, left=purchase.paid.amount - claimed.refunded)
    return Claimed(
        points=points,
        lines=explain_claim(judgement, refunded=claimed.refunded, booked_on=purchase.booked_on),
        debt_paid=claimed.debt_paid,
        expires_on=expires_on if points else None,
        replayed=replayed,
    )

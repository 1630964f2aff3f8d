"""Which reports are taken, what refunds take back, and the codes of guests: pure and exact.

What a purchase earns is judged by `tiers.judging`. A refund takes back the difference between what
the purchase was still worth before it and what it is worth after it, date by date, so the steps of
any sequence of refunds add up to the one step of their sum, and a claim in between changes nothing
of that.

A purchase without a member gets a claim code, which is derived from its ids and needs no storage
of its own::

    16 characters of Crockford's base 32 (80 bits) of HMAC-SHA256(secret, channel/purchase)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from chalicelib.kernel.clock import day_of, told_instant
from chalicelib.kernel.errors import Conflict, Forbidden, RuleRefusal
from chalicelib.kernel.ids import keyed_digest
from chalicelib.kernel.money import Money
from chalicelib.ledger.wallets.model import Lot, Lots
from chalicelib.ledger.wallets.rules import Posting
from chalicelib.program.documents.model import Program
from chalicelib.program.documents.rules import channel_of, expiry_of
from chalicelib.tiers.earning.model import Claim, Purchase, Return, Sale
from chalicelib.tiers.judging.model import Case, Judgement
from chalicelib.tiers.judging.rules import has_own_dates, parts, worth

AHEAD_MAX: Final = timedelta(minutes=5)
"""How far a till's clock may run ahead (the rules of the program)."""
AGE_MAX: Final = timedelta(days=30)
"""How late a purchase may be reported (the rules of the program)."""
CLAIM_DAYS: Final = 30
"""Days after the booking day through which a purchase can be claimed (the rules of the program)."""
CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 for people: no I, L, O, which look like digits, and no U."""
CODE_CHARS: Final = 16
"""80 bits (the rules of the program): at 10 wrong tries an hour nobody guesses one."""


class PurchaseConflict(Conflict):
    """The id was reported before with something else."""

    code = "purchase_conflict"
    en = "This id was already reported with different facts."
    zh = "该编号此前已以不同的内容上报。"


class CurrencyNotSupported(RuleRefusal):
    """Another currency than the program's, or than the purchase's for its refund."""

    code = "currency_not_supported"
    en = "Only {currency} is accepted here."
    zh = "此处仅接受 {currency}。"


class OccurredAtOutOfRange(RuleRefusal):
    """The purchase lies in the future, or too far in the past."""

    code = "occurred_at_out_of_range"
    en = "Only purchases of the last {days} days can be reported, at most {minutes} minutes ahead."
    zh = "只能上报最近 {days} 天内的消费，时间最多可超前 {minutes} 分钟。"


class RefundExceedsPurchase(RuleRefusal):
    """More than what is left of the purchase."""

    code = "refund_exceeds_purchase"
    en = "At most {refundable} minor units of {currency} of this purchase can still be refunded."
    zh = "此笔消费最多还可退款 {refundable}（{currency} 最小货币单位）。"


def refuse_other_channel(program: Program, client: str, *, channel: str) -> None:
    """Raise `Forbidden` when a client reports for a channel that is not its own."""
    if channel_of(program, client) != channel:
        raise Forbidden


def refuse_unearnable(
    paid: Money, *, currencies: Sequence[str], occurred_at: datetime, now: datetime
) -> None:
    """Raise `CurrencyNotSupported` or `OccurredAtOutOfRange` for what earns nothing.

    Taken is the currency of now, which is named first, and that of when it happened; both edges of
    the range count as in.
    """
    if paid.currency not in currencies:
        raise CurrencyNotSupported(currency=currencies[0])
    if not now - AGE_MAX <= occurred_at <= now + AHEAD_MAX:
        raise OccurredAtOutOfRange(
            earliest=told_instant(now - AGE_MAX),
            latest=told_instant(now + AHEAD_MAX),
            days=AGE_MAX.days,
            minutes=AHEAD_MAX // timedelta(minutes=1),
        )


def booked_as(
    sale: Sale, case: Case, *, judgement: Judgement, program: Program, now: datetime
) -> Purchase:
    """Return a purchase as it is booked now, by the settings of now and those that judged it.

    The points of a guest's have no date yet.
    """
    today = day_of(now, case.zone)
    guests = sale.member_id is None
    return Purchase(
        channel=sale.channel,
        purchase_id=sale.purchase_id,
        member_id=sale.member_id,
        paid=sale.paid,
        refunded=0,
        occurred_at=case.basket.at,
        program_version=case.program.version,
        points=worth(judgement, left=sale.paid.amount),
        debt_paid=0,
        expires_on=None if guests else expiry_of(today, case.program, program),
        claim=Claim(claimable_through(today)) if guests else None,
        campaigns_version=judgement.campaigns_version,
        given=judgement.kept(),
        matched=judgement.matched(),
        booked_on=today if has_own_dates(judgement) and not guests else None,
    )


def told_on(purchase: Purchase) -> date | None:
    """Return the day from which the answer to a report counts dates of campaigns' own.

    None for a guest's purchase, after its claim too: the same report gets the same answer.
    """
    return None if purchase.claim is not None else purchase.booked_on


def credit(posting: Posting, purchase: Purchase, *, judgement: Judgement) -> int:
    """Bring what is left of a purchase into its member's wallet; return how much paid debt."""
    lots = _lots(judgement, purchase, left=purchase.left)
    return sum(posting.credit(lot.points, lot.expires_on) for lot in lots)


def claimable_through(today: date) -> date:
    """Return the last day on which a purchase that is booked today can be claimed."""
    return today + timedelta(days=CLAIM_DAYS)


def claim_code(secret: bytes, reported: Sale | Purchase) -> str:
    """Return the code of a purchase without a member; the same report gives the same again."""
    digest = keyed_digest(secret, purpose="claim", message=named(reported))
    number = int.from_bytes(digest[: CODE_CHARS * 5 // 8], "big")
    places = range(CODE_CHARS - 1, -1, -1)
    return "".join(CROCKFORD[number >> 5 * place & 31] for place in places)


def named(reported: Sale | Return | Purchase) -> str:
    """Return a purchase as the journal names it: its path behind `/purchases/`."""
    return f"{reported.channel}/{reported.purchase_id}"


def clawed_back(judgement: Judgement, purchase: Purchase, *, amount: int) -> Lots:
    """Return the points that a further refund takes back, by the dates that they have.

    Raises `RefundExceedsPurchase` when less than the amount is left of the purchase.
    """
    if amount > purchase.left:
        raise RefundExceedsPurchase(refundable=purchase.left, currency=purchase.paid.currency)
    before = _lots(judgement, purchase, left=purchase.left)
    remaining = _lots(judgement, purchase, left=purchase.left - amount)
    after = {lot.expires_on: lot.points for lot in remaining}
    return tuple(Lot(lot.expires_on, lot.points - after.get(lot.expires_on, 0)) for lot in before)


def _lots(judgement: Judgement, purchase: Purchase, *, left: int) -> Lots:
    """Return what so much of a purchase is worth, by date; what is nobody's has none yet."""
    return parts(
        judgement,
        left=left,
        expires_on=purchase.expires_on or date.max,
        booked_on=purchase.booked_on or date.min,
    )


def taken_from_claim(purchase: Purchase, *, points: int, today: date) -> int:
    """Return the points that a refund takes from a claim that is still to come.

    None once it is too late for one, as nothing is taken of points that have expired.
    """
    assert purchase.claim is not None, purchase
    return points if today <= purchase.claim.through else 0


def refuse_currency(purchase: Purchase, returned: Return) -> None:
    """Raise `CurrencyNotSupported` when a refund names another currency than its purchase."""
    if returned.currency not in (None, purchase.paid.currency):
        raise CurrencyNotSupported(currency=purchase.paid.currency)


def fingerprint_of(purchase: Purchase, returned: Return) -> bytes:
    """Return what makes two reports of a refund the same: its ids and its amount of money.

    The currency is filled in first, so that both forms of an amount count alike.
    """
    currency = returned.currency or purchase.paid.currency
    ids = [returned.channel, returned.purchase_id, returned.refund_id]
    told = json.dumps([*ids, returned.amount, currency], separators=(",", ":"))
    return hashlib.sha256(told.encode()).digest()

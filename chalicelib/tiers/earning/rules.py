"""What a purchase earns and what its refunds take back: pure, exact, and told in sentences.

Points are whole currency units paid times the program's rate. A refund takes back the difference
between what the purchase was still worth before it and what it is worth after it, so the steps
of any sequence of refunds add up to the one step of their sum, and a claim in between changes
nothing of that.

A purchase without a member gets a claim code, which is derived from its ids and needs no storage
of its own::

    16 characters of Crockford's base 32 (80 bits) of HMAC-SHA256(secret, channel/purchase)
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from chalicelib.kernel.clock import day_of, end_of_month_after, rfc3339
from chalicelib.kernel.errors import Conflict, Forbidden, RuleRefusal
from chalicelib.kernel.ids import keyed_digest
from chalicelib.kernel.money import MINOR_DIGITS, Money
from chalicelib.program.documents.model import Program
from chalicelib.program.documents.rules import channel_of
from chalicelib.tiers.earning.model import Earning, Line, Purchase, Return, Sale

AHEAD_MAX: Final = timedelta(minutes=5)
"""How far a till's clock may run ahead (the rules of the program)."""
AGE_MAX: Final = timedelta(days=30)
"""How late a purchase may be reported (the rules of the program)."""
BASIC: Final = "basic"
"""Everybody's standing until there is a ladder."""
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
    en = "A purchase made between {earliest} and {latest} can be reported now."
    zh = "目前只能上报发生在 {earliest} 至 {latest} 之间的消费。"


class RefundExceedsPurchase(RuleRefusal):
    """More than what is left of the purchase."""

    code = "refund_exceeds_purchase"
    en = "At most {refundable} minor units of {currency} of this purchase can still be refunded."
    zh = "此笔消费最多还可退款 {refundable}（{currency} 最小货币单位）。"


@dataclass(frozen=True, slots=True)
class Words:
    """How a currency is written: its sign, and one whole unit in each language."""

    sign: str
    en: str
    zh: str


WORDS: Final = {
    "cny": Words("¥", "yuan", "元"),
    "usd": Words("$", "dollar", "美元"),
    "eur": Words("€", "euro", "欧元"),
    "gbp": Words("£", "pound", "英镑"),
    "hkd": Words("HK$", "Hong Kong dollar", "港元"),
    "jpy": Words("JP¥", "yen", "日元"),
    "kwd": Words("KD ", "dinar", "科威特第纳尔"),
}
"""Every currency of `MINOR_DIGITS`."""


def refuse_other_channel(program: Program, client: str, *, channel: str) -> None:
    """Raise `Forbidden` when a client reports for a channel that is not its own."""
    if channel_of(program, client) != channel:
        raise Forbidden


def earn(program: Program, paid: Money, *, occurred_at: datetime, now: datetime) -> Earning:
    """Return what a purchase earns when it is booked now.

    Raises `CurrencyNotSupported` and `OccurredAtOutOfRange`; both edges of the range count as in.
    """
    if paid.currency != program.currency:
        raise CurrencyNotSupported(currency=program.currency)
    if not now - AGE_MAX <= occurred_at <= now + AHEAD_MAX:
        raise OccurredAtOutOfRange(earliest=rfc3339(now - AGE_MAX), latest=rfc3339(now + AHEAD_MAX))
    expires_on = expiry_of(program, day_of(now, program.zone))
    return Earning(points_for(program, paid), explain(program, paid), expires_on)


def points_for(program: Program, paid: Money) -> int:
    """Return the points of an amount: whole units times the rate."""
    return paid.whole_units() * program.points_per_unit


def explain(program: Program, paid: Money) -> tuple[Line, ...]:
    """Return why an amount earns what it earns; the lines add up to `points_for`."""
    points, rate = points_for(program, paid), program.points_per_unit
    words, amount = WORDS[paid.currency], written(paid)
    en = f"{counted(rate)} for each whole {words.en} of {amount}: {counted(points)}."
    zh = f"实付 {amount}，每满 1 {words.zh}得 {rate} 积分：共 {points} 积分。"
    return (Line("base", points, en, zh),)


def expiry_of(program: Program, today: date) -> date:
    """Return the date of points that are booked today."""
    return end_of_month_after(today, program.validity_months[BASIC])


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


def worth(program: Program, purchase: Purchase, *, refunded: int) -> int:
    """Return the points of a purchase of which so many minor units have gone back."""
    left = Money(purchase.paid.amount - refunded, purchase.paid.currency)
    return points_for(program, left)


def clawed_back(program: Program, purchase: Purchase, *, amount: int) -> int:
    """Return the points that a further refund takes back, by the settings of the purchase.

    Raises `RefundExceedsPurchase` when less than the amount is left of the purchase.
    """
    left = purchase.paid.amount - purchase.refunded
    if amount > left:
        raise RefundExceedsPurchase(refundable=left, currency=purchase.paid.currency)
    before = worth(program, purchase, refunded=purchase.refunded)
    return before - worth(program, purchase, refunded=purchase.refunded + amount)


def taken_from_claim(program: Program, purchase: Purchase, *, points: int, now: datetime) -> int:
    """Return the points that a refund takes from a claim that is still to come.

    None once it is too late for one, as nothing is taken of points that have expired.
    """
    assert purchase.claim is not None, purchase
    return points if day_of(now, program.zone) <= purchase.claim.through else 0


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


def written(money: Money) -> str:
    """Return money as a person writes it: ¥1,128.50."""
    digits = MINOR_DIGITS[money.currency]
    whole, rest = divmod(money.amount, 10**digits)
    return f"{WORDS[money.currency].sign}{whole:,}" + (f".{rest:0{digits}d}" if digits else "")


def counted(points: int) -> str:
    """Return points in English."""
    return "1 point" if points == 1 else f"{points} points"

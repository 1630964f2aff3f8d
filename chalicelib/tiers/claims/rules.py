"""How a claim code is read, who may claim a purchase and until when, and what that brings.

A claim brings what the purchase is still worth after its refunds, by the settings that judged the
purchase; its date counts from the day of the claim.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from chalicelib.kernel.errors import Conflict
from chalicelib.kernel.money import Money
from chalicelib.program.documents.model import Program
from chalicelib.tiers.earning.model import Line, Purchase
from chalicelib.tiers.earning.rules import (
    counted,
    explain,
    points_for,
    worth,
    written,
)

LOOKALIKES: Final = {"O": "0", "I": "1", "L": "1"}
"""What people write for a digit; none of them is in a code."""
AS_TYPED: Final = str.maketrans(
    {letter.lower(): LOOKALIKES.get(letter, letter) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    | LOOKALIKES
    | {" ": "", "-": ""}
)
"""From what people type to what a code is made of; letters of other alphabets stay themselves."""


class AlreadyClaimed(Conflict):
    """Somebody has claimed the purchase, perhaps the caller."""

    code = "already_claimed"
    en = "The points of this purchase were claimed before."
    zh = "该笔消费的积分此前已被认领。"


class ClaimExpired(Conflict):
    """The purchase was to be claimed earlier."""

    code = "claim_expired"
    en = "This purchase could be claimed through {through}."
    zh = "该笔消费的认领已于 {through} 截止。"


def typed(code: str) -> str:
    """Return a code as it was meant: case, spaces and hyphens do not matter."""
    return code.translate(AS_TYPED)


def refuse_claim(purchase: Purchase, today: date) -> None:
    """Raise `AlreadyClaimed` or `ClaimExpired` unless a purchase waits for its claim."""
    if purchase.member_id is not None:
        raise AlreadyClaimed
    assert purchase.claim is not None, purchase
    if today > purchase.claim.through:
        raise ClaimExpired(through=purchase.claim.through.isoformat())


def explain_claim(program: Program, purchase: Purchase, *, refunded: int) -> tuple[Line, ...]:
    """Return why a claim brings what it brings, after so many minor units had gone back."""
    lines = explain(program, purchase.paid)
    if not refunded:
        return lines
    money = Money(refunded, purchase.paid.currency)
    less = points_for(program, purchase.paid) - worth(program, purchase, refunded=refunded)
    en = f"{written(money)} was refunded before the claim: {counted(less)} less."
    zh = f"认领前已退款 {written(money)}：减少 {less} 积分。"
    return (*lines, Line("refunded", -less, en, zh))

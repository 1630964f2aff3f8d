"""How a claim code is read, who may claim a purchase and until when, and what that brings.

A claim brings what the purchase is still worth after its refunds, by the rules that judged the
purchase; its dates count from the day of the claim.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from chalicelib.kernel.errors import Conflict
from chalicelib.kernel.money import Money, written
from chalicelib.kernel.points import counted
from chalicelib.tiers.earning.model import Purchase
from chalicelib.tiers.judging.model import Judgement, Line
from chalicelib.tiers.judging.rules import explain, worth

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


def explain_claim(
    judgement: Judgement, *, refunded: int, booked_on: date | None
) -> tuple[Line, ...]:
    """Return why a claim brings what it brings, after so many minor units had gone back."""
    lines, paid = explain(judgement, booked_on=booked_on), judgement.paid
    if not refunded:
        return lines
    money = Money(refunded, paid.currency)
    less = worth(judgement, left=paid.amount) - worth(judgement, left=paid.amount - refunded)
    en = f"{written(money)} was refunded before the claim: {counted(less)} less."
    zh = f"认领前已退款 {written(money)}：减少 {less} 积分。"
    return (*lines, Line("refunded", -less, en, zh))

"""Which orders somebody looks at first, and when a look may end."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.kernel.errors import Conflict
from chalicelib.kernel.money import MINOR_DIGITS, Money
from chalicelib.program.documents.model import Program
from chalicelib.redeem.orders.model import Concern, Order, Status

REVIEW_WITHIN: Final = timedelta(hours=72)
"""How long points and stock are held for a look (the rules of the program)."""
ROLLING: Final = timedelta(hours=1)
"""Over which time a member's redemptions count."""


class OrderNotInReview(Conflict):
    """Nothing is left to decide about the order."""

    code = "order_not_in_review"
    en = "Nobody has to decide about this order any more."
    zh = "该订单已无需审核。"


def counted_redemptions(program: Program) -> int:
    """Return up to how many orders of a member in the last hour it matters; 0 where it does not."""
    return (program.review and program.review.redemptions_per_hour) or 0


def concerns(
    program: Program, points: int, *, cash: Money | None, recent: int
) -> tuple[Concern, ...]:
    """Return why an order of this price has to be looked at, nothing where it need not.

    `recent` orders were placed by its member in the last hour, whatever became of them. At a
    threshold an order settles; beyond it, it waits.
    """
    policy = program.review
    if policy is None:
        return ()
    often, much = policy.redemptions_per_hour, policy.worth
    minor = points * 10 ** MINOR_DIGITS[program.currency]
    minor += cash.amount * program.worth_points if cash else 0
    found = {
        Concern.FREQUENCY: often is not None and recent >= often,
        # Both sides times the points that one unit of money is worth: nothing is rounded.
        Concern.WORTH: much is not None and minor > much * program.worth_points,
    }
    return tuple(concern for concern, holds in found.items() if holds)


def refuse_decided(order: Order) -> None:
    """Raise `OrderNotInReview` unless the order waits for a decision."""
    if order.status is not Status.IN_REVIEW:
        raise OrderNotInReview(order_status=order.status.value)

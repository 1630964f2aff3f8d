"""Referrals as they are told to whoever made them."""

from __future__ import annotations

from datetime import date

from chalicelib.tiers.referrals.model import Outcome, Referred
from chalicelib.web.bodies import View


class ToldReferral(View):
    """Somebody who joined because of the member, by an id that tells nothing, and what it gave.

    `outcome` is `paid`, `taken_back`, or `closed`: what is known of that person is theirs, and so
    is what they bought, and when.
    """

    member_id: str
    outcome: str
    points: int
    debt_paid: int
    expires_on: date | None

    @classmethod
    def of(cls, referred: Referred) -> ToldReferral:
        """Return a referral as an answer."""
        known = referred.outcome is Outcome.KNOWN
        return cls(
            member_id=referred.member_id,
            outcome=(Outcome.CLOSED if known else referred.outcome).value,
            points=referred.points,
            debt_paid=referred.debt_paid,
            expires_on=referred.expires_on,
        )

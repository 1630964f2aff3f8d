"""What is reported of a purchase and its refunds, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from chalicelib.kernel.money import Money
from chalicelib.tiers.judging.model import Kept, Line


@dataclass(frozen=True, slots=True)
class Sale:
    """A purchase as a till reports it; without `occurred_at` it happened just now.

    Without a member somebody may claim it. `amounts` are the minor units of its lines by category.
    """

    channel: str
    purchase_id: str
    member_id: str | None
    paid: Money
    occurred_at: datetime | None
    amounts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """How a purchase that was reported without a member is claimed: through which day.

    Once it is, `refunded` tells how many minor units had gone back by then, and `debt_paid` how
    many of its points paid what was owed.
    """

    through: date
    refunded: int = 0
    debt_paid: int = 0


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase that was booked.

    `refunded` minor units have gone back since. `program_version` and `campaigns_version` name the
    rules that judged it, and that judge its refunds and its claim; `given` is what campaigns gave
    of its points, by their ids, and `matched` of how many minor units, where not of all.
    `expires_on` is the date of the lot that got its points, and `booked_on` the day from which
    campaigns count dates of their own, where one does; while nobody has claimed them, there is no
    member and no date. `points` and `debt_paid` are those of its report; a claim keeps its own.
    `referrer` was paid for the new member who bought this.
    """

    channel: str
    purchase_id: str
    member_id: str | None
    paid: Money
    refunded: int
    occurred_at: datetime
    program_version: int
    points: int
    debt_paid: int
    expires_on: date | None
    claim: Claim | None = None
    campaigns_version: int = 0
    given: Mapping[str, int] = field(default_factory=dict)
    matched: Mapping[str, int] = field(default_factory=dict)
    booked_on: date | None = None
    referrer: str | None = None

    @property
    def left(self) -> int:
        """The minor units that have not gone back."""
        return self.paid.amount - self.refunded

    @property
    def kept(self) -> Kept:
        """What it keeps of its judgement."""
        return Kept(
            self.program_version, self.campaigns_version, self.paid, self.given, self.matched
        )


@dataclass(frozen=True, slots=True)
class Return:
    """A refund as a till reports it; without a currency it is the purchase's own."""

    channel: str
    purchase_id: str
    refund_id: str
    amount: int
    currency: str | None


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund that was booked: all points it took, and how many of them became debt.

    Before the claim of a purchase it takes them from what the claim will bring.
    """

    refund_id: str
    amount: int
    points: int
    debt: int


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

"""What is reported of a purchase and its refunds, and what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.kernel.errors import Language
from chalicelib.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Sale:
    """A purchase as a till reports it; without `occurred_at` it happened just now.

    Without a member somebody may claim it.
    """

    channel: str
    purchase_id: str
    member_id: str | None
    paid: Money
    occurred_at: datetime | None


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

    `refunded` minor units have gone back since. `program_version` names the settings that judged
    it, and that judge its refunds and its claim. `expires_on` is the date of the lot that got its
    points; while nobody has claimed them, there is no member and no date. `points` and `debt_paid`
    are those of its report; a claim keeps its own.
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


@dataclass(frozen=True, slots=True)
class Question:
    """A purchase that somebody asks about before it is made; member and channel may be open."""

    paid: Money
    occurred_at: datetime | None
    member_id: str | None
    channel: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation: which rule gave how many points, in both languages."""

    rule: str
    points: int
    en: str
    zh: str

    def sentence(self, language: Language) -> str:
        """Return what a person reads."""
        return self.zh if language == "zh-CN" else self.en


@dataclass(frozen=True, slots=True)
class Earning:
    """What a purchase earns, why, and the last day of using it. The lines add up to the points."""

    points: int
    lines: tuple[Line, ...]
    expires_on: date


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

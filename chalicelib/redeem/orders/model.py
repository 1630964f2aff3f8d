"""What an order is: the price fixed when it was placed, and what it took and still holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.catalog.stock.model import Mode, Taken
from chalicelib.kernel.money import Money
from chalicelib.ledger.journal.model import Reason
from chalicelib.ledger.wallets.model import Change, Lots


class Status(StrEnum):
    """Where an order stands."""

    IN_REVIEW = "in_review"
    AWAITING_PAYMENT = "awaiting_payment"
    SETTLED = "settled"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Fulfilment(StrEnum):
    """Whether something is to be sent, and whether it was."""

    NONE = "none"
    PENDING = "pending"
    SENT = "sent"


class Concern(StrEnum):
    """Why somebody has to look at an order before it settles."""

    FREQUENCY = "redemptions_per_hour"
    WORTH = "worth"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to send it. Personal data: kept in an item of its own and nowhere else."""

    name: str
    phone: str
    line1: str
    city: str
    country: str
    line2: str | None = None
    region: str | None = None
    postal_code: str | None = None


class DisputeState(StrEnum):
    """Where the dispute of an order's payment stands."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Dispute:
    """That the payer's bank questions an order's payment.

    `taken` are the points that the member lost at once, by date, and `debt` those that were missing
    and became debt; a won dispute gives back both.
    """

    id: str
    state: DisputeState
    taken: Lots = ()
    debt: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """That its member cancels an order which waits for money: which request asked for it.

    `receipt` is where among the member's items that request's receipt will be.
    """

    receipt: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Order:
    """One order, as of one version of it.

    `points` is the price of all its units. `taken` are the points that it holds by date, as its own
    escrow account; `units` the units, by shard or number as `mode` says; `periods` those of the
    limits that count it. What comes back leaves all three: `returned` points (of which `debt_paid`
    paid what was owed, and `expired` were past their day) for `quantity_returned` units. `deadline`
    is when waiting ends by itself.

    `cash` is the cash part of the price, `intent_id` the payment of it, the `attempt`-th. Refunds
    have taken `cash_returned` minor units of it back, or are on their way. `wish`: its member wants
    none of it, so whoever releases it cancels it; it stays on an order that was cancelled so.
    """

    id: str
    member_id: str
    reward_id: str
    reward_version: int
    option: int
    quantity: int
    points: int
    status: Status
    fulfilment: Fulfilment
    placed_at: datetime
    taken: Lots
    program_version: int
    fingerprint: bytes
    mode: Mode
    units: Taken
    periods: tuple[str, ...] = ()
    version: int = 1
    settled_at: datetime | None = None
    deadline: datetime | None = None
    concerns: tuple[Concern, ...] = ()
    quantity_returned: int = 0
    returned: int = 0
    debt_paid: int = 0
    expired: int = 0
    is_fetched: bool = False
    tracking: str | None = None
    cash: Money | None = None
    attempt: int = 1
    intent_id: str | None = None
    cash_returned: int = 0
    dispute: Dispute | None = None
    wish: Wish | None = None

    @property
    def quantity_kept(self) -> int:
        """Units that did not come back."""
        return self.quantity - self.quantity_returned


@dataclass(frozen=True, slots=True)
class Shown:
    """An order and where it goes."""

    order: Order
    address: Address | None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What comes back of an order: points by date, and units from where they came."""

    quantity: int
    points: Lots
    units: Taken
    cash: int = 0

    @property
    def worth(self) -> int:
        """Points in all."""
        return sum(lot.points for lot in self.points)


@dataclass(frozen=True, slots=True)
class Step:
    """Why something leaves an order, what its entry names, and what becomes of units and dates.

    `by_house`: the house returns it, so points past their day live on for a week. `restock`: units
    may be sold again, unless their codes were seen, and limits no longer count them.
    """

    reason: Reason
    by_house: bool
    restock: bool = True
    refund_id: str | None = None

    def refers(self, order: Order) -> dict[str, str]:
        """Return what the journal entry names."""
        named = {"order": order.id}
        return named | {"order_refund": self.refund_id} if self.refund_id else named


@dataclass(frozen=True, slots=True)
class Leaving:
    """What it means that a parcel leaves an order: the order before and after, and the wallet."""

    parcel: Parcel
    before: Order
    after: Order
    change: Change
    restock: bool

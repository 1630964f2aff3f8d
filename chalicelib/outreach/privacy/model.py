"""What a member is told of themselves, and what becomes of them when they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.catalog.limits.model import Used
from chalicelib.catalog.rewards.model import Text
from chalicelib.kernel.sentences import Sentence
from chalicelib.ledger.adjustments.model import Proposal
from chalicelib.ledger.journal.model import Entry
from chalicelib.ledger.members.model import Member
from chalicelib.ledger.wallets.model import Wallet
from chalicelib.outreach.notices.model import Held, Wishes
from chalicelib.redeem.orders.model import Shown
from chalicelib.redeem.refunds.model import OrderRefund
from chalicelib.tiers.activities.model import Kept
from chalicelib.tiers.campaigns.model import GivenTo
from chalicelib.tiers.earning.model import Purchase, Refund
from chalicelib.tiers.referrals.model import Referred


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A sort of item that an export does not hold: where it is kept, what it is, and why not."""

    sort: str
    what: Text
    why: Text


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a member besides what happened."""

    member: Member
    wallet: Wallet
    today: date
    wishes: Wishes
    notices: Sequence[Held]
    limits: Sequence[Used]
    campaigns: Sequence[GivenTo]
    activities: Kept
    referrals: Sequence[Referred]


@dataclass(frozen=True, slots=True)
class Happened:
    """A page of a member's journal, newest first, with everything that its entries are about.

    `tasks` are what was done, by the version of the entry.
    """

    entries: Sequence[Entry]
    tasks: Mapping[int, Sentence]
    orders: Sequence[Shown]
    order_refunds: Sequence[OrderRefund]
    purchases: Sequence[Purchase]
    purchase_refunds: Mapping[tuple[str, str], Refund]
    adjustments: Sequence[Proposal]


@dataclass(frozen=True, slots=True)
class Export:
    """One page of an export; `about` stands on the first, and the last has no `next_position`."""

    about: About | None
    happened: Happened
    next_position: str | None


@dataclass(frozen=True, slots=True)
class Erased:
    """A member who was erased, since when, and how many points ended with it."""

    member_id: str
    at: datetime
    points: int

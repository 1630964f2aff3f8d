"""An export as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from chalicelib.catalog.limits.model import Used
from chalicelib.kernel.errors import Language
from chalicelib.ledger.adjustments.model import Proposal
from chalicelib.ledger.journal.views import EntryView
from chalicelib.ledger.members.views import MemberView
from chalicelib.ledger.wallets.views import WalletView
from chalicelib.outreach.notices.model import Held
from chalicelib.outreach.notices.views import WishesView
from chalicelib.outreach.privacy.model import About, Export
from chalicelib.outreach.privacy.rules import LEFT_OUT
from chalicelib.redeem.orders.views import ToldOrder
from chalicelib.redeem.refunds.model import OrderRefund
from chalicelib.tiers.activities.model import Kept, Streak, Times
from chalicelib.tiers.campaigns.model import GivenTo
from chalicelib.tiers.earning.model import Purchase, Refund
from chalicelib.tiers.referrals.model import Referred
from chalicelib.tiers.referrals.views import ToldReferral
from chalicelib.web.bodies import MoneyOut, View


class LeftOutView(View):
    """What an export does not hold, and why."""

    what: str
    why: str


class ToldNotice(View):
    """A message to the member, kept for a month after it was sent: of what, by which way."""

    about: str
    channel: str
    due: datetime | None
    outcome: str | None

    @classmethod
    def of(cls, held: Held) -> ToldNotice:
        """Return a notice as an answer."""
        kind = held.notice.kind.code
        return cls(about=kind, channel=held.channel.value, due=held.due, outcome=held.outcome)


class ToldLimit(View):
    """Units of a reward that count against its limit in a period."""

    reward_id: str
    period: str
    units: int

    @classmethod
    def of(cls, used: Used) -> ToldLimit:
        """Return a counter as an answer."""
        return cls(reward_id=used.reward_id, period=used.period, units=used.units)


class ToldCampaign(View):
    """Points that a campaign gave the member in a period of its cap."""

    campaign_id: str
    period: str
    points: int

    @classmethod
    def of(cls, given: GivenTo) -> ToldCampaign:
        """Return a counter as an answer."""
        return cls(campaign_id=given.campaign_id, period=given.period, points=given.points)


class ToldStreak(View):
    """Days in a row on which the member checked in, up to and with the last one."""

    last_on: date
    days: int
    longest: int

    @classmethod
    def of(cls, streak: Streak) -> ToldStreak:
        """Return a streak as an answer."""
        return cls(**asdict(streak))


class ToldTimes(View):
    """How often the member did something that is capped, in a period of its cap."""

    what: str
    period: str
    times: int

    @classmethod
    def of(cls, counted: Times) -> ToldTimes:
        """Return a counter as an answer."""
        return cls(**asdict(counted))


class ToldActivities(View):
    """What is kept of check-ins, tasks and referrals besides the journal's entries."""

    streak: ToldStreak | None
    counted: list[ToldTimes]
    referrals: list[ToldReferral]

    @classmethod
    def of(cls, kept: Kept, referrals: Sequence[Referred]) -> ToldActivities:
        """Return it as an answer."""
        return cls(
            streak=ToldStreak.of(kept.streak) if kept.streak else None,
            counted=[ToldTimes.of(counted) for counted in kept.counted],
            referrals=[ToldReferral.of(referred) for referred in referrals],
        )


class AboutView(View):
    """What is known of a member besides what happened, and what is left out."""

    profile: MemberView
    wallet: WalletView
    preferences: WishesView
    notices: list[ToldNotice]
    limits: list[ToldLimit]
    campaigns: list[ToldCampaign]
    activities: ToldActivities
    left_out: list[LeftOutView]

    @classmethod
    def of(cls, about: About, language: Language) -> AboutView:
        """Return it as an answer in one language."""
        return cls(
            profile=MemberView.of(about.member),
            wallet=WalletView.as_of(about.wallet, about.today),
            preferences=WishesView.of(about.wishes),
            notices=[ToldNotice.of(held) for held in about.notices],
            limits=[ToldLimit.of(used) for used in about.limits],
            campaigns=[ToldCampaign.of(given) for given in about.campaigns],
            activities=ToldActivities.of(about.activities, about.referrals),
            left_out=[
                LeftOutView(what=one.what.told(language), why=one.why.told(language))
                for one in LEFT_OUT
            ],
        )


class ToldOrderRefund(View):
    """A refund of an order."""

    id: str
    order_id: str
    quantity: int
    points: int
    cash: MoneyOut | None
    status: str

    @classmethod
    def of(cls, refund: OrderRefund) -> ToldOrderRefund:
        """Return a refund as an answer."""
        return cls(
            id=refund.id,
            order_id=refund.order_id,
            quantity=refund.quantity,
            points=refund.points,
            cash=MoneyOut.of(refund.cash) if refund.cash else None,
            status=refund.state.value,
        )


class ToldPurchase(View):
    """A purchase that earned points, and what of its money went back."""

    channel: str
    purchase_id: str
    paid: MoneyOut
    refunded: int
    occurred_at: datetime
    points: int
    debt_paid: int
    expires_on: date | None
    claimed: bool

    @classmethod
    def of(cls, purchase: Purchase) -> ToldPurchase:
        """Return a purchase as an answer."""
        return cls(
            channel=purchase.channel,
            purchase_id=purchase.purchase_id,
            paid=MoneyOut.of(purchase.paid),
            refunded=purchase.refunded,
            occurred_at=purchase.occurred_at,
            points=purchase.points,
            debt_paid=purchase.debt_paid,
            expires_on=purchase.expires_on,
            claimed=purchase.claim is not None,
        )


class ToldPurchaseRefund(View):
    """A refund of a purchase, and what it took."""

    channel: str
    purchase_id: str
    refund_id: str
    amount: int
    points_clawed_back: int
    debt: int

    @classmethod
    def of(cls, purchase: str, refund: Refund) -> ToldPurchaseRefund:
        """Return a refund as an answer; `purchase` is how an entry names what it is of."""
        channel, _, purchase_id = purchase.partition("/")
        return cls(
            channel=channel,
            purchase_id=purchase_id,
            refund_id=refund.refund_id,
            amount=refund.amount,
            points_clawed_back=refund.points,
            debt=refund.debt,
        )


class ToldAdjustment(View):
    """A correction that was made, and why."""

    id: str
    points: int
    reason: str
    at: datetime

    @classmethod
    def of(cls, made: Proposal) -> ToldAdjustment:
        """Return a correction as an answer; who made it is no business of the member's."""
        return cls(id=made.id, points=made.points, reason=made.reason, at=made.at)


class ExportView(View):
    """One page of an export: entries, newest first, and everything that they are about.

    `about` stands on the first page; `next_cursor` is null on the last.
    """

    about: AboutView | None
    journal: list[EntryView]
    orders: list[ToldOrder]
    order_refunds: list[ToldOrderRefund]
    purchases: list[ToldPurchase]
    purchase_refunds: list[ToldPurchaseRefund]
    adjustments: list[ToldAdjustment]
    next_cursor: str | None

    @classmethod
    def of(cls, export: Export, language: Language, *, cursor: str | None) -> ExportView:
        """Return a page as an answer in one language."""
        told = export.happened
        return cls(
            about=AboutView.of(export.about, language) if export.about else None,
            journal=[
                EntryView.of(entry, language, task=told.tasks.get(entry.version))
                for entry in told.entries
            ],
            orders=[ToldOrder.of_shown(shown) for shown in told.orders],
            order_refunds=[ToldOrderRefund.of(refund) for refund in told.order_refunds],
            purchases=[ToldPurchase.of(purchase) for purchase in told.purchases],
            purchase_refunds=[
                ToldPurchaseRefund.of(purchase, refund)
                for (purchase, _), refund in told.purchase_refunds.items()
            ],
            adjustments=[ToldAdjustment.of(made) for made in told.adjustments],
            next_cursor=cursor,
        )

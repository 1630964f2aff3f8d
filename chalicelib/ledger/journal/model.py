"""What an entry says: who, when, why, the legs that sum to 0, and the dates that gave or got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from chalicelib.kernel.errors import Language


class Account(Enum):
    """The accounts of the double entry, with the letter they are stored under.

    Over all members: issued + debt = available + escrow + redeemed + expired + clawed back.
    Legs of ISSUED and DEBT carry the opposite sign of those balances.
    """

    ISSUED = "I"
    AVAILABLE = "A"
    ESCROW = "E"
    REDEEMED = "R"
    EXPIRED = "X"
    CLAWED_BACK = "C"
    DEBT = "D"
    TRANSFER = "T"


class Reason(Enum):
    """Why a wallet changed, with the sentence a member reads."""

    ENROLLED = ("enrolled", "You joined the program.", "您加入了积分计划。")
    PURCHASE = ("purchase", "Points earned by a purchase.", "消费获得积分。")
    REFUND = (
        "purchase_refund",
        "Points taken back because a purchase was refunded.",
        "消费退款，相应积分已扣回。",
    )
    PAID = (
        "order_paid",
        "Held points redeemed for a reward, with a payment.",
        "付款成功，冻结的积分已完成兑换。",
    )
    UNPAID = (
        "order_unpaid",
        "Points returned because the order was not paid.",
        "订单未支付，积分已退回。",
    )
    REVIVED = (
        "order_revived",
        "Points redeemed for an order whose payment came late.",
        "订单延迟到账，积分重新兑换。",
    )
    CLAIM = (
        "purchase_claim",
        "Points of a purchase that you claimed.",
        "您认领了一笔消费的积分。",
    )
    REDEMPTION = ("redemption", "Points redeemed for a reward.", "积分兑换奖励。")
    CANCELLATION = (
        "cancellation",
        "Points returned because an order was cancelled.",
        "订单已取消，积分已退回。",
    )
    ORDER_REFUND = (
        "order_refund",
        "Points returned because an order was refunded.",
        "订单已退款，积分已退回。",
    )
    HOLD = (
        "order_held",
        "Points held for an order that is not settled yet.",
        "订单尚未完成，积分已暂时冻结。",
    )
    HOLD_SETTLED = (
        "order_approved",
        "Held points redeemed because the order was approved.",
        "订单已通过审核，冻结的积分已完成兑换。",
    )
    HOLD_RETURNED = (
        "order_rejected",
        "Held points returned because the order was not approved.",
        "订单未通过审核，冻结的积分已退回。",
    )
    DISPUTE = (
        "payment_disputed",
        "Points taken back because the payment of an order is disputed.",
        "订单付款存在争议，相应积分已扣回。",
    )
    DISPUTE_WON = (
        "dispute_won",
        "Points given back because the dispute of a payment was settled.",
        "付款争议已解决，扣回的积分已退还。",
    )
    DISPUTE_LOST = (
        "dispute_lost",
        "Points returned because the payment of an order went back.",
        "订单付款已被退回，积分已退还。",
    )
    ADJUSTMENT = ("adjustment", "A correction of your points.", "积分更正。")
    CHECK_IN = ("check_in", "Points for checking in.", "签到获得积分。")
    TASK = ("task", "Points for something that you did.", "完成任务获得积分。")
    REFERRAL = (
        "referral",
        "Points because somebody you referred made a purchase.",
        "您推荐的新会员完成消费，获得积分。",
    )
    REFERRAL_REFUND = (
        "referral_refund",
        "Points taken back because somebody you referred returned their purchase.",
        "因您推荐的新会员退款，相应积分已扣回。",
    )
    EXPIRY = ("expiry", "Points past their last day.", "积分已过有效期。")
    EXEMPTION = ("exemption", "A change of how long your points are kept.", "积分保留期限变更。")
    FROZEN = ("frozen", "The account was frozen.", "账户已被冻结。")
    THAWED = ("thawed", "The account was opened again.", "账户已解冻。")
    ERASED = (
        "erased",
        "The account was erased; its points ended.",
        "账户已注销，剩余积分已失效。",
    )

    @property
    def code(self) -> str:
        """Return the word that is stored."""
        return self.value[0]

    def sentence(self, language: Language) -> str:
        """Return what a member reads."""
        _, en, zh = self.value
        return zh if language == "zh-CN" else en


REASONS: Final = {reason.code: reason for reason in Reason}


class Besides(Enum):
    """What else became of points in an entry, whatever its reason, in a sentence with the number.

    `EXPIRED` is true of points that a member kept too long, and of those that come back to one who
    was erased.
    """

    DEBT_PAID = (
        "{points} of them paid what you owed.",
        "其中 {points} 积分已用于抵扣欠款。",
    )
    OWED = (
        "{points} of them you did not have: the next points you earn pay them first.",
        "其中 {points} 积分余额不足，将从之后获得的积分中抵扣。",
    )
    EXPIRED = ("{points} points expired.", "{points} 积分已失效。")

    def sentence(self, points: int, language: Language) -> str:
        """Return what a member reads."""
        en, zh = self.value
        return (zh if language == "zh-CN" else en).format(points=points)


@dataclass(frozen=True, slots=True)
class Figures:
    """What an entry tells in numbers: `points` are those that its reason's sentence is about.

    `expired` ended besides, `held` and `debt` are what those of the wallet change by, and the
    balance changes by `points + debt - expired`.
    """

    points: int
    expired: int
    held: int
    debt: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What one wallet version changed and why. Legs sum to 0; `dates` sum to AVAILABLE's leg.

    `refers` names the order, purchase, refund or correction behind it (`refund` is a purchase's,
    `order_refund` an order's), the task, or the new member who was `referred`; `hash` is SHA-256
    over `previous` and the entry's own bytes.
    """

    member_id: str
    version: int
    at: datetime
    reason: Reason
    legs: Mapping[Account, int]
    dates: Mapping[date, int]
    refers: Mapping[str, str]
    program_version: int
    available_after: int
    previous: bytes
    hash: bytes

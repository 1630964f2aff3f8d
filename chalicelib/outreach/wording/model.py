"""What each sort of notice says, in both languages, and what one is about.

A template is a subject and lines. A line that `needs` a figure is left out where the figure is 0 or
not there. Nothing personal stands in any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Final

from chalicelib.catalog.rewards.model import Text


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence or two, and the figure without which they are left out."""

    text: Text
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """What a sort of notice says."""

    subject: Text
    lines: tuple[Line, ...]


BALANCE: Final = Line(Text("您现有 {balance} 积分。", "You now have {balance} points."))
ORDER: Final = Line(Text("订单号：{order}。", "Order {order}."))
CAME_BACK: Final = Line(Text("已退回 {points} 积分。", "{points} points came back."), "points")
PAID_DEBT: Final = Line(
    Text("其中 {debt_paid} 积分已用于抵扣欠款。", "{debt_paid} of them paid what you owed."),
    "debt_paid",
)
EXPIRED: Final = Line(
    Text("{expired} 积分已过有效期。", "{expired} points were past their last day."), "expired"
)
OWED: Final = Line(
    Text(
        "其中 {owed} 积分余额不足，将从之后获得的积分中抵扣。",
        "{owed} of them you did not have: the next points you earn pay them first.",
    ),
    "owed",
)
RETURNED: Final = (CAME_BACK, PAID_DEBT, EXPIRED, BALANCE, ORDER)


class Kind(Enum):
    """The sorts of notices, each with the word that is stored and what it says."""

    ORDER_SETTLED = (
        "order_settled",
        Template(
            Text("兑换成功：{reward}", "You redeemed: {reward}"),
            (
                Line(
                    Text(
                        "您用 {points} 积分兑换了 {quantity} 件“{reward}”。",
                        "You redeemed {points} points for {quantity} × {reward}.",
                    )
                ),
                Line(Text("另付现金 {cash}。", "You also paid {cash}."), "cash"),
                BALANCE,
                ORDER,
            ),
        ),
    )
    ORDER_CANCELLED = (
        "order_cancelled",
        Template(Text("订单已取消：{reward}", "Order cancelled: {reward}"), RETURNED),
    )
    ORDER_UNPAID = (
        "order_unpaid",
        Template(
            Text("订单未支付，已取消：{reward}", "Order ended, as it was not paid: {reward}"),
            RETURNED,
        ),
    )
    ORDER_REJECTED = (
        "order_rejected",
        Template(
            Text("订单未通过审核：{reward}", "Order not approved: {reward}"),
            RETURNED,
        ),
    )
    ORDER_REFUNDED = (
        "order_refunded",
        Template(Text("订单已退款：{reward}", "Order refunded: {reward}"), RETURNED),
    )
    DISPUTED = (
        "payment_disputed",
        Template(
            Text("订单付款存在争议：{reward}", "Payment disputed: {reward}"),
            (
                Line(
                    Text(
                        "争议解决之前，已扣回 {points} 积分。",
                        "Until it is decided, {points} points were taken back.",
                    ),
                    "points",
                ),
                OWED,
                BALANCE,
                ORDER,
            ),
        ),
    )
    DISPUTE_WON = (
        "dispute_won",
        Template(
            Text("付款争议已解决：{reward}", "Dispute settled: {reward}"),
            (
                Line(
                    Text(
                        "扣回的 {points} 积分已退还。",
                        "The {points} points that were taken back are yours again.",
                    ),
                    "points",
                ),
                PAID_DEBT,
                BALANCE,
                ORDER,
            ),
        ),
    )
    TAKEN_BACK = (
        "points_taken_back",
        Template(
            Text("积分已扣回", "Points were taken back"),
            (
                Line(
                    Text(
                        "因消费退款，已扣回 {points} 积分。",
                        "A purchase was refunded, so {points} points were taken back.",
                    )
                ),
                OWED,
                BALANCE,
            ),
        ),
    )
    REFERRAL_TAKEN_BACK = (
        "referral_taken_back",
        Template(
            Text("推荐奖励积分已扣回", "Points for a referral were taken back"),
            (
                Line(
                    Text(
                        "因您推荐的新会员退款，已扣回 {points} 积分。",
                        "Somebody you referred returned their purchase, "
                        "so {points} points were taken back.",
                    )
                ),
                OWED,
                BALANCE,
            ),
        ),
    )
    ADJUSTED = (
        "points_adjusted",
        Template(
            Text("积分已更正", "Your points were corrected"),
            (
                Line(Text("已增加 {points} 积分。", "{points} points were added."), "points"),
                Line(Text("已扣减 {taken} 积分。", "{taken} points were taken back."), "taken"),
                OWED,
                PAID_DEBT,
                BALANCE,
            ),
        ),
    )
    REMINDER = (
        "expiry_reminder",
        Template(
            Text("有积分即将到期", "Some of your points end soon"),
            (
                Line(Text("请在到期前使用：", "Use them before they are gone:")),
                Line(Text("{endings}", "{endings}")),
                Line(
                    Text("· 此后另有 {more} 积分到期", "· {more} more points end after that"),
                    "more",
                ),
                Line(
                    Text("现在就可以兑换：{rewards}", "You could get now: {rewards}"),
                    "rewards",
                ),
            ),
        ),
    )
    FROZEN = (
        "account_frozen",
        Template(
            Text("账户已被冻结", "Your account was frozen"),
            (
                Line(
                    Text(
                        "您暂时不能使用积分，请联系客服。",
                        "You cannot use your points for now. Please ask support.",
                    )
                ),
            ),
        ),
    )
    THAWED = (
        "account_thawed",
        Template(
            Text("账户已解冻", "Your account is open again"),
            (Line(Text("您可以继续使用积分。", "You can use your points again.")),),
        ),
    )

    @property
    def code(self) -> str:
        """Return the word that is stored."""
        return self.value[0]

    @property
    def template(self) -> Template:
        """Return what it says."""
        return self.value[1]


KINDS: Final = {kind.code: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Notice:
    """What one member is to be told of one fact, without anything personal.

    `source` names the fact among the member's; the same fact told again has the same. `figures` are
    points and the like by name, `dates` points by their last day.
    """

    member_id: str
    source: str
    kind: Kind
    figures: Mapping[str, int] = field(default_factory=dict)
    dates: Mapping[date, int] = field(default_factory=dict)
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A notice in a member's language."""

    subject: str
    text: str

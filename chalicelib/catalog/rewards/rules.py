"""When a reward is shown, when and by whom it can be redeemed, and what an edit may change."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from chalicelib.catalog.rewards.model import (
    ALWAYS,
    NOTHING,
    Lacks,
    Reward,
    Standing,
    Taker,
    Window,
)
from chalicelib.catalog.stock.model import Mode, StockPlan
from chalicelib.catalog.units.rules import NUMBERED_UNITS_MAX
from chalicelib.gateways.payments.rules import Unchargeable, why_never_chargeable
from chalicelib.kernel.clock import told_instant
from chalicelib.kernel.errors import InvalidFields, NotFound, RuleRefusal
from chalicelib.kernel.ids import REWARD_CHARS, REWARD_PATTERN, digest62
from chalicelib.kernel.points import QUANTITY_MAX

TITLE_CHARS_MAX: Final = 60
"""One line on a card of the shelf."""
DESCRIPTION_CHARS_MAX: Final = 300
"""Two or three sentences; a reward with all its texts stays at about 3 KB."""
LABEL_CHARS_MAX: Final = 30
BRAND_CHARS_MAX: Final = 60
PICTURE_CHARS_MAX: Final = 200
OPTIONS_MAX: Final = 3
"""Price options of a reward (the rules of the program)."""
TAGS_MAX: Final = 8
LIMIT_UNITS_MAX: Final = 1_000_000
"""As many as one call may make."""
PEAK_MAX: Final = 10_000
"""Sales a second; beyond 256 there are no further shards."""
HIDDEN: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""Control characters, line breaks and changes of direction."""
TEXT: Final = rf"^[^{HIDDEN}]*[^\s{HIDDEN}][^{HIDDEN}]*$"
"""Something to read, and nothing hidden."""
PICTURE: Final = r"^(https://[A-Za-z0-9.-]+)?(/[A-Za-z0-9._~%+-]+)+$"
"""A path of the mall, or an address of another site over TLS."""
NAME: Final = r"^[a-z0-9-]{1,32}$"
"""Of a plan or a tag."""
LADDER: Final = tuple(Standing)


class NotRedeemableNow(RuleRefusal):
    """Before or after the time during which the reward can be redeemed."""

    code = "not_redeemable_now"
    en = "This reward cannot be redeemed at the moment."
    zh = "该奖励目前不可兑换。"


class NotEligible(RuleRefusal):
    """The reward is for others; the facts name what is missing, null where nothing is."""

    code = "not_eligible"
    en = "This reward is not open to you yet."
    zh = "您目前不符合该奖励的兑换条件。"


def reward_id_of(caller: str, *, route: str, key: str) -> str:
    """Return the id of the reward that a caller's request creates."""
    return "rwd_" + digest62((caller, route, key), REWARD_CHARS)


def refuse_malformed(reward_id: str) -> None:
    """Raise `NotFound` for what cannot be the id of a reward."""
    if not REWARD_PATTERN.fullmatch(reward_id):
        raise NotFound


def is_shown(reward: Reward, now: datetime) -> bool:
    """Tell whether a reward is on the shelf."""
    return (reward.shown or ALWAYS).holds(now)


def redeemable_window(reward: Reward) -> Window:
    """Return when a reward can be redeemed: while it is shown, unless it says otherwise."""
    return reward.redeemable or reward.shown or ALWAYS


def next_turn(reward: Reward, now: datetime) -> datetime | None:
    """Return the next instant at which a reward's windows open or close."""
    windows = (window for window in (reward.shown, reward.redeemable) if window is not None)
    edges = (edge for window in windows for edge in (window.opens, window.closes))
    return min((edge for edge in edges if edge is not None and edge > now), default=None)


def refuse_not_redeemable(reward: Reward, now: datetime) -> None:
    """Raise `NotRedeemableNow` outside the time during which a reward can be redeemed."""
    window = redeemable_window(reward)
    if not window.holds(now):
        raise NotRedeemableNow(**{"from": _told(window.opens), "until": _told(window.closes)})


def missing(reward: Reward, taker: Taker) -> Lacks:
    """Return what a member lacks for a reward."""
    asked = reward.audience
    too_low = asked.standing and LADDER.index(taker.standing) < LADDER.index(asked.standing)
    return Lacks(
        standing=asked.standing if too_low else None,
        plan=asked.plan if taker.plan != asked.plan else None,
        tags=() if taker.tags & set(asked.tags) else asked.tags,
    )


def refuse_not_eligible(reward: Reward, taker: Taker) -> None:
    """Raise `NotEligible` for a member outside the reward's audience."""
    lacks = missing(reward, taker)
    if lacks != NOTHING:
        standing = lacks.standing.value if lacks.standing else None
        raise NotEligible(standing=standing, plan=lacks.plan, tags=list(lacks.tags) or None)


def refuse_unsuppliable(plan: StockPlan) -> None:
    """Refuse a new reward with more units than it may begin with: none where they are codes."""
    if plan.mode is Mode.CODED and plan.units:
        raise InvalidFields.at(
            "/stock/units", "codes come by import", zh="兑换码库存须通过导入添加"
        )
    if plan.mode is Mode.NUMBERED and plan.units > NUMBERED_UNITS_MAX:
        raise InvalidFields.at(
            "/stock/units",
            f"at most {NUMBERED_UNITS_MAX} numbered units",
            zh=f"编号库存最多 {NUMBERED_UNITS_MAX} 件",
        )


def refuse_other_currency(reward: Reward, currency: str) -> None:
    """Refuse a cash part in another currency than the program's."""
    for number, option in enumerate(reward.options):
        if option.cash is not None and option.cash.currency != currency:
            raise InvalidFields.at(
                f"/options/{number}/cash/currency",
                f"the program's currency is {currency}",
                zh=f"本计划的货币为 {currency}",
            )


def refuse_never_chargeable(reward: Reward) -> None:
    """Refuse a cash part that no order could be paid with, however many units it is of."""
    for number, option in enumerate(reward.options):
        if option.cash is None:
            continue
        why = why_never_chargeable(option.cash, units_max=QUANTITY_MAX)
        if why is not None:
            field = "currency" if why is Unchargeable.UNKNOWN_CURRENCY else "amount"
            raise InvalidFields.at(
                f"/options/{number}/cash/{field}",
                f"cannot be charged for 1 to {QUANTITY_MAX} units: {why.value}",
                zh=f"1 至 {QUANTITY_MAX} 件均无法收款（{why.value}）",
            )


def refuse_stock_change(before: StockPlan, after: StockPlan) -> None:
    """Refuse an edit that would change how a reward is supplied, or what it began with."""
    if after.mode is not before.mode:
        raise InvalidFields.at(
            "/stock/mode", "cannot change after the reward is created", zh="奖励创建后不可更改"
        )
    if after.units != before.units:
        raise InvalidFields.at(
            "/stock/units", "cannot change; add units instead", zh="不可更改，请追加库存"
        )


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else told_instant(instant)

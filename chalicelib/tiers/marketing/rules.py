"""What members could not understand of a campaign, and how a campaign is called.

The lint judges a campaign as it shall be, among those that have not ended. It is told everything
that is wrong with it at once: what it says, whether it can ever give anything, and whether members
know which of two multipliers counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import permutations
from typing import Final

from typing_extensions import override

from chalicelib.kernel.errors import Fact, Language, NotFound, RuleRefusal
from chalicelib.kernel.ids import CAMPAIGN_CHARS, CAMPAIGN_PATTERN, digest62
from chalicelib.kernel.sentences import seen
from chalicelib.program.documents.model import BASIC, Program
from chalicelib.tiers.campaigns.model import Campaign, CampaignSet
from chalicelib.tiers.campaigns.rules import can_meet, covers, has_ended
from chalicelib.tiers.marketing.model import Unclear

LIVE_MAX: Final = 16
"""Campaigns that have not ended: more than any member keeps in mind, all of them stay in one
document, and what a purchase keeps of them fits into its one kilobyte."""
CATEGORIES_MAX: Final = 8
CHANNELS_MAX: Final = 16
"""As many as somebody still reads; those of all live campaigns make some 25 KB of the document,
which stays far below DynamoDB's 400 KB."""
MULTIPLIER_BP_MAX: Final = 100_000
"""Ten times."""
VALIDITY_DAYS_MAX: Final = 3_660
"""Ten years, as long as months can be."""
REACHABLE: Final = frozenset({BASIC})
"""The standings that members can have: everybody's, until there is a ladder."""
EMPTY: Final = "window_empty"


class CampaignUnclear(RuleRefusal):
    """Members could not understand the campaign; `reasons` has each in a sentence."""

    code = "campaign_unclear"
    en = "A campaign cannot be like this; the reasons say why."
    zh = "活动不能这样设置，原因见 reasons。"

    def __init__(self, found: Sequence[Unclear] = ()) -> None:
        """Keep the reasons."""
        super().__init__(reasons=[why.told("en") for why in found])
        self.found = tuple(found)

    @override
    def told(self, language: Language) -> Mapping[str, Fact]:
        return {"reasons": [why.told(language) for why in self.found]}


def campaign_id_of(caller: str, *, route: str, key: str) -> str:
    """Return the id of the campaign that a caller's request creates."""
    return "cmp_" + digest62((caller, route, key), CAMPAIGN_CHARS)


def refuse_malformed(campaign_id: str) -> None:
    """Raise `NotFound` for what cannot be the id of a campaign."""
    if not CAMPAIGN_PATTERN.fullmatch(campaign_id):
        raise NotFound


def lint(campaign: Campaign, before: CampaignSet, *, now: datetime, program: Program) -> None:
    """Raise `CampaignUnclear` with everything that members could not understand.

    Time alone makes a campaign unclear: its last day passes while its window goes on. An edit that
    leaves its days as they are, or ends it sooner, is not blamed for that.
    """
    found = unclear(campaign, before, now=now, program=program)
    was = before.by_id().get(campaign.id)
    if found and was is not None and _same_days(campaign, was):
        known = unclear(was, before, now=now, program=program)
        found = [why for why in found if why not in known]
    if found:
        raise CampaignUnclear(found)


def unclear(
    campaign: Campaign, before: CampaignSet, *, now: datetime, program: Program
) -> list[Unclear]:
    """Return everything that members could not understand of a campaign as it shall be.

    A window that is over is a way to end a campaign that there was, and of no use for a new one.
    """
    others = [c for c in before.campaigns if c.id != campaign.id and not has_ended(c, now)]
    found = [*_unclear_effect(campaign, program.currency), *_unreachable(campaign)]
    if has_ended(campaign, now) and campaign.version > 1:
        found += [u for u in _never(campaign, now=now, zone=program.zone) if u.reason == EMPTY]
    else:
        found += [
            *_never(campaign, now=now, zone=program.zone),
            *_nobodys(campaign, program),
            *_misnamed(campaign, before),
            *_rivals(campaign, others, now=now, zone=program.zone),
        ]
        if len(others) >= LIVE_MAX:
            en = f"At most {LIVE_MAX} campaigns can be live or planned at the same time."
            found.append(Unclear("too_many", en, f"同时进行或计划中的活动最多 {LIVE_MAX} 个。"))
    return found


def _same_days(campaign: Campaign, was: Campaign) -> bool:
    """Tell whether a campaign holds on the days on which it did, or ends sooner."""
    sooner = was.closes is None or (campaign.closes is not None and campaign.closes <= was.closes)
    asked, before = ((c.opens, c.member_day, c.weekdays) for c in (campaign, was))
    return sooner and asked == before


def _unclear_effect(campaign: Campaign, currency: str) -> Iterator[Unclear]:
    if not seen(campaign.sentence.zh) or not seen(campaign.sentence.en):
        yield Unclear(
            "sentence_missing",
            "Members need one sentence in each language.",
            "须以两种语言各写一句话供会员阅读。",
        )
    if (campaign.multiplier_bp is None) == (campaign.bonus is None):
        yield Unclear(
            "effect_not_one",
            "A campaign has one effect: a multiplier or a bonus.",
            "活动须有且仅有一种效果：倍数或奖励积分。",
        )
    if campaign.bonus is not None and campaign.threshold is None:
        yield Unclear(
            "bonus_without_threshold",
            "A bonus needs the amount from which it is given.",
            "奖励积分须设置起始金额。",
        )
    if campaign.threshold is not None and campaign.threshold.currency != currency:
        yield Unclear(
            "threshold_unreachable",
            f"Nobody pays in {campaign.threshold.currency}: the program's currency is {currency}.",
            f"本计划的货币为 {currency}，无人以 {campaign.threshold.currency} 付款。",
        )


def _unreachable(campaign: Campaign) -> Iterator[Unclear]:
    smallest = campaign.bonus or 1
    if campaign.budget is not None and campaign.budget < smallest:
        yield Unclear(
            "budget_too_small",
            f"The budget does not pay for one grant of {smallest} points.",
            f"预算不足以发放一次 {smallest} 积分。",
        )
    if campaign.per_member is not None and campaign.per_member.points < smallest:
        yield Unclear(
            "cap_below_bonus",
            f"The cap of a member is below one grant of {smallest} points.",
            f"会员上限低于一次发放的 {smallest} 积分。",
        )


def _never(campaign: Campaign, *, now: datetime, zone: str) -> Iterator[Unclear]:
    opens, closes = campaign.opens, campaign.closes
    if opens is not None and closes is not None and closes <= opens:
        yield Unclear(EMPTY, "The window ends before it begins.", "活动结束时间早于开始时间。")
    elif has_ended(campaign, now):
        yield Unclear("window_past", "The window is over already.", "活动时间已过。")
    elif not can_meet([campaign], now=now, zone=zone):
        yield Unclear(
            "day_never",
            "None of its days is still to come in the window.",
            "活动剩余时间内没有符合条件的日期。",
        )


def _nobodys(campaign: Campaign, program: Program) -> Iterator[Unclear]:
    """Yield what nobody's purchase can be: at a channel that is none, of a standing nobody has."""
    for channel in campaign.channels:
        if channel not in program.channels.values():
            yield Unclear(
                "channel_unknown",
                f"No till or shop reports for {channel}.",
                f"没有任何收银端或门店使用渠道 {channel}。",
            )
    if campaign.standings and not REACHABLE.intersection(campaign.standings):
        named = ", ".join(campaign.standings)
        yield Unclear(
            "standing_unreachable",
            f"No member can have the standing it asks for: {named}.",
            f"目前没有会员能够达到所要求的等级：{named}。",
        )


def _misnamed(campaign: Campaign, before: CampaignSet) -> Iterator[Unclear]:
    """Yield what it names in `wins_over` and cannot win over.

    What it named before may have ended since: an edit need not take that back.
    """
    there = before.by_id()
    known = {*there, *(there[campaign.id].wins_over if campaign.id in there else ())}
    for name in campaign.wins_over:
        if name == campaign.id:
            yield Unclear(
                "wins_over_itself",
                "A campaign cannot win over itself.",
                "活动不能优先于其自身。",
            )
        elif name not in known:
            yield Unclear(
                "wins_over_unknown",
                f"There is no live or planned campaign {name} to win over.",
                f"没有进行中或计划中的活动 {name}，无法优先于它。",
            )


def _rivals(
    campaign: Campaign, others: Sequence[Campaign], *, now: datetime, zone: str
) -> Iterator[Unclear]:
    """Yield what keeps members from knowing which multiplier counts for their purchase."""
    if campaign.multiplier_bp is None:
        return
    rivals = [
        other
        for other in others
        if other.multiplier_bp is not None and can_meet([campaign, other], now=now, zone=zone)
    ]
    for other in rivals:
        names = (other.id in campaign.wins_over, campaign.id in other.wins_over)
        if names[0] == names[1]:
            said = other.sentence
            yield Unclear(
                "two_multipliers",
                f"{other.id} ({said.en}) can hold for the same purchases; name one winner.",
                f"{other.id}（{said.zh}）可能适用于同一笔消费，须指定其中一个优先。",
            )
            continue
        winner, loser = (campaign, other) if names[0] else (other, campaign)
        if _never_wins(winner, loser, now=now):
            yield Unclear(
                "winner_never_wins",
                f"{winner.id} can never give more than {loser.id}, over which it shall win.",
                f"{winner.id} 被指定优先于 {loser.id}，但永远不会比后者给予更多。",
            )
    yield from _circles(campaign, rivals, now=now, zone=zone)


def _never_wins(winner: Campaign, loser: Campaign, *, now: datetime) -> bool:
    """Tell whether there is no purchase to which a named winner gives more than the loser."""
    assert winner.multiplier_bp is not None, winner
    assert loser.multiplier_bp is not None, loser
    bounded = loser.per_member is not None or loser.budget is not None
    more = loser.multiplier_bp > winner.multiplier_bp
    return more and not bounded and covers(loser, winner, now=now)


def _circles(
    campaign: Campaign, rivals: Sequence[Campaign], *, now: datetime, zone: str
) -> Iterator[Unclear]:
    """Yield where three that can hold for one purchase each win over the next.

    Of any two that meet one wins, and where winners go round among more than three, they do so
    among some three of them.
    """
    for second, third in permutations(rivals, 2):
        circle = (campaign, second, third)
        nexts = (second, third, campaign)
        round_ = all(b.id in a.wins_over for a, b in zip(circle, nexts, strict=True))
        if round_ and can_meet(circle, now=now, zone=zone):
            yield Unclear(
                "winners_in_a_circle",
                f"It wins over {second.id}, that over {third.id}, and that over it again.",
                f"它优先于 {second.id}，后者优先于 {third.id}，而 {third.id} 又优先于它。",
            )

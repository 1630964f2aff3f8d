"""What a purchase is given, what is left of that after refunds, and both told line by line.

    base    whole units paid x rate
    extra   whole units of the matching lines x rate x (multiplier - 1), rounded down
    bonus   its points, while the matching lines reach the threshold

The base is a whole number, so base and extra together are rounded once, at the end. One multiplier
counts, the one that gives most; bonuses are added. A multiplier gives as much as its cap leaves, a
bonus all or nothing; a budget pays for all of it or for none, and then the next multiplier counts.

Everything that a purchase is worth is a function of the money that is left of it (`parts`), so any
sequence of refunds ends where one refund of their sum would. Of the matching lines the same share
is left as of the whole, rounded down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from chalicelib.kernel.money import WORDS, Money, written
from chalicelib.kernel.points import counted
from chalicelib.ledger.wallets.model import Lot, Lots
from chalicelib.program.documents.model import Program
from chalicelib.tiers.campaigns.model import Campaign, Per, Why
from chalicelib.tiers.campaigns.rules import WHOLE, matched, missed
from chalicelib.tiers.judging.model import (
    NO_FACTS,
    NO_ROOM,
    UNCOVERED,
    USED_UP,
    Case,
    Facts,
    Judged,
    Judgement,
    Kept,
    Line,
    Outcome,
    Told,
)

REASONS: Final = {
    Why.WINDOW: ("it does not run at that time", "该时间不在活动期间"),
    Why.DAY: ("that is not one of its days", "该日不是活动日"),
    Why.CHANNEL: ("it does not hold at this shop", "不适用于该渠道"),
    Why.MEMBER: ("it is for members who show their code", "仅限出示会员码的会员"),
    Why.STANDING: ("it is for another standing", "仅限其他等级的会员"),
    Why.CATEGORY: ("nothing of it is in this purchase", "本次消费不含活动商品"),
    Why.BIRTHDAY: ("it is for the month of your birthday", "仅限生日当月"),
    Why.THRESHOLD: ("the amount is too low", "金额未达要求"),
    Why.TOO_LITTLE: ("the amount is too low for a point", "金额不足以获得积分"),
    Why.BUDGET: ("its points are used up", "活动积分已发完"),
    Why.UNCOVERED: (
        "it has too few points left to reward this purchase",
        "活动剩余的积分不足以奖励本次消费",
    ),
    Why.BETTER: ("another multiplier gives you more", "已适用更优惠的倍数"),
}
"""Why a campaign gives nothing, as half a sentence in English and in Chinese."""
CAPPED: Final = {
    Per.DAY: ("you have had all that it gives one member in a day", "您已达到该活动的每日会员上限"),
    Per.MONTH: (
        "you have had all that it gives one member in a month",
        "您已达到该活动的每月会员上限",
    ),
    Per.EVER: ("you have had all that it gives one member", "您已达到该活动的会员上限"),
}
"""The same of a cap, by its period: there may be more in the next one."""
UNKNOWN: Final = (
    "it is for the month of your birthday, and we do not know yours",
    "仅限生日当月，而您尚未登记生日",
)
"""The same of a birthday that was asked for and that nobody has on file."""
PERIODS: Final = {Per.DAY: ("a day", "每日"), Per.MONTH: ("a month", "每月"), Per.EVER: ("", "")}


def points_for(program: Program, paid: Money) -> int:
    """Return the points of an amount without any campaign: whole units times the rate."""
    return paid.whole_units() * program.points_per_unit


def candidates(case: Case) -> tuple[Campaign, ...]:
    """Return the campaigns that hold for a purchase as far as it tells without reading on."""
    told = [(c, missed(c, case.basket, birthday=None)) for c in case.campaigns.campaigns]
    return tuple(c for c, why in told if why in {None, Why.BIRTHDAY})


def judge(case: Case, facts: Facts = NO_FACTS) -> Judged:
    """Return what a purchase is given, and why other rules give it nothing."""
    against: dict[str, Why] = {}
    multipliers: list[Outcome] = []
    given: list[Outcome] = []
    for campaign in case.campaigns.campaigns:
        why = missed(campaign, case.basket, birthday=facts.birthday)
        if why is not None:
            against[campaign.id] = why
        elif campaign.bonus is not None:
            given.append(_outcome(case, campaign, facts=facts))
        else:
            multipliers.append(_outcome(case, campaign, facts=facts))
    best = best_of(multipliers)
    for outcome in multipliers:
        unlucky = not outcome.points and outcome.full > (best.points if best else 0)
        if outcome is best or unlucky:
            given.append(outcome)
        else:
            against[outcome.campaign.id] = outcome.why or Why.BETTER
    against |= {o.campaign.id: o.why for o in given if o.why}
    # What is too little for a point is no line: nobody stood in its way.
    lines = sorted((o for o in given if o.full), key=lambda o: (o is not best, o.campaign.id))
    judgement = Judgement(case.program, case.basket.paid, case.campaigns.version, tuple(lines))
    told = {outcome.campaign.id for outcome in lines}
    elsewhere = {name: why for name, why in against.items() if name not in told}
    return Judged(judgement, tuple(_not_applied(case, elsewhere, birthday=facts.birthday)))


def best_of(multipliers: Sequence[Outcome]) -> Outcome | None:
    """Return the multiplier that gives most; of those that give alike, the one that wins."""
    most = max((o.points for o in multipliers), default=0)
    if not most:
        return None
    alike = [o for o in multipliers if o.points == most]
    beaten = {name for o in alike for name in o.campaign.wins_over}
    winners = [o for o in alike if o.campaign.id not in beaten] or alike
    return min(winners, key=lambda o: o.campaign.id)


def _outcome(case: Case, campaign: Campaign, *, facts: Facts) -> Outcome:
    about = matched(campaign, case.basket)
    full = _full(case.program, campaign, about=Money(about, case.basket.paid.currency))
    room = facts.room.get(campaign.id, full)
    points = min(full, room) if campaign.bonus is None or room >= full else 0
    if not points:
        return Outcome(campaign, about, full, 0, Why.CAP if full else Why.TOO_LITTLE)
    left = facts.left.get(campaign.id, points)
    if points > left:
        return Outcome(campaign, about, full, 0, Why.UNCOVERED if left > 0 else Why.BUDGET)
    return Outcome(campaign, about, full, points)


def _full(program: Program, campaign: Campaign, *, about: Money) -> int:
    """Return what a campaign gives for so much money, without a cap."""
    if campaign.bonus is not None:
        return campaign.bonus
    assert campaign.multiplier_bp is not None, campaign
    return points_for(program, about) * (campaign.multiplier_bp - WHOLE) // WHOLE


def rebuilt(kept: Kept, program: Program, *, campaigns: Mapping[str, Campaign]) -> Judgement:
    """Return the judgement that a purchase keeps, by the rules that judged it."""
    outcomes = []
    for name, points in kept.points.items():
        campaign = campaigns[name]
        about = kept.matched.get(name, kept.paid.amount)
        full = _full(program, campaign, about=Money(about, kept.paid.currency))
        why = {NO_ROOM: Why.CAP, USED_UP: Why.BUDGET, UNCOVERED: Why.UNCOVERED}.get(points)
        outcomes.append(Outcome(campaign, about, full, max(points, 0), why))
    # Multiplier first, as when it was judged.
    outcomes.sort(key=lambda o: (not _is_best(o), o.campaign.id))
    return Judgement(program, kept.paid, kept.campaigns_version, tuple(outcomes))


def _is_best(outcome: Outcome) -> bool:
    return outcome.campaign.multiplier_bp is not None and outcome.points > 0


def parts(judgement: Judgement, *, left: int, expires_on: date, booked_on: date) -> Lots:
    """Return what so many minor units of a purchase are worth, by date, soonest first.

    What campaigns with a validity of their own gave has the date that their days lead to from the
    day of booking.
    """
    paid = judgement.paid
    by_date = Counter({expires_on: points_for(judgement.program, Money(left, paid.currency))})
    for outcome in judgement.outcomes:
        days = outcome.campaign.validity_days
        day = expires_on if days is None else booked_on + timedelta(days=days)
        by_date[day] += _left_of(judgement, outcome, left=left)
    return tuple(Lot(day, by_date[day]) for day in sorted(by_date) if by_date[day])


def worth(judgement: Judgement, *, left: int) -> int:
    """Return what so many minor units of a purchase are worth."""
    lots = parts(judgement, left=left, expires_on=date.max, booked_on=date.min)
    return sum(lot.points for lot in lots)


def _left_of(judgement: Judgement, outcome: Outcome, *, left: int) -> int:
    """Return what is left of what a campaign gave, when so much of the money is left."""
    paid = judgement.paid
    about = outcome.matched * left // paid.amount if paid.amount else 0
    campaign = outcome.campaign
    if campaign.threshold is not None and about < campaign.threshold.amount:
        return 0
    full = _full(judgement.program, campaign, about=Money(about, paid.currency))
    return min(outcome.points, full)


def has_own_dates(judgement: Judgement) -> bool:
    """Tell whether some of the points have a date that counts from the day of booking."""
    return any(o.points and o.campaign.validity_days for o in judgement.outcomes)


def explain(judgement: Judgement, *, booked_on: date | None) -> tuple[Line, ...]:
    """Return why a purchase earns what it earns; the lines add up to its worth.

    Points with a date of their own tell it, or how it will be counted where nobody has them yet.
    """
    lines = (_line(outcome, booked_on=booked_on) for outcome in judgement.outcomes)
    return (_base(judgement), *lines)


def _base(judgement: Judgement) -> Line:
    program, paid = judgement.program, judgement.paid
    points, rate = points_for(program, paid), program.points_per_unit
    words, amount = WORDS[paid.currency], written(paid)
    en = f"{counted(rate)} for each whole {words.en} of {amount}: {counted(points)}."
    zh = f"实付 {amount}，每满 1 {words.zh}得 {rate} 积分：共 {points} 积分。"
    return Line("base", points, en, zh)


def _line(outcome: Outcome, *, booked_on: date | None) -> Line:
    campaign, points = outcome.campaign, outcome.points
    if outcome.why is not None:
        refused = _told(campaign, outcome.why)
        return Line(campaign.id, 0, refused.en, refused.zh)
    en, zh = f"{counted(points)} more", f"另得 {points} 积分"
    if campaign.validity_days is not None:
        lasting = _lasting(campaign.validity_days, booked_on=booked_on)
        en, zh = en + lasting[0], zh + lasting[1]
    if campaign.per_member is not None and points < outcome.full:
        period, zh_period = PERIODS[campaign.per_member.per]
        most = campaign.per_member.points
        en += f", as one member gets at most {counted(most)} {period}".rstrip()
        zh += f"（每位会员{zh_period}最多 {most} 积分）"
    told = campaign.sentence.then(en=en, zh=zh)
    return Line(campaign.id, points, told.en, told.zh)


def _lasting(days: int, *, booked_on: date | None) -> tuple[str, str]:
    """Return until when points last, in English and in Chinese."""
    if booked_on is None:
        return f", valid for {days} days from their claim", f"，自认领起 {days} 天内有效"
    last = booked_on + timedelta(days=days)
    return f", valid through {last.isoformat()}", f"，有效期至 {last.isoformat()}"


def _not_applied(
    case: Case, against: Mapping[str, Why], *, birthday: date | None
) -> Iterator[Told]:
    for campaign in case.campaigns.campaigns:
        why = against.get(campaign.id)
        if why is Why.BIRTHDAY and birthday is None:
            yield said(campaign, why, told=UNKNOWN)
        elif why is not None:
            yield _told(campaign, why)


def _told(campaign: Campaign, why: Why) -> Told:
    cap = campaign.per_member
    return said(campaign, why, told=CAPPED[cap.per] if why is Why.CAP and cap else REASONS[why])


def said(campaign: Campaign, why: Why, *, told: tuple[str, str]) -> Told:
    """Return a campaign's own sentence with something said of it, in English and in Chinese."""
    en, zh = told
    sentence = campaign.sentence.then(en=en, zh=zh)
    return Told(campaign.id, sentence.en, sentence.zh, why)

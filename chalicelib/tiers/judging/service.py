"""Use of judging: finding the rules of a purchase's instant, judging it, paying from budgets.

A purchase for which no campaign holds reads nothing and writes nothing here. Else one batch reads
what these campaigns ask for (the birthday, caps, budgets) and whether the purchase was reported
before. Budgets are taken last, after every other check, and outside of the transaction that books
the purchase: a shared item within it would make every buyer conflict. They are given back where the
purchase is known not to have been booked by this run; where that is not known, they are lost to the
campaign. So a budget is never exceeded, and a crash costs it at most what it was about to give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.kernel.errors import Refusal, Unavailable
from chalicelib.kernel.ids import random_token
from chalicelib.ledger.members import service as members
from chalicelib.program.documents import service as documents
from chalicelib.storage.head import Head
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction
from chalicelib.storage.work import Patience, Work
from chalicelib.tiers.campaigns import service as campaigns
from chalicelib.tiers.campaigns.model import Basket, Campaign
from chalicelib.tiers.judging.model import Case, Facts, Judged, Judgement, Kept, Outcome
from chalicelib.tiers.judging.rules import candidates, judge, rebuilt


@dataclass(frozen=True, slots=True)
class Granted:
    """A judgement, what was taken for it by campaign, and this run's mark where anything was.

    Who is told that the purchase is there already knows by the mark whether this run put it there.
    """

    judgement: Judgement
    taken: Mapping[str, int]
    mark: str | None


def case_of(work: Work, basket: Basket, *, head: Head, told: datetime | None) -> Case:
    """Return a purchase with the rules in force when it happened, as of what the head names.

    Without a `told` instant it happened just now, and the newest rules hold.
    """
    newest = campaigns.set_at(work, head)
    present = documents.program_at(work, head)
    if told is None:
        return Case(basket, present, newest, present.zone)
    program = documents.program_when(work, head, at=told)
    in_force = campaigns.set_when(work, head, at=told)
    late = in_force.version != newest.version
    return Case(basket, program, in_force, present.zone, late)


def judged(work: Work, cases: Sequence[Case]) -> list[Judged]:
    """Return what purchases would be given now, each as if alone; writes nothing.

    One read of everything that any of them asks for.
    """
    keys = dict.fromkeys(key for case in cases for key in _asked(case))
    found = fetch_raw(work, list(keys))
    return [judge(case, _facts(case, found)) for case in cases]


def birthday_of(work: Work, cases: Sequence[Case]) -> date | None:
    """Return the birthday of a purchase's member; read only where some campaign asks for one."""
    profiles = {_profile(case.basket, case.campaigns.campaigns) for case in cases}
    found = fetch_raw(work, [profile for profile in profiles if profile is not None])
    return next((members.birthday_in(raw) for raw in found.values()), None)


def grant(work: Work, case: Case, *, purchase: Key) -> Granted:
    """Judge a purchase and take from budgets what it is given; `released` must follow.

    A budget that does not pay is left out, and the purchase judged without it. Raises `Replayed`
    where the purchase was booked before, `Unavailable` where nobody can tell what a budget has
    left, `Contended`; then nothing stays taken.
    """
    facts, taken = _read(work, case, purchase=purchase), dict[str, int]()
    mark = random_token(work.dice) if facts.left else None
    patience = Patience(work)
    try:
        while True:
            judgement = judge(case, facts).judgement
            unpaid = _take(work, judgement, left=facts.left, taken=taken, mark=mark)
            if unpaid is None:
                return Granted(judgement, taken, mark if taken else None)
            facts = _less(work, facts, unpaid=unpaid)
            if facts.left.get(unpaid.campaign.id, 0) >= unpaid.points:
                # Somebody gave back what they had taken, at this very moment.
                patience.again(overtaken=True)
    except Refusal:
        campaigns.give_back(taken)
        raise


@contextmanager
def released(granted: Granted) -> Iterator[None]:
    """Give back what was taken for a purchase that is known not to have been booked by this run."""
    try:
        yield
    except Replayed as replayed:
        if replayed.image.get("k") != {"S": granted.mark}:
            campaigns.give_back(granted.taken)
        raise
    except (Refusal, Mistaken) as failure:
        # Nothing but this itself leaves it open whether the purchase was booked.
        if type(failure) is not Unavailable:
            campaigns.give_back(granted.taken)
        raise


def count(tx: Transaction, granted: Granted, *, basket: Basket) -> None:
    """Add what a member gets to the caps of the campaigns that give it."""
    for outcome in granted.judgement.outcomes:
        if outcome.points and basket.member_id is not None:
            points, member_id = outcome.points, basket.member_id
            campaigns.count(
                tx, outcome.campaign, member_id=member_id, points=points, day=basket.day
            )


def judgement_of(work: Work, kept: Kept) -> Judgement:
    """Return the judgement of a purchase that was booked, by the rules that judged it."""
    program = documents.program_version(work, kept.program_version)
    if not kept.points:
        return Judgement(program, kept.paid, kept.campaigns_version)
    judged_by = campaigns.set_version(work, kept.campaigns_version)
    return rebuilt(kept, program, campaigns=judged_by.by_id())


def _read(work: Work, case: Case, *, purchase: Key) -> Facts:
    """Return what the campaigns ask for that may hold; raise `Replayed` for a purchase booked."""
    keys = _asked(case)
    found = fetch_raw(work, [*keys, purchase] if keys else [])
    if purchase in found:
        raise Replayed(found[purchase])
    return _facts(case, found)


def _asked(case: Case) -> list[Key]:
    """Return where it stands what the campaigns ask for that may hold."""
    asked, basket = candidates(case), case.basket
    keys = campaigns.counters(basket.member_id, asked, day=basket.day, late=case.late)
    profile = _profile(basket, asked)
    return keys if profile is None else [*keys, profile]


def _facts(case: Case, found: Mapping[Key, RawItem]) -> Facts:
    """Return what was read at the keys that were `_asked` for."""
    asked, basket = candidates(case), case.basket
    profile = _profile(basket, asked)
    given = campaigns.given(asked, found, member_id=basket.member_id, day=basket.day)
    caps = {c.id: c.per_member.points for c in asked if c.per_member}
    budgets = campaigns.budgets((c.id for c in asked), found)
    return Facts(
        birthday=None if profile is None else members.birthday_in(found.get(profile)),
        room={name: max(0, caps[name] - points) for name, points in given.items()},
        left={name: budget.left for name, budget in budgets.items() if budget.left is not None},
    )


def _profile(basket: Basket, asked: tuple[Campaign, ...]) -> Key | None:
    if basket.member_id is None or not any(c.birthday_month for c in asked):
        return None
    return members.profile_key(basket.member_id)


def _take(
    work: Work,
    judgement: Judgement,
    *,
    left: Mapping[str, int],
    taken: dict[str, int],
    mark: str | None,
) -> Outcome | None:
    """Take from each budget what is given from it; return what one does not pay for."""
    for outcome in judgement.outcomes:
        campaign_id, points = outcome.campaign.id, outcome.points
        if not points or campaign_id not in left or campaign_id in taken:
            continue
        assert mark is not None, campaign_id
        if not campaigns.take(work, campaign_id, points=points, mark=mark):
            return outcome
        taken[campaign_id] = points
    return None


def _less(work: Work, facts: Facts, *, unpaid: Outcome) -> Facts:
    """Return what is known once a budget did not pay: what it has left, if it still is one."""
    name = unpaid.campaign.id
    now = campaigns.budgets_now(work, [name])[name]
    others = {other: left for other, left in facts.left.items() if other != name}
    return replace(facts, left=others if now.left is None else {**others, name: now.left})

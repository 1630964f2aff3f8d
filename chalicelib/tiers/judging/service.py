"""Use of judging: finding the rules of a purchase's instant, judging it, paying from budgets.

A purchase for which no campaign holds reads nothing and writes nothing here. Else one batch reads
what these campaigns ask for (the birthday, caps, budgets) and whether the purchase was reported
before. Budgets are taken last, after every other check, and outside of the transaction that books
the purchase: a shared item within it would make every buyer conflict. They are given back where the
purchase is known not to have been booked by this run; where that is not known, they are lost to the
campaign. So a budget is never exceeded, and a crash costs it at most what it was about to give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.kernel.errors import Contended
from chalicelib.kernel.ids import random_token
from chalicelib.ledger.members import service as members
from chalicelib.program.documents import service as documents
from chalicelib.storage.head import Head
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import Key
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction
from chalicelib.storage.work import Work
from chalicelib.tiers.campaigns import service as campaigns
from chalicelib.tiers.campaigns.model import Basket, Campaign
from chalicelib.tiers.judging.model import NO_FACTS, Case, Facts, Judged, Judgement, Kept
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
    # A budget is what there is to spend now, whichever rules spend it.
    budgets = {campaign.id: campaign.budget for campaign in newest.campaigns}
    judging = [replace(c, budget=budgets.get(c.id, c.budget)) for c in in_force.campaigns]
    return Case(basket, program, replace(in_force, campaigns=tuple(judging)), present.zone)


def judged(work: Work, case: Case) -> Judged:
    """Return what a purchase would be given now; writes nothing."""
    return judge(case, _facts(work, case))


def grant(work: Work, case: Case, *, purchase: Key) -> Granted:
    """Judge a purchase and take from budgets what it is given; `release` must follow.

    A budget that does not pay is left out, and the purchase judged without it. Raises `Replayed`
    where the purchase was booked before.
    """
    facts, taken = _facts(work, case, purchase=purchase), dict[str, int]()
    while True:
        judgement = judge(case, facts).judgement
        unpaid = _take(work, judgement, taken=taken)
        if unpaid is None:
            return Granted(judgement, taken, random_token(work.dice) if taken else None)
        facts = replace(facts, left={**facts.left, unpaid: 0})


@contextmanager
def released(granted: Granted) -> Iterator[None]:
    """Give back what was taken for a purchase that is known not to have been booked by this run."""
    try:
        yield
    except Replayed as replayed:
        if granted.mark is None or replayed.image.get("k") != {"S": granted.mark}:
            campaigns.give_back(granted.taken)
        raise
    except (Contended, Mistaken):
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


def _facts(work: Work, case: Case, *, purchase: Key | None = None) -> Facts:
    """Return what the campaigns ask for that may hold; raise `Replayed` for a purchase booked."""
    asked, basket = candidates(case), case.basket
    keys = campaigns.counters(basket.member_id, asked, day=basket.day)
    profile = _profile(basket, asked)
    if profile is not None:
        keys.append(profile)
    if not keys:
        return NO_FACTS
    found = fetch_raw(work, keys if purchase is None else [*keys, purchase])
    if purchase is not None and purchase in found:
        raise Replayed(found[purchase])
    given = campaigns.given(asked, found, member_id=basket.member_id, day=basket.day)
    caps = {c.id: c.per_member.points for c in asked if c.per_member}
    taken = campaigns.taken(asked, found)
    return Facts(
        birthday=None if profile is None else members.birthday_in(found.get(profile)),
        room={name: max(0, caps[name] - points) for name, points in given.items()},
        left={c.id: c.budget - taken[c.id] for c in asked if c.budget is not None},
    )


def _profile(basket: Basket, asked: tuple[Campaign, ...]) -> Key | None:
    if basket.member_id is None or not any(c.birthday_month for c in asked):
        return None
    return members.profile_key(basket.member_id)


def _take(work: Work, judgement: Judgement, *, taken: dict[str, int]) -> str | None:
    """Take from each budget what is given from it; return the campaign whose budget has less."""
    for outcome in judgement.outcomes:
        campaign, points = outcome.campaign, outcome.points
        if not points or campaign.budget is None or campaign.id in taken:
            continue
        if not campaigns.take(work, campaign, points=points, budget=campaign.budget):
            return campaign.id
        taken[campaign.id] = points
    return None

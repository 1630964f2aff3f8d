"""Use of campaigns: finding those in force, what they gave, and paying from their budgets.

Every change puts a new version of the set of campaigns and moves the head to it, so it holds from
the next request on, and every version is kept: a purchase is judged by the one of its own instant.
Budgets are counted as they are now, whichever version spends them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Final

from chalicelib.program.documents.rules import held_since, in_force
from chalicelib.settings import settings
from chalicelib.storage.head import Head, raise_version
from chalicelib.storage.kept import Kept
from chalicelib.storage.reads import fetch_raw
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work
from chalicelib.tiers.campaigns import store
from chalicelib.tiers.campaigns.model import (
    DOCUMENT,
    NO_CAMPAIGNS,
    Budget,
    Campaign,
    CampaignSet,
    GivenTo,
)
from chalicelib.tiers.campaigns.rules import next_set

SETS_KEPT_MAX: Final = 64
"""Versions of the set kept in process: about 4 MB of the largest."""
_sets: Kept[tuple[str, int], CampaignSet] = Kept(SETS_KEPT_MAX)


def set_version(work: Work, version: int) -> CampaignSet:
    """Return one version of the set, read once a process."""
    if version == 0:
        return NO_CAMPAIGNS
    key = (settings().table, version)
    found = _sets.get(key)
    if found is None:
        found = store.read_set(work, version)
        _sets.put(key, found)
    return found


def set_at(work: Work, head: Head) -> CampaignSet:
    """Return the campaigns that the head names."""
    return set_version(work, head.version(DOCUMENT))


def set_when(work: Work, head: Head, *, at: datetime) -> CampaignSet:
    """Return the campaigns that held at an instant, not later than those that the head names."""
    return in_force(set_at(work, head), at, read=partial(set_version, work))


def put(tx: Transaction, head: Head, *, campaign: Campaign, before: Campaign | None) -> None:
    """Add the next version of the set, with a campaign as it shall be, and its budget."""
    newest = set_at(tx.work, head)
    raise_version(tx, head, name=DOCUMENT)
    store.put_set(tx, next_set(newest, campaign, since=held_since(newest, tx.work.now)))
    if campaign.budget != (before.budget if before else None):
        store.set_budget(tx, campaign)


def counters(
    member_id: str | None, asked: Sequence[Campaign], *, day: date, late: bool = False
) -> list[Key]:
    """Return where it stands what these campaigns have given, in all and to a member.

    Of a `late` purchase, the campaigns are those of then: each may have got a budget since.
    """
    budgets = [store.budget_key(c.id) for c in asked if late or c.budget is not None]
    if member_id is None:
        return budgets
    return budgets + [store.cap_key(member_id, c, day=day) for c in asked if c.per_member]


def budgets(asked: Iterable[str], found: Mapping[Key, RawItem]) -> dict[str, Budget]:
    """Return the budgets of campaigns by their ids, out of a batch that asked for `counters`."""
    return {name: store.budget_from(found.get(store.budget_key(name))) for name in asked}


def budgets_now(work: Work, asked: Sequence[str]) -> dict[str, Budget]:
    """Return the budgets of campaigns by their ids."""
    return budgets(asked, fetch_raw(work, [store.budget_key(name) for name in asked]))


def given(
    asked: Sequence[Campaign], found: Mapping[Key, RawItem], *, member_id: str | None, day: date
) -> dict[str, int]:
    """Return what a member got in the periods of caps, out of a batch that asked for `counters`."""
    if member_id is None:
        return {}
    keys = {c.id: store.cap_key(member_id, c, day=day) for c in asked if c.per_member}
    return {name: store.points_from(found.get(key)) for name, key in keys.items()}


def given_to(work: Work, member_id: str) -> list[GivenTo]:
    """Return what campaigns with a cap gave a member, of periods long past too."""
    return store.given_to(work, member_id)


def take(work: Work, campaign_id: str, *, points: int, mark: str) -> bool:
    """Take points from a budget, outside of any transaction; tell whether there were as many.

    Raises `Unavailable` where nobody can tell.
    """
    return store.take_budget(work, campaign_id, points=points, mark=mark)


def give_back(taken_by: Mapping[str, int]) -> None:
    """Give back what was taken by campaigns for a purchase that was not booked."""
    for campaign_id, points in taken_by.items():
        store.return_budget(campaign_id, points=points)


def count(tx: Transaction, campaign: Campaign, *, member_id: str, points: int, day: date) -> None:
    """Add what a member gets of a campaign to its cap, where it has one."""
    if campaign.per_member is not None:
        key = store.cap_key(member_id, campaign, day=day)
        store.add_to_cap(tx, key, points=points, most=campaign.per_member.points)

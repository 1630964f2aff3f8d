"""Use of campaigns: creating, editing and listing them, finding those in force, what they gave.

Every change puts a new version of the set of campaigns and moves the head to it, so it holds from
the next request on, and every version is kept: a purchase is judged by the one of its own instant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Final

from chalicelib.kernel.errors import InvalidFields, NotFound, Stale
from chalicelib.kernel.pages import Page
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.rules import held_since, in_force
from chalicelib.settings import settings
from chalicelib.storage.head import Head, latest_head, raise_version, read_head
from chalicelib.storage.kept import Kept
from chalicelib.storage.receipts import unless_carried_out
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.campaigns import store
from chalicelib.tiers.campaigns.model import (
    DOCUMENT,
    NO_CAMPAIGNS,
    Campaign,
    CampaignSet,
    GivenTo,
    Told,
)
from chalicelib.tiers.campaigns.rules import lint, next_set, refuse_malformed

SETS_KEPT_MAX: Final = 64
"""Versions of the set kept in process: about 4 MB of the largest."""
_sets: Kept[tuple[str, int], CampaignSet] = Kept(SETS_KEPT_MAX)


@dataclass(frozen=True, slots=True)
class Shown:
    """A campaign and how many points were taken from its budget; None where it has none.

    `replayed` when the same request had created it before.
    """

    campaign: Campaign
    spent: int | None
    replayed: bool = False


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


def create(work: Work, wanted: Campaign, *, by: str, fingerprint: bytes) -> Shown:
    """Put a campaign, once for each id; raises `KeyReused`, `CampaignUnclear`."""
    head = read_head(work)

    def attempt(tx: Transaction) -> Campaign:
        store.put_campaign(tx, wanted, fingerprint=fingerprint)
        _put_set(tx, latest_head(tx, head), campaign=wanted)
        audit.record(tx, Deed(by, "campaign.create", wanted.id, None, wanted))
        return wanted

    try:
        with unless_carried_out(work, store.key_of(wanted.id), fingerprint=fingerprint):
            persist(work, attempt)
    except Replayed:
        return replace(_shown(work, wanted), replayed=True)
    return _shown(work, wanted)


def change(work: Work, wanted: Campaign, *, told: Told, by: str) -> Shown:
    """Put the next version of a campaign and return it.

    `wanted.version` is the version that the operator read, `told` what the body says of itself.
    Raises `NotFound`, `InvalidFields` where the body is another campaign's, `Stale` when another
    version holds by now (also one that this very change made), `CampaignUnclear`.
    """
    before = _present(work, wanted.id)
    _refuse_another(wanted, told)
    if before.version != wanted.version:
        raise Stale
    after = replace(wanted, version=wanted.version + 1, created_at=before.created_at)
    head = read_head(work)

    def attempt(tx: Transaction) -> Campaign:
        store.replace_campaign(tx, after)
        _put_set(tx, latest_head(tx, head), campaign=after)
        audit.record(tx, Deed(by, "campaign.change", after.id, before, after))
        return after

    try:
        return _shown(work, persist(work, attempt))
    except Replayed:
        return _shown(work, after)


def _refuse_another(wanted: Campaign, told: Told) -> None:
    if told.id not in {None, wanted.id}:
        raise InvalidFields.at("/id", "not the campaign of this address", zh="与地址中的活动不符")
    if told.version not in {None, wanted.version}:
        wrong = "not the version of If-Match"
        raise InvalidFields.at("/version", wrong, zh="与 If-Match 的版本不符")


def present(work: Work, campaign_id: str) -> Shown:
    """Return a campaign as it is now; raises `NotFound`."""
    return _shown(work, _present(work, campaign_id))


def page(work: Work, *, limit: int, after: str | None) -> Page[Shown]:
    """Return all campaigns, newest first, ended or not."""
    found = store.page_of(work, limit=limit, after=after)
    budgeted = [campaign.id for campaign in found.items if campaign.budget is not None]
    taken = store.taken_of(work, budgeted) if budgeted else {}
    return Page([Shown(c, taken.get(c.id)) for c in found.items], found.next_position)


def counters(member_id: str | None, asked: Sequence[Campaign], *, day: date) -> list[Key]:
    """Return where it stands what these campaigns have given, in all and to a member."""
    budgets = [store.budget_key(c.id) for c in asked if c.budget is not None]
    if member_id is None:
        return budgets
    return budgets + [store.cap_key(member_id, c, day=day) for c in asked if c.per_member]


def taken(asked: Sequence[Campaign], found: Mapping[Key, RawItem]) -> dict[str, int]:
    """Return what was taken from budgets, out of a batch that asked for `counters`."""
    budgeted = (c.id for c in asked if c.budget is not None)
    return {name: store.points_from(found.get(store.budget_key(name))) for name in budgeted}


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


def take(work: Work, campaign: Campaign, *, points: int, budget: int) -> bool:
    """Take points from a budget, outside of any transaction; tell whether there were as many."""
    return store.take_budget(work, campaign, points=points, budget=budget)


def give_back(taken_by: Mapping[str, int]) -> None:
    """Give back what was taken by campaigns for a purchase that was not booked."""
    for campaign_id, points in taken_by.items():
        store.return_budget(campaign_id, points=points)


def count(tx: Transaction, campaign: Campaign, *, member_id: str, points: int, day: date) -> None:
    """Add what a member gets of a campaign to its cap, where it has one."""
    if campaign.per_member is not None:
        key = store.cap_key(member_id, campaign, day=day)
        store.add_to_cap(tx, key, points=points, most=campaign.per_member.points)


def _put_set(tx: Transaction, head: Head, *, campaign: Campaign) -> None:
    """Add the next version of the set, with a campaign as it shall be, if members understand it."""
    before, now = set_at(tx.work, head), tx.work.now
    program = documents.program_at(tx.work, head)
    lint(campaign, before, now=now, zone=program.zone, currency=program.currency)
    raise_version(tx, head, name=DOCUMENT)
    store.put_set(tx, next_set(before, campaign, since=held_since(before, now)))


def _present(work: Work, campaign_id: str) -> Campaign:
    refuse_malformed(campaign_id)
    campaign = store.read_campaign(work, campaign_id)
    if campaign is None:
        raise NotFound
    return campaign


def _shown(work: Work, campaign: Campaign) -> Shown:
    if campaign.budget is None:
        return Shown(campaign, None)
    return Shown(campaign, store.taken_of(work, [campaign.id])[campaign.id])

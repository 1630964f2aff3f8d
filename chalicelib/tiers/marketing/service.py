"""Use of marketing: creating, editing and listing campaigns.

A campaign, the next version of the set of all of them and what is left of its budget are written
together, so whoever buys meets the old campaign with the old budget, or the new one with the new.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.kernel.edits import SILENT, Edit, refuse_edit
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.pages import Page
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.program.documents import service as documents
from chalicelib.storage.head import Head, latest_head, read_head
from chalicelib.storage.receipts import unless_carried_out
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work
from chalicelib.tiers.campaigns import service as campaigns
from chalicelib.tiers.campaigns.model import Campaign
from chalicelib.tiers.marketing import store
from chalicelib.tiers.marketing.model import Shown
from chalicelib.tiers.marketing.rules import lint, refuse_malformed


def create(work: Work, wanted: Campaign, *, by: str, fingerprint: bytes) -> Shown:
    """Put a campaign, once for each id; raises `KeyReused`, `CampaignUnclear`."""
    head = read_head(work)

    def attempt(tx: Transaction) -> Campaign:
        store.put_campaign(tx, wanted, fingerprint=fingerprint)
        _put(tx, latest_head(tx, head), campaign=wanted, before=None)
        audit.record(tx, Deed(by, "campaign.create", wanted.id, None, wanted))
        return wanted

    try:
        with unless_carried_out(work, store.key_of(wanted.id), fingerprint=fingerprint):
            persist(work, attempt)
    except Replayed:
        return replace(_shown(work, wanted), replayed=True)
    return _shown(work, wanted)


def change(work: Work, wanted: Campaign, *, by: str, told: Edit = SILENT) -> Shown:
    """Put the next version of a campaign and return it.

    `wanted.version` is the version that the operator read. Raises `NotFound`, `Stale` when another
    version holds by now (also one that this very change made), `InvalidFields` when the edit says
    that it is another's, `CampaignUnclear`.
    """
    before = _present(work, wanted.id)
    refuse_edit(wanted.version, present=before.version, address=wanted.id, told=told)
    after = replace(wanted, version=wanted.version + 1, created_at=before.created_at)
    head = read_head(work)

    def attempt(tx: Transaction) -> Campaign:
        store.replace_campaign(tx, after)
        _put(tx, latest_head(tx, head), campaign=after, before=before)
        audit.record(tx, Deed(by, "campaign.change", after.id, before, after))
        return after

    try:
        return _shown(work, persist(work, attempt))
    except Replayed:
        return _shown(work, after)


def present(work: Work, campaign_id: str) -> Shown:
    """Return a campaign as it is now; raises `NotFound`."""
    return _shown(work, _present(work, campaign_id))


def page(work: Work, *, limit: int, after: str | None) -> Page[Shown]:
    """Return all campaigns, newest first, ended or not."""
    found = store.page_of(work, limit=limit, after=after)
    budgeted = [campaign.id for campaign in found.items if campaign.budget is not None]
    spent = {name: budget.taken for name, budget in campaigns.budgets_now(work, budgeted).items()}
    return Page([Shown(c, spent.get(c.id)) for c in found.items], found.next_position)


def _put(tx: Transaction, head: Head, *, campaign: Campaign, before: Campaign | None) -> None:
    """Add a campaign as it shall be to the set and its budget, if members understand it."""
    program = documents.program_at(tx.work, head)
    lint(campaign, campaigns.set_at(tx.work, head), now=tx.work.now, program=program)
    campaigns.put(tx, head, campaign=campaign, before=before)


def _present(work: Work, campaign_id: str) -> Campaign:
    refuse_malformed(campaign_id)
    campaign = store.read_campaign(work, campaign_id)
    if campaign is None:
        raise NotFound
    return campaign


def _shown(work: Work, campaign: Campaign) -> Shown:
    if campaign.budget is None:
        return Shown(campaign, None)
    return Shown(campaign, campaigns.budgets_now(work, [campaign.id])[campaign.id].taken)

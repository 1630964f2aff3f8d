"""Campaigns over HTTP, for operators: creating, editing and listing them."""

from __future__ import annotations

from typing import Final

from chalicelib.kernel.edits import Edit
from chalicelib.kernel.errors import Contended, KeyReused, NotFound, Stale
from chalicelib.kernel.ids import random_token
from chalicelib.tiers.marketing import rules, service
from chalicelib.tiers.marketing.model import Shown
from chalicelib.tiers.marketing.rules import CampaignUnclear
from chalicelib.tiers.marketing.views import CampaignDocument, CampaignDraft, CampaignEdit
from chalicelib.web.bodies import PageQuery
from chalicelib.web.calls import Answer, Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

DRAFT_EXAMPLE: Final[Example] = {
    "sentence": {
        "zh": "双十二当天茶类消费双倍积分",
        "en": "Double points for tea on 12 December",
    },
    "multiplier_bp": 20000,
    "window": {"from": "2026-12-11T16:00:00Z", "until": "2026-12-12T16:00:00Z"},
    "categories": ["tea"],
    "validity_days": 90,
    "per_member": {"points": 500, "per": "day"},
    "budget": 100000,
}
CAMPAIGN_EXAMPLE: Final[Example] = {
    **DRAFT_EXAMPLE,
    "id": "cmp_0Ab1Cd2Ef3G",
    "version": 1,
    "spent": 0,
    "bonus": None,
    "threshold": None,
    "member_day": None,
    "weekdays": [],
    "birthday_month": False,
    "channels": [],
    "standings": [],
    "wins_over": [],
}
ID_EXAMPLE: Final = {"id": "cmp_0Ab1Cd2Ef3G"}


@routes.post(
    "/admin/campaigns",
    roles=("marketing",),
    key="optional",
    tagged=True,
    body=CampaignDraft,
    answer=CampaignDocument,
    status=201,
    summary="Begin a campaign, from the next request on",
    refusals=(KeyReused, CampaignUnclear, Contended),
    example=DRAFT_EXAMPLE,
    answer_example=CAMPAIGN_EXAMPLE,
)
def create(call: Call[CampaignDraft]) -> Answer:
    """Create a campaign; it holds at once, unless its window says otherwise."""
    by = call.identity.subject
    key = call.key or random_token(call.work.dice)
    campaign_id = rules.campaign_id_of(by, route=call.route, key=key)
    wanted = call.body.campaign(campaign_id, version=1, now=call.work.now)
    return _told(service.create(call.work, wanted, by=by, fingerprint=call.fingerprint))


@routes.get(
    "/admin/campaigns",
    roles=("marketing",),
    query=PageQuery,
    answer=Paged[CampaignDocument],
    summary="All campaigns, newest first, ended or not",
    answer_example={"items": [CAMPAIGN_EXAMPLE], "next_cursor": None},
)
def list_all(call: Call[None, PageQuery]) -> Paged[CampaignDocument]:
    """List campaigns."""
    page = service.page(call.work, limit=call.query.limit, after=position_of(call))
    return paged(call, page, view=CampaignDocument.of)


@routes.get(
    "/admin/campaigns/{id}",
    roles=("marketing",),
    tagged=True,
    answer=CampaignDocument,
    summary="A campaign as operators write it, and what it has spent",
    refusals=(NotFound,),
    answer_example=CAMPAIGN_EXAMPLE,
    path_example=ID_EXAMPLE,
)
def show(call: Call[None]) -> Answer:
    """Show a campaign."""
    return _told(service.present(call.work, call.path["id"]))


@routes.put(
    "/admin/campaigns/{id}",
    roles=("marketing",),
    match=True,
    tagged=True,
    body=CampaignEdit,
    answer=CampaignDocument,
    summary="Change or end a campaign from the next request on",
    refusals=(NotFound, Stale, CampaignUnclear, Contended),
    example=DRAFT_EXAMPLE,
    answer_example={**CAMPAIGN_EXAMPLE, "version": 2},
    path_example=ID_EXAMPLE,
)
def change(call: Call[CampaignEdit]) -> Answer:
    """Put the next version of a campaign; one whose window is over by then has ended."""
    wanted = call.body.campaign(call.path["id"], version=call.if_match, now=call.work.now)
    told = Edit(call.body.id, call.body.version)
    return _told(service.change(call.work, wanted, by=call.identity.subject, told=told))


def _told(shown: Shown) -> Answer:
    version = shown.campaign.version
    return Answer(CampaignDocument.of(shown), version=version, replayed=shown.replayed)

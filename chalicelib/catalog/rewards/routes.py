"""Rewards over HTTP, for operators: creating, editing and listing them."""

from __future__ import annotations

from typing import Final

from chalicelib.catalog.rewards import rules, service
from chalicelib.catalog.rewards.views import RewardDocument, RewardDraft, RewardEdit
from chalicelib.kernel.edits import Edit
from chalicelib.kernel.errors import Contended
from chalicelib.kernel.ids import random_token
from chalicelib.web.bodies import PageQuery
from chalicelib.web.calls import Answer, Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

DRAFT_EXAMPLE: Final[Example] = {
    "kind": "goods",
    "title": {"zh": "高山乌龙茶", "en": "High-mountain oolong"},
    "category": "coffee-tea",
    "options": [{"points": 3800, "label": {"zh": "50 克", "en": "50 g"}}],
    "stock": {"mode": "counted", "units": 200},
    "limits": [{"per": "month", "units": 2}],
}
REWARD_EXAMPLE: Final[Example] = {
    **DRAFT_EXAMPLE,
    "id": "rwd_0Ab1Cd2Ef3G",
    "version": 1,
    "description": None,
    "brand": None,
    "picture": "/pictures/oolong-tin.svg",
    "stock": {"mode": "counted", "units": 200, "peak_per_second": 16},
    "audience": None,
    "shown": {"from": "2026-11-01T00:00:00Z", "until": None},
    "redeemable": None,
}
ID_EXAMPLE: Final = {"id": "rwd_0Ab1Cd2Ef3G"}


@routes.post(
    "/admin/rewards",
    roles=("marketing",),
    key="optional",
    tagged=True,
    body=RewardDraft,
    answer=RewardDocument,
    status=201,
    summary="Put a reward on the shelf",
    example=DRAFT_EXAMPLE,
    answer_example=REWARD_EXAMPLE,
)
def create(call: Call[RewardDraft]) -> Answer:
    """Create a reward; it is on the shelf at once, unless its window says otherwise."""
    by = call.identity.subject
    key = call.key or random_token(call.work.dice)
    reward_id = rules.reward_id_of(by, route=call.route, key=key)
    wanted = call.body.reward(reward_id, version=1, now=call.work.now)
    created = service.create(call.work, wanted, by=by, fingerprint=call.fingerprint)
    document = RewardDocument.of(created.reward)
    return Answer(document, version=created.reward.version, replayed=created.replayed)


@routes.get(
    "/admin/rewards",
    roles=("marketing",),
    query=PageQuery,
    answer=Paged[RewardDocument],
    summary="All rewards, newest first, shown or not",
    answer_example={"items": [REWARD_EXAMPLE], "next_cursor": None},
)
def list_all(call: Call[None, PageQuery]) -> Paged[RewardDocument]:
    """List rewards."""
    page = service.page(call.work, limit=call.query.limit, after=position_of(call))
    return paged(call, page, view=RewardDocument.of)


@routes.get(
    "/admin/rewards/{id}",
    roles=("marketing",),
    tagged=True,
    answer=RewardDocument,
    summary="A reward as operators write it",
    answer_example=REWARD_EXAMPLE,
    path_example=ID_EXAMPLE,
)
def show(call: Call[None]) -> Answer:
    """Show a reward."""
    reward = service.present(call.work, call.path["id"])
    return Answer(RewardDocument.of(reward), version=reward.version)


@routes.put(
    "/admin/rewards/{id}",
    roles=("marketing",),
    match=True,
    tagged=True,
    body=RewardEdit,
    answer=RewardDocument,
    summary="Change a reward from the next request on",
    refusals=(Contended,),
    example=DRAFT_EXAMPLE,
    answer_example={**REWARD_EXAMPLE, "version": 2},
    path_example=ID_EXAMPLE,
)
def change(call: Call[RewardEdit]) -> Answer:
    """Put the next version of a reward."""
    wanted = call.body.reward(call.path["id"], version=call.if_match, now=call.work.now)
    told = Edit(call.body.id, call.body.version)
    changed = service.change(call.work, wanted, by=call.identity.subject, told=told)
    return Answer(RewardDocument.of(changed), version=changed.version)

"""Corrections over HTTP: support proposes them, finance decides about those that are not small."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from chalicelib.kernel.approval import AlreadyDecided, SelfApproval, Stage
from chalicelib.kernel.errors import Contended, KeyReused, NotFound
from chalicelib.kernel.points import POINTS_MAX
from chalicelib.ledger.adjustments import service
from chalicelib.ledger.adjustments.model import Adjustment, Proposal, Request, Told
from chalicelib.ledger.adjustments.rules import TEXT_CHARS_MAX, MemberErased
from chalicelib.web.bodies import PRINTABLE, Body, PageQuery, View
from chalicelib.web.calls import Answer, Call
from chalicelib.web.paging import Paged, paged, position_of
from chalicelib.web.routes import Example, Routes

routes = Routes(__name__)

Text = Annotated[str, Field(min_length=1, max_length=TEXT_CHARS_MAX, pattern=PRINTABLE)]

ID_EXAMPLE: Final = {"id": "adj_0Ab1Cd2Ef3G4Hi5Jk6L7"}
DRAFT_EXAMPLE: Final[Example] = {
    "member_id": "mem_0Ab1Cd2Ef3G",
    "points": 2500,
    "reason": "The parcel came broken, and there was no other cup.",
    "evidence": "ticket 20261122-17",
}
WAITING_EXAMPLE: Final[Example] = {
    **DRAFT_EXAMPLE,
    **ID_EXAMPLE,
    "status": "proposed",
    "proposed_by": "mei",
    "proposed_at": "2026-11-22T02:00:00Z",
    "decision": None,
}
DECIDED_EXAMPLE: Final[Example] = {
    "by": "li",
    "at": "2026-11-22T03:00:00Z",
    "reason": "The photo shows it.",
}


class AdjustmentDraft(Body):
    """Points to give, or below 0 to take back, and why; `evidence` says where to look it up."""

    member_id: str
    points: int = Field(ge=-POINTS_MAX, le=POINTS_MAX, json_schema_extra={"not": {"const": 0}})
    reason: Text
    evidence: Text | None = None


class DecisionDraft(Body):
    """Why it was decided so, where that needs a word."""

    reason: Text | None = None


class StageQuery(PageQuery):
    """Which corrections: those that wait, unless told otherwise."""

    status: Stage = Stage.PROPOSED


class DecisionView(View):
    """Who decided, when and why."""

    by: str
    at: datetime
    reason: str | None


class AdjustmentView(View):
    """A correction. `approved` ones were made; without a decision they were small enough."""

    id: str
    status: Stage
    member_id: str
    points: int
    reason: str
    evidence: str | None
    proposed_by: str
    proposed_at: datetime
    decision: DecisionView | None

    @classmethod
    def of(cls, proposal: Proposal) -> AdjustmentView:
        """Return a proposal as an answer."""
        said = proposal.decision
        return cls(
            id=proposal.id,
            status=proposal.stage,
            member_id=proposal.member_id,
            points=proposal.points,
            reason=proposal.reason,
            evidence=proposal.evidence,
            proposed_by=proposal.by,
            proposed_at=proposal.at,
            decision=DecisionView(by=said.by, at=said.at, reason=said.reason) if said else None,
        )


@routes.post(
    "/admin/adjustments",
    roles=("support",),
    key=True,
    body=AdjustmentDraft,
    answer=AdjustmentView,
    status=201,
    summary="Correct a member's points; more than 1,000 wait for a second person",
    refusals=(NotFound, KeyReused, Contended),
    example=DRAFT_EXAMPLE,
    answer_example=WAITING_EXAMPLE,
)
def propose(call: Call[AdjustmentDraft]) -> Answer:
    """Make a small correction, or let any other wait."""
    body = call.body
    asked = Adjustment(
        body.member_id,
        body.points,
        body.reason,
        by=call.identity.subject,
        key=call.key,
        evidence=body.evidence,
    )
    fingerprint = call.fingerprint
    return _answer(service.propose(call.work, asked, route=call.route, fingerprint=fingerprint))


@routes.get(
    "/admin/adjustments",
    roles=("support", "finance"),
    query=StageQuery,
    answer=Paged[AdjustmentView],
    summary="Corrections that wait, were made or were rejected, newest first",
    answer_example={"items": [WAITING_EXAMPLE], "next_cursor": None},
)
def list_all(call: Call[None, StageQuery]) -> Paged[AdjustmentView]:
    """List corrections of one status."""
    asked = call.query
    page = service.page(call.work, asked.status, limit=asked.limit, after=position_of(call))
    return paged(call, page, view=AdjustmentView.of)


@routes.get(
    "/admin/adjustments/{id}",
    roles=("support", "finance"),
    answer=AdjustmentView,
    summary="One correction",
    refusals=(NotFound,),
    path_example=ID_EXAMPLE,
    answer_example=WAITING_EXAMPLE,
)
def show(call: Call[None]) -> AdjustmentView:
    """Show a correction."""
    return AdjustmentView.of(service.find(call.work, call.path["id"]))


@routes.post(
    "/admin/adjustments/{id}/approve",
    roles=("finance",),
    key=True,
    body=DecisionDraft,
    answer=AdjustmentView,
    summary="Make a correction that somebody else proposed",
    refusals=(NotFound, SelfApproval, AlreadyDecided, MemberErased, KeyReused, Contended),
    path_example=ID_EXAMPLE,
    example={"reason": "The photo shows it."},
    answer_example={**WAITING_EXAMPLE, "status": "approved", "decision": DECIDED_EXAMPLE},
)
def approve(call: Call[DecisionDraft]) -> Answer:
    """Approve a correction, or answer how the same request left it."""
    asked, reason = _request(call), call.body.reason
    return _answer(service.approve(call.work, call.path["id"], request=asked, reason=reason))


@routes.post(
    "/admin/adjustments/{id}/reject",
    roles=("finance",),
    key=True,
    body=DecisionDraft,
    answer=AdjustmentView,
    summary="Decide that a correction is not made",
    refusals=(NotFound, SelfApproval, AlreadyDecided, KeyReused, Contended),
    path_example=ID_EXAMPLE,
    example={"reason": "The photo shows another cup."},
    answer_example={**WAITING_EXAMPLE, "status": "rejected", "decision": DECIDED_EXAMPLE},
)
def reject(call: Call[DecisionDraft]) -> Answer:
    """Reject a correction, or answer how the same request left it."""
    asked, reason = _request(call), call.body.reason
    return _answer(service.reject(call.work, call.path["id"], request=asked, reason=reason))


def _request(call: Call[DecisionDraft]) -> Request:
    return Request(call.identity.subject, call.route, call.key, call.fingerprint)


def _answer(told: Told) -> Answer:
    about = {"adjustment_id": told.proposal.id}
    return Answer(AdjustmentView.of(told.proposal), replayed=told.replayed, about=about)

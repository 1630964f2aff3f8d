"""Which corrections may be asked for, which need a second person, and how long points are good.

One person alone moves at most 1,000 points (the rules of the program): of a member in a day, so
that nobody splits a large correction into small ones, and at most ten times that of all members.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from chalicelib.kernel.approval import SelfApproval, Stage, decided
from chalicelib.kernel.errors import Conflict, InvalidFields, KeyInvalid
from chalicelib.kernel.ids import KEY_PATTERN
from chalicelib.kernel.points import POINTS_MAX
from chalicelib.ledger.adjustments.model import Adjustment, Decision, Proposal

TEXT_CHARS_MAX: Final = 200
"""A sentence, so that an audit row stays small."""
ALONE_MAX: Final = 1_000
"""Points of one member that a day's corrections move without a second person."""
ALONE_OPERATOR_MAX: Final = 10 * ALONE_MAX
"""Points of all members that one operator moves alone in a day: a busy day at a service desk."""


class MemberErased(Conflict):
    """The wallet is nobody's any more."""

    code = "member_erased"
    en = "This member was erased at their wish: nothing of theirs can be corrected any more."
    zh = "该会员已注销，无法再作更正。"


def is_small(points: int) -> bool:
    """Tell whether a correction by itself is small enough for one person."""
    return abs(points) <= ALONE_MAX


def decide(
    proposal: Proposal, *, by: str, beneficiary: bool, decision: Decision, approve: bool
) -> Proposal:
    """Return a proposal with its decision.

    Raises `SelfApproval` for whoever proposed it or whose wallet it is, then `AlreadyDecided`.
    """
    if beneficiary:
        raise SelfApproval
    stage = decided(proposal.stage, proposed_by=proposal.by, by=by, approve=approve)
    return replace(proposal, stage=stage, decision=decision)


def proposed(asked: Adjustment, *, proposal_id: str, at: datetime, fingerprint: bytes) -> Proposal:
    """Return a correction as somebody proposes it."""
    return Proposal(
        id=proposal_id,
        member_id=asked.member_id,
        points=asked.points,
        reason=asked.reason,
        evidence=asked.evidence,
        by=asked.by,
        at=at,
        stage=Stage.PROPOSED,
        decision=None,
        fingerprint=fingerprint,
    )


def refuse_invalid(asked: Adjustment) -> None:
    """Raise `InvalidFields` for a correction that cannot be made of anybody."""
    if not 1 <= abs(asked.points) <= POINTS_MAX:
        told = f"an adjustment is of 1 to {POINTS_MAX} points, more or less"
        raise InvalidFields.at("/points", told, zh=f"应为增加或减少 1 至 {POINTS_MAX} 积分")
    for pointer, text in (("/reason", asked.reason), ("/by", asked.by)):
        if not _is_text(text):
            told = f"{pointer[1:]} has 1 to {TEXT_CHARS_MAX} printable characters"
            raise InvalidFields.at(pointer, told, zh=f"应为 1 至 {TEXT_CHARS_MAX} 个可打印字符")
    if not KEY_PATTERN.fullmatch(asked.key):
        raise KeyInvalid


def _is_text(text: str) -> bool:
    return bool(text.strip()) and len(text) <= TEXT_CHARS_MAX and text.isprintable()

"""Four eyes: what one person proposes another one decides, once.

::

    proposed ──approve──▶ approved
        └────reject────▶ rejected

Nobody decides about a proposal of their own, not even to reject it: it says who looked at it.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.kernel.errors import Conflict, Forbidden


class Stage(StrEnum):
    """Where a proposal stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class SelfApproval(Forbidden):
    """The same person proposes and decides, or decides about something of their own."""

    code = "self_approval"
    en = "Somebody else has to decide about this."
    zh = "须由他人审批。"


class AlreadyDecided(Conflict):
    """Somebody decided before; `stage` says what."""

    code = "already_decided"
    en = "This was decided before."
    zh = "该申请已有审批结果。"


def decided(stage: Stage, *, proposed_by: str, by: str, approve: bool) -> Stage:
    """Return where a proposal stands after a decision.

    Raises `SelfApproval`, then `AlreadyDecided`.
    """
    if by == proposed_by:
        raise SelfApproval
    if stage is not Stage.PROPOSED:
        raise AlreadyDecided(stage=stage.value)
    return Stage.APPROVED if approve else Stage.REJECTED

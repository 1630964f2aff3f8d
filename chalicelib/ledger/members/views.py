"""A member as they are told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

from chalicelib.kernel.errors import Language
from chalicelib.ledger.members.model import Member
from chalicelib.program.documents.model import BASIC
from chalicelib.web.bodies import View
from chalicelib.web.routes import Example

MEMBER_EXAMPLE: Final[Example] = {
    "id": "mem_0Ab1Cd2Ef3G",
    "name": "Lin",
    "email": "lin@example.test",
    "phone": "+8613800000001",
    "birthday": "1990-05-17",
    "language": "zh-CN",
    "referred_by": None,
    "standing": {"level": "basic"},
    "membership": None,
    "frozen": False,
    "enrolled_at": "2026-11-21T08:00:00Z",
    "erased_at": None,
}


class StandingView(View):
    """Where a member stands on the ladder."""

    level: Literal["basic"]


class MemberView(View):
    """A member. Of one who was erased nothing personal is told any more."""

    id: str
    name: str | None
    email: str | None
    phone: str | None
    birthday: date | None
    language: Language
    referred_by: str | None
    standing: StandingView
    membership: None
    frozen: bool
    enrolled_at: datetime
    erased_at: datetime | None

    @classmethod
    def of(cls, member: Member) -> MemberView:
        """Return a member as an answer."""
        profile = member.profile
        return cls(
            id=profile.member_id,
            name=profile.name,
            email=profile.email,
            phone=profile.phone,
            birthday=profile.birthday,
            language=profile.language,
            referred_by=profile.referred_by,
            standing=StandingView(level=BASIC),
            membership=None,
            frozen=member.frozen,
            enrolled_at=profile.enrolled_at,
            erased_at=profile.erased_at,
        )

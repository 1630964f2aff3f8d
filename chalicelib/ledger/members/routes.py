"""Joining, being a member, and showing oneself at a till, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from chalicelib.kernel.errors import Contended, Forbidden, Language, NotEnrolled, NotFound, TooMany
from chalicelib.ledger.members import service
from chalicelib.ledger.members.model import Enrolment
from chalicelib.ledger.members.rules import (
    PHONE_PATTERN,
    AccountErased,
    PhoneTaken,
    ReferralRefused,
    SubjectTaken,
)
from chalicelib.ledger.members.views import MEMBER_EXAMPLE, MemberView
from chalicelib.web.bodies import PRINTABLE, Body, Day, View, Wrong
from chalicelib.web.calls import Answer, Call
from chalicelib.web.identity import OPERATOR
from chalicelib.web.routes import Routes

SUBJECT_CHARS_MAX: Final = 255
"""OpenID Connect's own limit on a subject."""
NAME_CHARS_MAX: Final = 100
EMAIL_CHARS_MAX: Final = 254
"""The longest address that mail servers pass on (RFC 5321)."""
ID_CHARS_MAX: Final = 64
DEVICE_CHARS_MAX: Final = 128
"""Apps use a UUID, or a hash in hexadecimal."""
CODE_CHARS_MAX: Final = 64
"""A till sends whatever it scanned; anything longer is no code of ours."""
CHANNEL: Final = "channel"

Subject = Annotated[str, Field(pattern=r"^[\x21-\x7e]+$", max_length=SUBJECT_CHARS_MAX)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_CHARS_MAX, pattern=PRINTABLE)]
Email = Annotated[
    str,
    Field(
        pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$",
        max_length=EMAIL_CHARS_MAX,
        examples=["lin@example.test"],
    ),
]
Device = Annotated[str, Field(pattern=r"^[\x21-\x7e]+$", max_length=DEVICE_CHARS_MAX)]
"""What an app knows a device by; kept as a digest, so that a referral can be refused."""
Phone = Annotated[str, Field(pattern=PHONE_PATTERN, examples=["+8613800000001"])]

routes = Routes(__name__)


class SelfDraft(Body):
    """What somebody who joins may tell."""

    name: Name | None = None
    email: Email | None = None
    birthday: Day | None = None
    language: Language | None = None
    referred_by: Annotated[str, Field(max_length=ID_CHARS_MAX)] | None = None
    device: Device | None = None


class MemberDraft(Body):
    """What a till, a shop or an operator tells of somebody who joins."""

    subject: Subject | None = None
    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    birthday: Day | None = None
    language: Language | None = None
    referred_by: Annotated[str, Field(max_length=ID_CHARS_MAX)] | None = None
    device: Device | None = None

    def enrolment(self) -> Enrolment:
        """Return it as the ledger's word."""
        return Enrolment(
            name=self.name,
            email=self.email,
            phone=self.phone,
            birthday=self.birthday,
            language=self.language,
            referred_by=self.referred_by,
            device=self.device,
        )


class CodeView(View):
    """What a member shows at a till, refused from `expires_at` on."""

    code: str
    expires_at: datetime


class ShownDraft(Body):
    """What a till has: the code that a member shows, or a phone number."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"type": "string"}}}
                for name in ("code", "phone")
            ]
        }
    )

    code: Annotated[str, Field(min_length=1, max_length=CODE_CHARS_MAX)] | None = None
    phone: Phone | None = None

    @model_validator(mode="after")
    def one(self) -> Self:
        """Refuse both, and neither."""
        if (self.code is None) == (self.phone is None):
            raise Wrong("give either code or phone", zh="code 与 phone 须填写且仅填写其一")
        return self


class ShownView(View):
    """Whom a till serves."""

    member_id: str


@routes.post(
    "/members",
    roles=(CHANNEL, *OPERATOR),
    body=MemberDraft,
    answer=MemberView,
    status=201,
    summary="Make somebody a member",
    refusals=(SubjectTaken, PhoneTaken, ReferralRefused, NotFound, Forbidden, Contended),
    example={"name": "Lin", "phone": "+8613800000001", "birthday": "1990-05-17"},
    answer_example={**MEMBER_EXAMPLE, "email": None},
)
def enrol(call: Call[MemberDraft]) -> MemberView:
    """Enrol on the word of a till, a shop or an operator."""
    told, subject, who = call.body.enrolment(), call.body.subject, call.identity
    if CHANNEL in who.roles:
        made = service.enrol_by_channel(call.work, told, subject=subject, client=who.client)
    else:
        made = service.enrol_by_operator(call.work, told, subject=subject, by=who.subject)
    return MemberView.of(made)


@routes.post(
    "/members/resolve",
    roles=(CHANNEL,),
    body=ShownDraft,
    answer=ShownView,
    summary="Find out whom a till serves",
    refusals=(NotFound, TooMany, Forbidden),
    example={"code": "0Ab1Cd2Ef3G4hI5jK6lM"},
    answer_example={"member_id": "mem_0Ab1Cd2Ef3G"},
)
def resolve(call: Call[ShownDraft]) -> ShownView:
    """Name the member behind a code or a phone number."""
    code, phone, client = call.body.code, call.body.phone, call.identity.client
    if code is not None:
        return ShownView(member_id=service.resolve_code(call.work, code, client=client))
    assert phone is not None, "the body has one of the two"
    return ShownView(member_id=service.resolve_phone(call.work, phone, client=client))


@routes.post(
    "/me",
    roles=("member",),
    body=SelfDraft,
    answer=MemberView,
    status=201,
    status_again=200,
    summary="Join the program; asked again, it answers 200 and adds only what was never told",
    refusals=(NotFound, AccountErased, ReferralRefused, Contended),
    example={"name": "Lin", "language": "zh-CN"},
    answer_example={**MEMBER_EXAMPLE, "email": None, "phone": None, "birthday": None},
)
def join(call: Call[SelfDraft]) -> Answer:
    """Enrol the caller, or fill in what nobody had told of them."""
    body = call.body
    told = Enrolment(
        name=body.name,
        email=body.email,
        birthday=body.birthday,
        language=body.language or call.asked,
        referred_by=body.referred_by,
        device=body.device,
    )
    enrolled = service.enrol_self(call.work, told, subject=call.identity.subject)
    return Answer(MemberView.of(enrolled.member), status=201 if enrolled.first else 200)


@routes.get(
    "/me",
    roles=("member",),
    answer=MemberView,
    summary="My profile, standing and membership",
    refusals=(NotEnrolled,),
    answer_example=MEMBER_EXAMPLE,
)
def show_me(call: Call[None]) -> MemberView:
    """Show the caller."""
    return MemberView.of(service.member(call.work, service.member_of(call.identity.subject)))


@routes.get(
    "/me/code",
    roles=("member",),
    answer=CodeView,
    summary="My code for tills; it changes each minute",
    refusals=(NotEnrolled,),
    answer_example={"code": "0Ab1Cd2Ef3G4hI5jK6lM", "expires_at": "2026-11-21T08:02:00Z"},
)
def show_code(call: Call[None]) -> CodeView:
    """Show what the caller shows at a till."""
    shown = service.code_of(call.work, service.member_of(call.identity.subject))
    return CodeView(code=shown.code, expires_at=shown.expires_at)


@routes.get(
    "/admin/members/{id}",
    roles=("support", "finance"),
    answer=MemberView,
    summary="A member's profile, standing and membership",
    refusals=(NotFound,),
    answer_example=MEMBER_EXAMPLE,
    path_example={"id": "mem_0Ab1Cd2Ef3G"},
)
def show_member(call: Call[None]) -> MemberView:
    """Show a member to an operator."""
    return MemberView.of(service.member(call.work, call.path["id"], absent=NotFound))

"""Who a member is: the profile, where all personal data lives, and the codes shown at tills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.kernel.errors import Language


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is told of somebody who joins.

    `phone` is E.164; `referred_by` names a member; `device` is whatever an app knows one by.
    """

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    birthday: date | None = None
    language: Language | None = None
    referred_by: str | None = None
    device: str | None = None

    def told(self) -> tuple[str, ...]:
        """Return the names of the fields that were told: all that a log may say of them."""
        return tuple(name for name in self.__slots__ if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class Profile:
    """A member's profile; `language` is what messages are written in.

    As long as `language_assumed`, nobody said it: it was the program's first one when they joined.
    `device` is a keyed digest of the one that they joined with, if any was told. Of a member who
    left at `erased_at` nothing else is kept that is about them.
    """

    member_id: str
    name: str | None
    email: str | None
    phone: str | None
    birthday: date | None
    language: Language
    referred_by: str | None
    enrolled_at: datetime
    device: str | None = None
    erased_at: datetime | None = None
    language_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A profile, and whether spending is stopped."""

    profile: Profile
    frozen: bool


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A member after asking to join; `first` tells whether this request made the account."""

    member: Member
    first: bool


@dataclass(frozen=True, slots=True)
class TillCode:
    """What a member shows at a till, and the instant from which it is refused."""

    code: str
    expires_at: datetime

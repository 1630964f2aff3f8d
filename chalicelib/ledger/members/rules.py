"""Who may join, and the codes that tills read.

A till code is a member's id and a MAC over the id and the minute, so it needs no storage::

    11 characters of the member's id + 9 of HMAC-SHA256(secret, member, minute)

It is accepted in its own minute and the one after. The price: within those two minutes it can be
shown twice.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from chalicelib.kernel.errors import Conflict, Forbidden, InvalidFields, RuleRefusal
from chalicelib.kernel.ids import MEMBER_CHARS, keyed62
from chalicelib.ledger.members.model import Enrolment, Profile, TillCode
from chalicelib.ledger.wallets.model import Wallet

PHONE_PATTERN: Final = r"^\+[1-9][0-9]{6,14}$"
"""E.164: a plus, a country code, 15 digits at most; no country has numbers of fewer than 7."""
BIRTHDAY_MIN: Final = date(1900, 1, 1)
"""Earlier than anybody alive; what lies before is a slip of the pen."""
MINUTE_SECONDS: Final = 60
CODE_MAC_CHARS: Final = 9
"""53 bits: at 10 wrong tries a minute, a guess succeeds once in a billion years."""
CODE_CHARS: Final = MEMBER_CHARS + CODE_MAC_CHARS
CODE_PATTERN: Final = re.compile(rf"[0-9A-Za-z]{{{CODE_CHARS}}}")
MINUTES_ACCEPTED: Final = 2
"""Its own minute and the one after: time enough to turn the screen to the scanner."""


class SubjectTaken(Conflict):
    """The person behind the subject is a member already."""

    code = "subject_taken"
    en = "This person is a member already."
    zh = "该用户已是会员。"


class PhoneTaken(Conflict):
    """The number belongs to another member: one member each."""

    code = "phone_taken"
    en = "This phone number belongs to another member."
    zh = "该手机号已被其他会员使用。"


class ReferralRefused(RuleRefusal):
    """Whoever joins looks like the very member who is to have referred them."""

    code = "referral_refused"
    en = "A new member cannot share a phone, an email address or a device with the referrer."
    zh = "新会员不能与推荐人使用相同的手机号、邮箱或设备。"


def refuse_referral(new: Profile, referrer: Profile) -> None:
    """Raise `ReferralRefused` where somebody who joins is the referrer, or shares a contact."""
    if new.member_id == referrer.member_id or set(contacts(new)) & set(contacts(referrer)):
        raise ReferralRefused


def contacts(profile: Profile) -> tuple[str, ...]:
    """Return what two profiles of one person would share: a phone, an address, a device.

    An address is compared by its mailbox.
    """
    email = mailbox(profile.email) if profile.email else None
    told = {"phone": profile.phone, "email": email, "device": profile.device}
    return tuple(f"{kind} {value}" for kind, value in told.items() if value is not None)


def mailbox(address: str) -> str:
    """Return where mail to an address arrives, as far as most servers agree.

    In one case, and without the tag behind a plus (RFC 5233). Dots count: only one large provider
    leaves them out, and elsewhere they tell people apart.
    """
    local, _, domain = address.casefold().rpartition("@")
    name, _, _ = local.partition("+")
    return f"{name or local}@{domain}"


def filled(before: Profile, told: Enrolment) -> Profile:
    """Return a profile with what nobody had told of it; what was told stays.

    So a birthday is set once, and moved by nobody into the month of a campaign. By whom somebody
    was referred, and by which contacts that is judged, is of the day on which they joined.
    """
    email = told.email if before.referred_by is None else None
    language = told.language if before.language_assumed else None
    return replace(
        before,
        name=before.name or told.name,
        email=before.email or email,
        birthday=before.birthday or told.birthday,
        language=language or before.language,
        language_assumed=before.language_assumed and language is None,
    )


class AccountErased(Forbidden):
    """Somebody who was erased at their own wish does not come back."""

    code = "account_erased"
    en = "This account was erased at your wish, and cannot be used again."
    zh = "该账户已按您的要求注销，无法再次使用。"


def refuse_erased(wallet: Wallet) -> None:
    """Raise `AccountErased` for the wallet of a member who is gone."""
    if wallet.erased:
        raise AccountErased


def refuse_birthday(birthday: date | None, today: date) -> None:
    """Raise `InvalidFields` unless the birthday is a day of the past that somebody alive has."""
    if birthday is None or BIRTHDAY_MIN <= birthday < today:
        return
    raise InvalidFields.at(
        "/birthday",
        f"not a day from {BIRTHDAY_MIN} up to yesterday",
        zh=f"应为 {BIRTHDAY_MIN} 至昨天之间的日期",
    )


def till_code(secret: bytes, member_id: str, *, at: datetime) -> TillCode:
    """Return the code that a member shows in the minute of an instant."""
    minute = _minute(at)
    ends = (minute + MINUTES_ACCEPTED) * MINUTE_SECONDS
    return TillCode(_code(secret, member_id, minute=minute), datetime.fromtimestamp(ends, UTC))


def member_shown(secret: bytes, code: str, *, at: datetime) -> str | None:
    """Return the member whose code this is at an instant, or None."""
    if not CODE_PATTERN.fullmatch(code):
        return None
    member_id = "mem_" + code[:MEMBER_CHARS]
    newest = _minute(at)
    accepted = range(newest, newest - MINUTES_ACCEPTED, -1)
    good = [hmac.compare_digest(code, _code(secret, member_id, minute=m)) for m in accepted]
    return member_id if any(good) else None


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // MINUTE_SECONDS


def _code(secret: bytes, member_id: str, *, minute: int) -> str:
    message = f"{member_id}\n{minute}"
    mac = keyed62(secret, purpose="till-code", message=message, chars=CODE_MAC_CHARS)
    return member_id[4:] + mac

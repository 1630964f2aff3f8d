"""Profiles and phones as items.

    member / P              the profile: personal data lives here and nowhere else
    phone#<keyed digest> / M    whose number it is; the number itself stands in the profile

A profile is put only where none is, and remembers which run of a use case put it: after a lost
reply the run finds its own mark and knows that it was the one. Later changes leave the mark as it
is, so that none of them is in the way of an erasure.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Final, cast

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.kernel.clock import rfc3339
from chalicelib.kernel.errors import Contended, Language, Refusal
from chalicelib.kernel.ids import keyed62
from chalicelib.ledger.members.model import Profile
from chalicelib.settings import settings
from chalicelib.storage.reads import fetch
from chalicelib.storage.table import Item, Key, RawItem
from chalicelib.storage.transaction import Mistaken, Moved, Replayed, Transaction
from chalicelib.storage.work import Work

DEVICE_CHARS: Final = 22
"""131 bits: two devices never look alike."""
PHONE_CHARS: Final = 22
"""131 bits: two numbers never share a claim."""


class ProfileItem(Item):
    """One profile as stored."""

    mark = UnicodeAttribute(attr_name="k")
    name = UnicodeAttribute(attr_name="n", null=True)
    email = UnicodeAttribute(attr_name="e", null=True)
    phone = UnicodeAttribute(attr_name="t", null=True)
    birthday = UnicodeAttribute(attr_name="b", null=True)
    language = UnicodeAttribute(attr_name="g")
    language_assumed = BooleanAttribute(attr_name="ga", null=True)
    referred_by = UnicodeAttribute(attr_name="r", null=True)
    enrolled_at = UnicodeAttribute(attr_name="a")
    device = UnicodeAttribute(attr_name="d", null=True)
    erased_at = UnicodeAttribute(attr_name="x", null=True)


class PhoneItem(Item):
    """Whose a number is."""

    member_id = UnicodeAttribute(attr_name="m")


def key_of(member_id: str) -> Key:
    """Return where a member's profile is."""
    return (member_id, "P")


def profile_from(raw: RawItem) -> Profile:
    """Return the profile that an image holds."""
    item = ProfileItem.read(raw)
    return Profile(
        member_id=item.partition,
        name=item.name,
        email=item.email,
        phone=item.phone,
        birthday=date.fromisoformat(item.birthday) if item.birthday else None,
        language=cast(Language, item.language),
        referred_by=item.referred_by,
        enrolled_at=datetime.fromisoformat(item.enrolled_at),
        device=item.device,
        erased_at=datetime.fromisoformat(item.erased_at) if item.erased_at else None,
        language_assumed=bool(item.language_assumed),
    )


def device_digest(device: str) -> str:
    """Return what is kept of a device: two of them can be compared, and neither be told."""
    return keyed62(settings().secret, purpose="device", message=device, chars=DEVICE_CHARS)


def is_enrolled(work: Work, member_id: str) -> bool:
    """Tell whether a member has a profile."""
    return fetch(work, ProfileItem.named(*key_of(member_id))) is not None


def put_profile(
    tx: Transaction, profile: Profile, *, mark: str, taken: Callable[[], Refusal]
) -> None:
    """Add a profile where none is: `Replayed` where this run put it before, else `taken`."""

    def otherwise(image: RawItem | None) -> Exception:
        ours = image is not None and image["k"]["S"] == mark
        return Replayed(image) if image is not None and ours else taken()

    item = ProfileItem(
        *key_of(profile.member_id),
        mark=mark,
        name=profile.name,
        email=profile.email,
        phone=profile.phone,
        birthday=profile.birthday.isoformat() if profile.birthday else None,
        language=profile.language,
        referred_by=profile.referred_by,
        enrolled_at=rfc3339(profile.enrolled_at),
        device=profile.device,
        language_assumed=profile.language_assumed or None,
    )
    tx.put(item, otherwise=otherwise)


def fill(tx: Transaction, before: Profile, *, after: Profile) -> None:
    """Add what nobody had told of a profile, as long as nobody has.

    Else the attempt goes on from what is there. `Mistaken` where the member was erased.
    """
    key = key_of(before.member_id)
    condition: Condition = ProfileItem.erased_at.does_not_exist()
    actions: list[Action] = []
    birthday = after.birthday.isoformat() if after.birthday else None
    for attribute, known, told in (
        (ProfileItem.name, before.name, after.name),
        (ProfileItem.email, before.email, after.email),
        (ProfileItem.birthday, before.birthday, birthday),
    ):
        if known is None and told is not None:
            actions.append(attribute.set(told))
            condition &= attribute.does_not_exist()
    if before.language_assumed and not after.language_assumed:
        actions += _said(after.language)
        condition &= ProfileItem.language_assumed.exists()

    def otherwise(image: RawItem | None) -> Exception:
        return Mistaken() if image is None or "x" in image else Moved(key, image)

    tx.update(ProfileItem(*key), tuple(actions), condition=condition, otherwise=otherwise)


def put_language(tx: Transaction, member_id: str, *, language: Language) -> None:
    """Add which language a member wants; `Mistaken` where they were erased."""
    tx.update(
        ProfileItem(*key_of(member_id)),
        _said(language),
        condition=ProfileItem.erased_at.does_not_exist(),
        otherwise=lambda _: Mistaken(),
    )


def _said(language: Language) -> tuple[Action, ...]:
    return (ProfileItem.language.set(language), ProfileItem.language_assumed.remove())


def put_tombstone(tx: Transaction, profile: Profile, *, raw: RawItem, mark: str) -> None:
    """Add what is left in the place of a profile, as long as it is the one that was read.

    `Replayed` where this run put it before.
    """
    assert profile.erased_at is not None, "a tombstone says since when"

    def otherwise(image: RawItem | None) -> Exception:
        ours = image is not None and image["k"]["S"] == mark
        return Replayed(image) if image is not None and ours else Contended()

    item = ProfileItem(
        *key_of(profile.member_id),
        mark=mark,
        language=profile.language,
        enrolled_at=rfc3339(profile.enrolled_at),
        erased_at=rfc3339(profile.erased_at),
    )
    tx.put(item, condition=ProfileItem.mark == raw["k"]["S"], otherwise=otherwise)


def delete_phone(tx: Transaction, phone: str) -> None:
    """Add that nobody claims a number any more: somebody else may."""
    tx.delete(PhoneItem(*_phone_key(phone)))


def put_phone(tx: Transaction, phone: str, *, member_id: str, taken: Callable[[], Refusal]) -> None:
    """Add the claim of a number that nobody else has."""
    tx.put(PhoneItem(*_phone_key(phone), member_id=member_id), otherwise=lambda _: taken())


def member_with(work: Work, phone: str) -> str | None:
    """Return whose number this is, or None."""
    item = fetch(work, PhoneItem.named(*_phone_key(phone)))
    return None if item is None else item.member_id


def _phone_key(phone: str) -> Key:
    told = keyed62(settings().secret, purpose="phone", message=phone, chars=PHONE_CHARS)
    return (f"phone#{told}", "M")

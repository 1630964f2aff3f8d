"""Joining the program, reading who a member is, and telling tills whom they serve.

One transaction makes a member: the profile, the claim of the phone, the first wallet version and
its journal entry, and, for the first member of all, the head's word that the zone is fixed. The
profile is the receipt and goes in first. Whoever is a member already and asks to join again fills
in what nobody had told, and only that: asked once more, nothing is left to fill.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final

from chalicelib.kernel.clock import day_of
from chalicelib.kernel.errors import Language, NotEnrolled, NotFound
from chalicelib.kernel.ids import member_id_of, random_id, random_token
from chalicelib.ledger.members import store
from chalicelib.ledger.members.model import Enrolled, Enrolment, Member, Profile, TillCode
from chalicelib.ledger.members.rules import (
    AccountErased,
    PhoneTaken,
    SubjectTaken,
    filled,
    member_shown,
    refuse_birthday,
    refuse_erased,
    refuse_referral,
    till_code,
)
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.service import Opened
from chalicelib.program.audit import service as audit
from chalicelib.program.audit.model import Deed
from chalicelib.program.documents import service as documents
from chalicelib.program.documents.model import Program
from chalicelib.program.documents.rules import channel_of
from chalicelib.settings import settings
from chalicelib.storage.head import Head, fix_zone, latest_head, read_head
from chalicelib.storage.table import Key, RawItem
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction, persist
from chalicelib.storage.tries import TryLimit, count_wrong_try, refuse_if_spent
from chalicelib.storage.work import Work

RESOLVE_TRIES: Final = TryLimit("resolve", tries_max=10, seconds=60)
"""Ten wrong tries a minute and till (the HTTP contract)."""


@dataclass(frozen=True, slots=True)
class Door:
    """What is read before somebody joins: the head, and who referred them, if anybody did."""

    head: Head
    referrer: Profile | None = None


class AlreadyTold(Exception):
    """Nothing is left to fill in."""

    def __init__(self, profile: Profile) -> None:
        """Keep the profile as it is."""
        super().__init__()
        self.profile = profile


def member_of(subject: str) -> str:
    """Return the id that the member behind a subject has, enrolled or not."""
    return member_id_of(settings().secret, subject)


def enrol_by_operator(work: Work, told: Enrolment, *, subject: str | None, by: str) -> Member:
    """Make somebody a member, on the word of an operator, into the audit log.

    Raises `SubjectTaken`, `PhoneTaken`, `NotFound` where no such member referred them, and
    `ReferralRefused` where that is themselves by all that is told.
    """
    return _enrol(work, told, door=_door(work, told), subject=subject, by=by)


def enrol_by_channel(work: Work, told: Enrolment, *, subject: str | None, client: str) -> Member:
    """Make somebody a member, on the word of a till or a shop; refusals as for an operator.

    Raises `Forbidden` where the client reports for no channel.
    """
    door = _door(work, told)
    channel_of(documents.program_at(work, door.head), client)
    return _enrol(work, told, door=door, subject=subject)


def enrol_self(work: Work, told: Enrolment, *, subject: str) -> Enrolled:
    """Make the caller a member, or fill in what is missing of the member that the caller is.

    Raises `NotFound` where no such member referred them, `ReferralRefused`, and `AccountErased`
    for one who was erased: nobody comes back to a ledger that was left.
    """
    member_id = member_of(subject)
    if not store.is_enrolled(work, member_id):
        try:
            made = _enrol(work, told, door=_door(work, told), subject=subject)
        except SubjectTaken:
            return _again(work, told, member_id=member_id)
        return Enrolled(made, first=True)
    return _again(work, told, member_id=member_id)


def _again(work: Work, told: Enrolment, *, member_id: str) -> Enrolled:
    opened, profile = open_profile(work, member_id, absent=NotFound)
    refuse_erased(opened.wallet)
    if filled(profile, told) != profile:
        profile = _fill(work, told, opened=opened)
    return Enrolled(Member(profile, opened.wallet.frozen), first=False)


def _fill(work: Work, told: Enrolment, *, opened: Opened) -> Profile:
    key = store.key_of(opened.wallet.member_id)

    def attempt(tx: Transaction) -> Profile:
        before = store.profile_from(tx.image(key) or opened.others[key])
        after = filled(before, told)
        if after == before:
            raise AlreadyTold(before)
        if after.birthday != before.birthday:
            refuse_birthday(after.birthday, opened.today)
        store.fill(tx, before, after=after)
        return after

    try:
        return persist(work, attempt)
    except AlreadyTold as already:
        return already.profile
    except Mistaken:
        raise AccountErased from None


def member(work: Work, member_id: str, *, absent: type[NotFound] = NotEnrolled) -> Member:
    """Return a member; raise `absent` where there is none."""
    opened, profile = open_profile(work, member_id, absent=absent)
    return Member(profile, opened.wallet.frozen)


def open_profile(
    work: Work, member_id: str, *others: Key, absent: type[NotFound] = NotEnrolled
) -> tuple[Opened, Profile]:
    """Return a member's wallet and profile, and other items, as of one read.

    Raises `absent` where there is none.
    """
    key = store.key_of(member_id)
    opened = wallets.open_wallet(work, member_id, key, *others, absent=absent)
    raw = opened.others.get(key)
    if raw is None:
        raise absent
    return opened, store.profile_from(raw)


def speak(tx: Transaction, profile: Profile, *, language: Language) -> None:
    """Add in which language a member is written to from now on, if nobody had said so.

    The one that was assumed is said, too: else the next one that is named would undo it. `Mistaken`
    where they were erased.
    """
    if profile.language_assumed or language != profile.language:
        store.put_language(tx, profile.member_id, language=language)


def erase(tx: Transaction, opened: Opened, *, mark: str) -> None:
    """Add that nothing personal is left of a profile, opened with its wallet, and its phone free.

    The first piece of its transaction: `mark` tells this run from every other, and `Replayed` is
    raised where it was carried out before.
    """
    raw = opened.others[store.key_of(opened.wallet.member_id)]
    before = store.profile_from(raw)
    after = Profile(
        member_id=before.member_id,
        name=None,
        email=None,
        phone=None,
        birthday=None,
        language=opened.program.languages[0],
        referred_by=None,
        enrolled_at=before.enrolled_at,
        erased_at=tx.work.now,
    )
    store.put_tombstone(tx, after, raw=raw, mark=mark)
    if before.phone is not None:
        store.delete_phone(tx, before.phone)


def profile_key(member_id: str) -> Key:
    """Return where it stands who a member is, for a batch that reads other items too."""
    return store.key_of(member_id)


def birthday_in(raw: RawItem | None) -> date | None:
    """Return the birthday in a profile's image; None where nobody told it, or it was erased."""
    return None if raw is None else store.profile_from(raw).birthday


def code_of(work: Work, member_id: str) -> TillCode:
    """Return the code that a member shows at a till now."""
    wallets.open_wallet(work, member_id)
    return till_code(settings().secret, member_id, at=work.now)


def resolve_code(work: Work, code: str, *, client: str) -> str:
    """Return the member who shows a code at a till; `NotFound` counts as a wrong try."""
    _open_tries(work, client)
    shown = member_shown(settings().secret, code, at=work.now)
    return _found(work, None if shown is None else _present(work, shown), client=client)


def resolve_phone(work: Work, phone: str, *, client: str) -> str:
    """Return the member with a phone number; `NotFound` counts as a wrong try."""
    _open_tries(work, client)
    return _found(work, store.member_with(work, phone), client=client)


def _open_tries(work: Work, client: str) -> None:
    channel_of(documents.present(work), client)
    refuse_if_spent(work, RESOLVE_TRIES, caller=client)


def _present(work: Work, member_id: str) -> str | None:
    """Return a member who shows a good code, or None where they were erased since it was made."""
    erased = wallets.open_wallet(work, member_id, absent=NotFound).wallet.erased
    return None if erased else member_id


def _found(work: Work, member_id: str | None, *, client: str) -> str:
    if member_id is None:
        count_wrong_try(work, RESOLVE_TRIES, caller=client)
        raise NotFound
    return member_id


def _door(work: Work, told: Enrolment) -> Door:
    """Return the head; whoever referred the new member is looked up in the same read."""
    if told.referred_by is None:
        return Door(read_head(work))
    key = store.key_of(told.referred_by)
    opened = wallets.open_wallet(work, told.referred_by, key, absent=NotFound)
    if opened.wallet.erased or key not in opened.others:
        raise NotFound
    return Door(opened.head, store.profile_from(opened.others[key]))


def _enrol(
    work: Work, told: Enrolment, *, door: Door, subject: str | None, by: str | None = None
) -> Member:
    program = documents.program_at(work, door.head)
    refuse_birthday(told.birthday, day_of(work.now, program.zone))
    member_id = random_id("mem", work.dice) if subject is None else member_of(subject)
    profile = _profile(work, told, member_id=member_id, program=program)
    if door.referrer is not None:
        refuse_referral(profile, door.referrer)
    mark = random_token(work.dice)

    def attempt(tx: Transaction) -> None:
        store.put_profile(tx, profile, mark=mark, taken=SubjectTaken)
        if profile.phone is not None:
            store.put_phone(tx, profile.phone, member_id=member_id, taken=PhoneTaken)
        wallets.enrol(tx, member_id, program_version=program.version)
        newest = latest_head(tx, door.head)
        if not newest.zone_fixed:
            fix_zone(tx, newest)
        if by is not None:
            audit.record(tx, Deed(by, "member.enrol", member_id, fields=told.told()))

    with suppress(Replayed):
        persist(work, attempt)
    return Member(profile, frozen=False)


def _profile(work: Work, told: Enrolment, *, member_id: str, program: Program) -> Profile:
    return Profile(
        member_id=member_id,
        name=told.name,
        email=told.email,
        phone=told.phone,
        birthday=told.birthday,
        language=told.language or program.languages[0],
        referred_by=told.referred_by,
        enrolled_at=work.now,
        device=store.device_digest(told.device) if told.device else None,
        language_assumed=told.language is None,
    )

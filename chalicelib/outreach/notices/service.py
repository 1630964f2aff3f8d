"""Telling members: a fact becomes notices, a notice becomes a message, now or when it may.

The order of things, for each way that a member left open. The message is written first: what cannot
be written is the relay's to park, and leaves nothing. Then the notice is put, only where it is not
there, with a wake-up some minutes ahead; then the message is sent; then the notice is over. A
process that dies in between leaves the wake-up, and the job goes on: whoever is told the same fact
again finds the notice and does nothing.

The job begins each try by a compare-and-swap, and then writes and sends: whatever a try dies of has
been counted, and the last one leaves no wake-up.

The price: a message that was sent and could not be noted is sent again. What is sent twice is read
twice; what is never sent is found out at the till.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from types import MappingProxyType
from typing import Final

from chalicelib.gateways.messages.errors import Down, Rejected
from chalicelib.gateways.messages.model import Channel, Message
from chalicelib.gateways.messages.port import Messages
from chalicelib.kernel.clock import start_of
from chalicelib.kernel.errors import NotFound, Unauthenticated
from chalicelib.ledger.members import service as members
from chalicelib.ledger.members.model import Profile
from chalicelib.ledger.wallets import service as wallets
from chalicelib.ledger.wallets.service import Opened
from chalicelib.outreach.notices import store
from chalicelib.outreach.notices.model import Fact, Held, Preferences, Wishes
from chalicelib.outreach.notices.rules import (
    DISTURBING,
    DOWN_TOLERATED,
    GIVEN_UP,
    ONE_DAY,
    REFUSED,
    SENT,
    UNWANTED,
    AlreadyWished,
    begun,
    by_member,
    is_stale,
    notice_of,
    over,
    pause_after,
    quiet_until,
    tells_all,
    ways,
)
from chalicelib.outreach.wording import service as wording
from chalicelib.outreach.wording.model import Kind, Notice, Written
from chalicelib.outreach.wording.rules import refreshed
from chalicelib.storage import wakes
from chalicelib.storage.transaction import Mistaken, Replayed, Transaction, persist
from chalicelib.storage.work import Work, time_for
from chalicelib.web.logs import alarm

DUE_PAGE: Final = 100
"""One small query: what a run has no time for was read in vain, and the next run reads it again."""
SECONDS_MAX: Final = 150.0
"""How long one run begins new notices: the function has 240 seconds, and a notice whose table and
carrier hardly answer takes 70 of them. The next run goes on."""
Counts = Mapping[str, int]
NOTHING: Final[Counts] = MappingProxyType({})
WAITS: Final[Counts] = MappingProxyType({"quiet": 1})


class GaveUp(Exception):
    """A message was tried as often as it is worth; somebody has to look at the carrier."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """A member, their wallet, and how they wish to be told, as of one read.

    To a reminder `reminded` are those that went out today: one a day and way is enough.
    """

    opened: Opened
    profile: Profile
    wishes: Preferences
    reminded: Sequence[Held]

    def address(self, channel: Channel) -> str | None:
        """Return where a way leads to, or None where it leads nowhere."""
        profile = self.profile
        return {
            Channel.MAIL: profile.email,
            Channel.SMS: profile.phone,
            Channel.PUSH: profile.member_id,
        }[channel]

    def open_ways(self, notice: Notice, among: Iterable[Channel]) -> list[Channel]:
        """Return by which ways a notice goes, now or later: by none that told all of it today."""
        told = {sent.channel for sent in self.reminded if tells_all(sent.notice, notice)}
        asked = ways(self.wishes, notice.kind).intersection(among) - told
        return [way for way in Channel if way in asked and self.address(way) is not None]

    def waits_until(self, channel: Channel, now: datetime) -> datetime | None:
        """Return when a way is next free, and would not disturb them; None where it is now."""
        zone, is_taken = self.opened.program.zone, channel in {one.channel for one in self.reminded}
        free = start_of(self.opened.today + ONE_DAY, zone) if is_taken else now
        hours = self.wishes.quiet if channel in DISTURBING else None
        return quiet_until(free, zone, quiet=hours) or (free if is_taken else None)

    def still(self, notice: Notice) -> Notice | None:
        """Return a notice as it is true of the wallet now, or None where nothing is left of it."""
        return refreshed(notice, self.opened.wallet, today=self.opened.today)

    def written(self, work: Work, notice: Notice) -> Written:
        """Return a notice in their language."""
        return wording.write(work, notice, opened=self.opened, language=self.profile.language)


def wishes(work: Work, member_id: str) -> Wishes:
    """Return how a member wishes to be told; raises `NotEnrolled`."""
    key = store.key_of(member_id)
    opened, profile = members.open_profile(work, member_id, key)
    return Wishes(store.preferences_from(opened.others.get(key)), profile.language)


def prefer(work: Work, member_id: str, *, change: Callable[[Wishes], Wishes]) -> Wishes:
    """Change how a member wishes to be told, and return it; raises `NotEnrolled`."""
    key = store.key_of(member_id)
    opened, profile = members.open_profile(work, member_id, key)

    def attempt(tx: Transaction) -> Wishes:
        known = store.preferences_from(tx.image(key) or opened.others.get(key))
        before = Wishes(known, profile.language, profile.language_assumed)
        after = change(before)
        if after == before:
            raise AlreadyWished(before)
        if after.preferences != known:
            wanted = replace(after.preferences, version=known.version + 1)
            store.put_preferences(tx, member_id, wishes=wanted)
            wallets.require_present(tx, member_id)
        if not after.language_assumed:
            members.speak(tx, profile, language=after.language)
        return after

    try:
        return persist(work, attempt)
    except AlreadyWished as already:
        return already.wishes
    except Mistaken:
        raise Unauthenticated from None


def all_of(work: Work, member_id: str) -> Iterator[Held]:
    """Yield every notice to a member that is still kept, sent or not."""
    return store.all_of(work, member_id)


def erase_held(work: Work, member_id: str) -> None:
    """Erase every notice to a member; again, it goes on where it stopped."""
    store.erase_all_of(work, member_id)


def erase_preferences(tx: Transaction, member_id: str) -> None:
    """Add that nothing is left of how a member wished to be told."""
    store.delete_preferences(tx, member_id)


def hear(work: Work, messages: Messages, *, fact: Fact) -> Counts:
    """Tell a member what a fact tells them, once, however often it is heard."""
    told_of = None if is_stale(fact, work.now) else notice_of(fact)
    told = None if told_of is None else _addressee(work, told_of)
    if told_of is None or told is None:
        return NOTHING
    notice = told.still(told_of)
    open_ways = told.open_ways(notice, messages.channels) if notice else ()
    if notice is None or not open_ways:
        return NOTHING
    text = told.written(work, notice)
    counts: Counter[str] = Counter()
    for channel in open_ways:
        later = told.waits_until(channel, work.now)
        held = Held(notice, channel, later or work.now + pause_after(1), tries=0 if later else 1)
        if _is_new(work, held):
            message = _message(held, told=told, text=text)
            counts.update(WAITS if later else _send(work, messages, held=held, message=message))
    return counts


def due(work: Work) -> Iterator[Sequence[Iterable[str]]]:
    """Yield the names of notices whose time has come, page by page, while there is time.

    Those of a member stand together, in order, and are named one by one while there is time: a page
    may be of one member, and of a carrier that hangs. What is not named stays due.
    """
    has_time = time_for(work, seconds=SECONDS_MAX)
    for page in wakes.pages(
        lambda after: wakes.due(work, store.WAKE, limit=DUE_PAGE, after=after), has_time=has_time
    ):
        yield [takewhile(lambda _: has_time(), names) for names in by_member(page)]


def deliver(work: Work, messages: Messages, *, name: str) -> Counts:
    """Send a notice that waited, if it still may be sent; raises `GaveUp` at its last try."""
    held = store.find(work, name)
    if held is None or held.due is None or held.due > work.now:
        return NOTHING
    told = _addressee(work, held.notice)
    notice = None if told is None else told.still(held.notice)
    open_ways = told.open_ways(notice, messages.channels) if told and notice else ()
    if told is None or notice is None or held.channel not in open_ways:
        _go_on(work, held, after=over(held, UNWANTED))
        return {UNWANTED: 1}
    later = told.waits_until(held.channel, work.now)
    if later:
        _go_on(work, held, after=replace(held, due=later, version=held.version + 1))
        return WAITS
    ours = begun(held, notice, now=work.now)
    return _try(work, messages, held=ours, told=told) if _go_on(work, held, after=ours) else NOTHING


def _try(work: Work, messages: Messages, *, held: Held, told: Addressee) -> Counts:
    """Write and send a notice that is begun; whatever the last try dies of wakes somebody."""
    with ExitStack() as last:
        if held.outcome == GIVEN_UP:
            last.callback(alarm, "notice_given_up", notice=store.name_of(held))
        message = _message(held, told=told, text=told.written(work, held.notice))
        counts = _send(work, messages, held=held, message=message)
        last.pop_all()
        return counts


def _addressee(work: Work, notice: Notice) -> Addressee | None:
    """Return a member to be told something, or None where there is none.

    Who was erased has neither an address nor wishes, and so no way that could be taken.
    """
    member_id, key = notice.member_id, store.key_of(notice.member_id)
    try:
        opened, profile = members.open_profile(work, member_id, key, absent=NotFound)
    except NotFound:
        return None
    reminded: Sequence[Held] = ()
    if notice.kind is Kind.REMINDER:
        morning = start_of(opened.today, opened.program.zone)
        reminded = store.reminded(work, member_id, since=morning)
    return Addressee(opened, profile, store.preferences_from(opened.others.get(key)), reminded)


def _is_new(work: Work, held: Held) -> bool:
    return _put(work, held, put=lambda tx: store.put_new(tx, held))


def _go_on(work: Work, held: Held, *, after: Held) -> bool:
    """Put a notice's next version, unless somebody else did, or it was erased with its member."""
    return _put(work, after, put=lambda tx: store.replace_held(tx, held, after=after, now=work.now))


def _put(work: Work, held: Held, *, put: Callable[[Transaction], None]) -> bool:
    """Tell whether a notice was ours to put; one that is not over requires somebody there."""

    def attempt(tx: Transaction) -> None:
        put(tx)
        if held.due or held.outcome == GIVEN_UP:
            wallets.require_present(tx, held.notice.member_id)

    try:
        persist(work, attempt)
    except (Mistaken, Replayed):
        return False
    return True


def _send(work: Work, messages: Messages, *, held: Held, message: Message) -> Counts:
    """Send a notice that is ours to send; one that is not carried waits for its next try."""
    name = store.name_of(held)
    try:
        messages.send(message)
    except Rejected as refusal:
        alarm("message_refused", notice=name, why=refusal.reason)
        _go_on(work, held, after=over(held, REFUSED))
        return {REFUSED: 1}
    except Down as away:
        if held.tries > DOWN_TOLERATED:
            alarm("carrier_down", notice=name, why=away.reason, tries=held.tries)
        if held.outcome == GIVEN_UP:
            raise GaveUp(name) from None
        return {"down": 1}
    _go_on(work, held, after=over(held, SENT))
    return {SENT: 1}


def _message(held: Held, *, told: Addressee, text: Written) -> Message:
    address = told.address(held.channel)
    assert address is not None, "a way that leads nowhere is not taken"
    return Message(address, held.channel, text.subject, text.text, store.name_of(held))

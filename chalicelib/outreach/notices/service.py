"""Telling members: a fact becomes notices, a notice becomes a message, now or when it may.

The order of things, for each way that a member left open. The message is written first: what cannot
be written is the relay's to park, and leaves nothing. Then the notice is put, only where it is not
there, with a wake-up some minutes ahead; then the message is sent; then the notice is over. A
process that dies in between leaves the wake-up, and the job goes on: whoever is told the same fact
again finds the notice and does nothing.

The price: a message that was sent and could not be noted is sent again. What is sent twice is read
twice; what is never sent is found out at the till.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from chalicelib.catalog.rewards import service as rewards
from chalicelib.catalog.shelf import service as shelf
from chalicelib.catalog.shelf.model import Ask, Mine, Wish
from chalicelib.catalog.stock.model import Hint
from chalicelib.gateways.messages.errors import Down, Rejected
from chalicelib.gateways.messages.model import Channel, Message
from chalicelib.gateways.messages.port import Messages
from chalicelib.kernel.errors import NotFound
from chalicelib.ledger.members import service as members
from chalicelib.ledger.members.model import Profile
from chalicelib.ledger.wallets import service as wallets
from chalicelib.outreach.notices import store
from chalicelib.outreach.notices.model import Fact, Held, Kind, Notice, Preferences, Written
from chalicelib.outreach.notices.rules import (
    DISTURBING,
    TRIES_MAX,
    is_past,
    notice_of,
    pause_after,
    quiet_until,
    told_endings,
    told_money,
    ways,
    written,
)
from chalicelib.redeem.orders import service as orders
from chalicelib.storage import wakes
from chalicelib.storage.transaction import Replayed, Transaction, persist
from chalicelib.storage.work import Work

DUE_PAGE: Final = 100
REWARDS_TOLD: Final = 3
"""Rewards that a reminder names."""
REWARDS_LOOKED_AT: Final = 20
SENT: Final = "sent"
REFUSED: Final = "refused"
UNWANTED: Final = "unwanted"
GIVEN_UP: Final = "given_up"


class GaveUp(Exception):
    """A message was tried as often as it is worth; somebody has to look at the carrier."""


class AlreadyWished(Exception):
    """Nothing is left to change."""

    def __init__(self, wishes: Preferences) -> None:
        """Keep the preferences as they are."""
        super().__init__()
        self.wishes = wishes


@dataclass(frozen=True, slots=True)
class Addressee:
    """A member, how they wish to be told, and the program's day and zone."""

    profile: Profile
    wishes: Preferences
    zone: str
    today: date

    def address(self, channel: Channel) -> str | None:
        """Return where a way leads to, or None where it leads nowhere."""
        profile = self.profile
        return {
            Channel.MAIL: profile.email,
            Channel.SMS: profile.phone,
            Channel.PUSH: profile.member_id,
        }[channel]

    def may_be_told(self, kind: Kind, channel: Channel) -> bool:
        """Tell whether a sort of notice may take a way."""
        return channel in ways(self.wishes, kind) and self.address(channel) is not None

    def disturbed_until(self, channel: Channel, now: datetime) -> datetime | None:
        """Return until when a way would disturb them, or None."""
        return (
            quiet_until(now, self.zone, quiet=self.wishes.quiet) if channel in DISTURBING else None
        )


def preferences(work: Work, member_id: str) -> Preferences:
    """Return how a member wishes to be told; raises `NotEnrolled`."""
    key = store.key_of(member_id)
    return store.preferences_from(wallets.open_wallet(work, member_id, key).others.get(key))


def prefer(
    work: Work, member_id: str, *, change: Callable[[Preferences], Preferences]
) -> Preferences:
    """Change how a member wishes to be told, and return it; raises `NotEnrolled`."""
    key = store.key_of(member_id)
    raw = wallets.open_wallet(work, member_id, key).others.get(key)

    def attempt(tx: Transaction) -> Preferences:
        before = store.preferences_from(tx.image(key) or raw)
        after = change(before)
        if after == before:
            raise AlreadyWished(before)
        after = replace(after, version=before.version + 1)
        store.put_preferences(tx, member_id, wishes=after)
        wallets.require_present(tx, member_id)
        return after

    try:
        return persist(work, attempt)
    except AlreadyWished as already:
        return already.wishes


def all_of(work: Work, member_id: str) -> Iterator[Held]:
    """Yield every notice to a member that is still kept, sent or not."""
    return store.all_of(work, member_id)


def erase_held(work: Work, member_id: str) -> None:
    """Erase every notice to a member; again, it goes on where it stopped."""
    store.erase_all_of(work, member_id)


def erase_preferences(tx: Transaction, member_id: str) -> None:
    """Add that nothing is left of how a member wished to be told."""
    store.delete_preferences(tx, member_id)


def hear(work: Work, messages: Messages, *, fact: Fact) -> None:
    """Tell a member what a fact tells them, once, however often it is heard."""
    notice = notice_of(fact)
    told = None if notice is None else _addressee(work, notice.member_id)
    if notice is None or told is None or is_past(notice, told.today):
        return
    open_ways = [
        channel
        for channel in Channel
        if channel in messages.channels and told.may_be_told(notice.kind, channel)
    ]
    text = _written(work, notice, told=told) if open_ways else None
    for channel in open_ways:
        assert text is not None
        quiet = told.disturbed_until(channel, work.now)
        held = Held(notice, channel, quiet or work.now + pause_after(1), tries=0 if quiet else 1)
        if _is_new(work, held) and not quiet:
            _send(work, messages, held=held, message=_message(held, told=told, text=text))


def due(work: Work) -> Iterator[str]:
    """Yield the names of notices whose time has come, those of a member in order."""
    after: str | None = None
    while True:
        page = wakes.due(work, store.WAKE, limit=DUE_PAGE, after=after)
        yield from page.items
        after = page.next_position
        if after is None:
            return


def deliver(work: Work, messages: Messages, *, name: str) -> None:
    """Send a notice that waited, if it still may be sent; raises `GaveUp` at its last try."""
    held = store.find(work, name)
    if held is None or held.due is None or held.due > work.now:
        return
    told = _addressee(work, held.notice.member_id)
    if (
        told is None
        or is_past(held.notice, told.today)
        or held.channel not in messages.channels
        or not told.may_be_told(held.notice.kind, held.channel)
    ):
        _go_on(work, held, after=_over(held, UNWANTED))
        return
    quiet = told.disturbed_until(held.channel, work.now)
    if quiet:
        _go_on(work, held, after=replace(held, due=quiet, version=held.version + 1))
        return
    text = _written(work, held.notice, told=told)
    tries = held.tries + 1
    due = work.now + pause_after(tries)
    begun = replace(held, tries=tries, due=due, version=held.version + 1)
    if _go_on(work, held, after=begun):
        _send(work, messages, held=begun, message=_message(begun, told=told, text=text))


def _addressee(work: Work, member_id: str) -> Addressee | None:
    """Return a member to be told something, or None where nobody is there any more."""
    key = store.key_of(member_id)
    try:
        opened = wallets.open_wallet(work, member_id, key, absent=NotFound)
        profile = members.member(work, member_id, absent=NotFound).profile
    except NotFound:
        return None
    if opened.wallet.erased:
        return None
    wishes = store.preferences_from(opened.others.get(key))
    return Addressee(profile, wishes, opened.program.zone, opened.today)


def _is_new(work: Work, held: Held) -> bool:
    try:
        persist(work, lambda tx: store.put_new(tx, held))
    except Replayed:
        return False
    return True


def _go_on(work: Work, held: Held, *, after: Held) -> bool:
    """Put a notice's next version, unless somebody else did: then it is theirs."""
    try:
        persist(work, lambda tx: store.replace_held(tx, held, after=after, now=work.now))
    except Replayed:
        return False
    return True


def _over(held: Held, outcome: str) -> Held:
    return replace(held, due=None, outcome=outcome, version=held.version + 1)


def _send(work: Work, messages: Messages, *, held: Held, message: Message) -> None:
    """Send a notice that is ours to send; one that is not carried waits for its next try."""
    try:
        messages.send(message)
    except Rejected:
        _go_on(work, held, after=_over(held, REFUSED))
    except Down:
        if held.tries >= TRIES_MAX:
            _go_on(work, held, after=_over(held, GIVEN_UP))
            raise GaveUp(store.name_of(held)) from None
    else:
        _go_on(work, held, after=_over(held, SENT))


def _message(held: Held, *, told: Addressee, text: Written) -> Message:
    address = told.address(held.channel)
    assert address is not None, "a way that leads nowhere is not taken"
    return Message(address, held.channel, text.subject, text.text, store.name_of(held))


def _written(work: Work, notice: Notice, *, told: Addressee) -> Written:
    facts = {**notice.figures, **_of_order(work, notice, told=told), **_of_dates(notice, told=told)}
    if notice.kind is Kind.REMINDER:
        facts["rewards"] = _rewards(work, notice.member_id, told=told)
    return written(notice.kind, facts, language=told.profile.language)


def _of_order(work: Work, notice: Notice, *, told: Addressee) -> Mapping[str, str | int]:
    if notice.order_id is None:
        return {}
    order = orders.find(work, notice.order_id)
    reward = rewards.present(work, order.reward_id)
    facts: dict[str, str | int] = {
        "order": order.id,
        "quantity": order.quantity,
        "reward": reward.title.told(told.profile.language),
    }
    return facts | ({"cash": told_money(order.cash)} if order.cash else {})


def _of_dates(notice: Notice, *, told: Addressee) -> Mapping[str, str | int]:
    if not notice.dates:
        return {}
    return {"endings": told_endings(notice.dates, told.today, language=told.profile.language)}


def _rewards(work: Work, member_id: str, *, told: Addressee) -> str:
    """Return the names of rewards that a member could get now, empty where there are none."""
    ask = Ask(None, REWARDS_LOOKED_AT, None)
    page = shelf.browse_as(work, member_id, ask=ask, wish=Wish(affordable=True))
    open_now = [mine.shown.reward for mine in page.items if _is_open(mine)]
    titles = [reward.title.told(told.profile.language) for reward in open_now[:REWARDS_TOLD]]
    return ("、" if told.profile.language == "zh-CN" else ", ").join(titles)


def _is_open(mine: Mine) -> bool:
    locks, sold_out = mine.locks, mine.shown.hint is Hint.SOLD_OUT
    lacks = locks.lacks
    return not (sold_out or locks.limit or lacks.standing or lacks.plan or lacks.tags)

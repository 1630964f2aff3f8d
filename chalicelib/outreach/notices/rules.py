"""Which facts tell members what, which ways are taken, and when nobody is disturbed.

Points earned are no notice each: the wallet and the journal show them. What is told is what a
member would else learn too late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from chalicelib.gateways.messages.model import Channel
from chalicelib.ledger.expiry.model import Reminder
from chalicelib.ledger.journal.model import Account, Entry, Reason
from chalicelib.outreach.notices.model import SERVICE, Fact, Held, Preferences, Quiet, Wishes
from chalicelib.outreach.wording.model import Kind, Notice
from chalicelib.outreach.wording.rules import source_of

DISTURBING: Final = frozenset({Channel.SMS, Channel.PUSH})
"""The ways that make a noise; a mail wakes nobody."""
PAUSE: Final = timedelta(minutes=5)
"""Until a message that was not carried is tried again the first time; it doubles with each try."""
PAUSE_MAX: Final = timedelta(hours=6)
"""However long a carrier was away, what waits is sent on the day on which it is back."""
DOUBLINGS_MAX: Final = 7
"""Ten hours: more than the longest pause, and few enough for any number of tries."""
TRIES_MAX: Final = 12
"""About two days: longer than any outage of a carrier so far, shorter than a notice is worth."""
DOWN_TOLERATED: Final = 2
"""So often a carrier may be away, a quarter of an hour in all, before somebody is woken."""
KEPT: Final = timedelta(days=30)
"""How long a notice that is over is known: the stream keeps records for a day; a parked one is
looked at within weeks."""
FRESH: Final = KEPT - timedelta(days=2)
"""Until then a fact is told, and later to nobody: while it is, the notice of it is known for
certain, in any zone, so that none is sent twice."""
ONE_DAY: Final = timedelta(days=1)
CLAWBACKS: Final = frozenset({Kind.TAKEN_BACK, Kind.REFERRAL_TAKEN_BACK})
"""Nothing is told of them where nothing was left to take."""
SENT: Final = "sent"
REFUSED: Final = "refused"
UNWANTED: Final = "unwanted"
GIVEN_UP: Final = "given_up"

Figures = Mapping[str, int]
Teller = Callable[[Entry], Figures]


class AlreadyWished(Exception):
    """Nothing is left to change."""

    def __init__(self, wishes: Wishes) -> None:
        """Keep the wishes as they are."""
        super().__init__()
        self.wishes = wishes


def notice_of(fact: Fact) -> Notice | None:
    """Return what a fact tells its member, or None."""
    if isinstance(fact, Reminder):
        return Notice(fact.member_id, source_of(fact.on), Kind.REMINDER)
    return _posted(fact) if isinstance(fact, Entry) else None


def is_stale(fact: Fact, now: datetime) -> bool:
    """Tell whether a fact is too old to be told: what it told before may be forgotten by now."""
    if isinstance(fact, Reminder):
        return fact.on < (now - FRESH).date()
    return fact.at < now - FRESH


def begun(held: Held, notice: Notice, *, now: datetime) -> Held:
    """Return a notice that is begun to be sent, with what it tells now.

    Until it is over it waits for its next try. The last try has none: it is begun as given up, and
    whatever becomes of whoever sends it, nobody begins again.
    """
    tries = held.tries + 1
    next_try = None if tries >= TRIES_MAX else now + pause_after(tries)
    outcome = GIVEN_UP if next_try is None else None
    version = held.version + 1
    return Held(notice, held.channel, next_try, tries, version, outcome)


def over(held: Held, outcome: str) -> Held:
    """Return a notice that nothing more is done about."""
    return replace(held, due=None, outcome=outcome, version=held.version + 1)


def tells_all(sent: Notice, reminder: Notice) -> bool:
    """Tell whether a reminder that was sent named all the points of another."""
    return all(sent.dates.get(day, 0) >= points for day, points in reminder.dates.items())


def by_member(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the names of notices by member, each member's in their order."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition("#")[0], []).append(name)
    return tuple(map(tuple, found.values()))


def _posted(entry: Entry) -> Notice | None:
    told = POSTED.get(entry.reason)
    if told is None:
        return None
    kind, teller = told
    figures = {**teller(entry), "balance": entry.available_after}
    if kind in CLAWBACKS and not figures["points"]:
        return None
    source = f"J#{entry.version:012d}"
    order = entry.refers.get("order")
    return Notice(entry.member_id, source, kind, _without_zeros(figures), order_id=order)


def _without_zeros(figures: Figures) -> Figures:
    return {name: count for name, count in figures.items() if count or name == "balance"}


def _redeemed(entry: Entry) -> Figures:
    return {"points": entry.legs.get(Account.REDEEMED, 0)}


def _returned(entry: Entry) -> Figures:
    """What came back: to the balance, to what was owed, or past its day to nobody."""
    legs = entry.legs
    came = -legs.get(Account.REDEEMED, 0) - legs.get(Account.ESCROW, 0)
    return {
        "points": came,
        "debt_paid": legs.get(Account.DEBT, 0),
        "expired": legs.get(Account.EXPIRED, 0),
    }


def _taken(entry: Entry) -> Figures:
    legs = entry.legs
    return {"points": legs.get(Account.CLAWED_BACK, 0), "owed": -legs.get(Account.DEBT, 0)}


def _restored(entry: Entry) -> Figures:
    legs = entry.legs
    return {"points": -legs.get(Account.CLAWED_BACK, 0), "debt_paid": legs.get(Account.DEBT, 0)}


def _adjusted(entry: Entry) -> Figures:
    legs = entry.legs
    return {
        "points": -legs.get(Account.ISSUED, 0),
        "taken": legs.get(Account.CLAWED_BACK, 0),
        "owed": max(0, -legs.get(Account.DEBT, 0)),
        "debt_paid": max(0, legs.get(Account.DEBT, 0)),
    }


def _nothing(_: Entry) -> Figures:
    return {}


POSTED: Final[Mapping[Reason, tuple[Kind, Teller]]] = {
    Reason.REDEMPTION: (Kind.ORDER_SETTLED, _redeemed),
    Reason.PAID: (Kind.ORDER_SETTLED, _redeemed),
    Reason.HOLD_SETTLED: (Kind.ORDER_SETTLED, _redeemed),
    Reason.REVIVED: (Kind.ORDER_SETTLED, _redeemed),
    Reason.CANCELLATION: (Kind.ORDER_CANCELLED, _returned),
    Reason.UNPAID: (Kind.ORDER_UNPAID, _returned),
    Reason.HOLD_RETURNED: (Kind.ORDER_REJECTED, _returned),
    Reason.ORDER_REFUND: (Kind.ORDER_REFUNDED, _returned),
    Reason.DISPUTE: (Kind.DISPUTED, _taken),
    Reason.DISPUTE_WON: (Kind.DISPUTE_WON, _restored),
    Reason.DISPUTE_LOST: (Kind.ORDER_REFUNDED, _returned),
    Reason.REFUND: (Kind.TAKEN_BACK, _taken),
    Reason.REFERRAL_REFUND: (Kind.REFERRAL_TAKEN_BACK, _taken),
    Reason.ADJUSTMENT: (Kind.ADJUSTED, _adjusted),
    Reason.FROZEN: (Kind.FROZEN, _nothing),
    Reason.THAWED: (Kind.THAWED, _nothing),
}
"""What entries tell, by their reason; all others tell nothing."""


def ways(wishes: Preferences, kind: Kind) -> frozenset[Channel]:
    """Return by which ways a member is told: those that they left open.

    What they have to know goes by mail in any case; reminders go by none when they do not want any.
    """
    if kind is Kind.REMINDER and not wishes.reminders:
        return frozenset()
    asked = frozenset(channel for channel in Channel if wishes.allows(channel))
    return asked | {Channel.MAIL} if kind in SERVICE else asked


def quiet_until(now: datetime, zone: str, *, quiet: Quiet | None) -> datetime | None:
    """Return when the quiet hours end that an instant falls in, in UTC, or None outside of them.

    They go by the clock on the wall. Where they end in an hour that it leaves out, what was held
    back waits until that hour would have come; one that it shows twice is quiet both times.
    """
    if quiet is None:
        return None
    local = now.astimezone(ZoneInfo(zone))
    at = local.time()
    if quiet.starts <= quiet.ends:
        is_quiet, is_tomorrow = quiet.starts <= at < quiet.ends, False
    else:
        is_quiet, is_tomorrow = at >= quiet.starts or at < quiet.ends, at >= quiet.starts
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=is_tomorrow)
    ends = datetime.combine(day, quiet.ends, local.tzinfo).replace(fold=local.fold)
    return ends.astimezone(UTC)


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries."""
    doubled: timedelta = PAUSE * 2 ** min(tries - 1, DOUBLINGS_MAX)
    return min(PAUSE_MAX, doubled)


def hour_of(text: str) -> time:
    """Return the time that `HH:MM` tells."""
    return time.fromisoformat(text)


def text_of(hour: time) -> str:
    """Return a time as `HH:MM`."""
    return hour.strftime("%H:%M")

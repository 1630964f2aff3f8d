"""Notices and wishes as items, beside the member's wallet.

    member / N               how they wish to be told, where they ever said so
    member / N#source#way    one notice by one way: waiting, with a wake-up, or over

A notice stays for 30 days after it is over, so that the fact behind it, told again, finds it. It
holds figures and ids; whom it goes to is read from the profile when it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.gateways.messages.model import Channel
from chalicelib.outreach.notices.model import Held, Preferences, Quiet
from chalicelib.outreach.notices.rules import KEPT, SENT, hour_of, text_of
from chalicelib.outreach.wording.model import KINDS, Notice
from chalicelib.storage.dates import day_of_key, key_of_day
from chalicelib.storage.reads import Range, fetch, query_all
from chalicelib.storage.table import IntAttribute, IntMapAttribute, Item, Key, RawItem
from chalicelib.storage.transaction import (
    Mistaken,
    Replayed,
    Transaction,
    erase_all,
    moved,
    there,
)
from chalicelib.storage.wakes import wake
from chalicelib.storage.work import Work

WAKE: Final = "notice"
"""The kind of deadline of what waits to be sent."""


class WishesItem(Item):
    """A member's preferences as stored."""

    mail = BooleanAttribute(attr_name="m")
    sms = BooleanAttribute(attr_name="x")
    push = BooleanAttribute(attr_name="u")
    reminders = BooleanAttribute(attr_name="r")
    quiet_from = UnicodeAttribute(attr_name="qf", null=True)
    quiet_until = UnicodeAttribute(attr_name="qu", null=True)
    version = IntAttribute(attr_name="v")


class NoticeItem(Item):
    """One notice by one way as stored."""

    kind = UnicodeAttribute(attr_name="k")
    figures = IntMapAttribute(attr_name="g")
    dates = IntMapAttribute(attr_name="d")
    order = UnicodeAttribute(attr_name="o", null=True)
    due = UnicodeAttribute(attr_name="a", null=True)
    tries = IntAttribute(attr_name="n")
    version = IntAttribute(attr_name="v")
    outcome = UnicodeAttribute(attr_name="st", null=True)
    ttl = IntAttribute(attr_name="t", null=True)


def key_of(member_id: str) -> Key:
    """Return where a member's preferences are."""
    return (member_id, "N")


def preferences_from(raw: RawItem | None) -> Preferences:
    """Return the preferences that an image holds; the defaults where there is none."""
    if raw is None:
        return Preferences()
    item = WishesItem.read(raw)
    hours = [hour_of(text) for text in (item.quiet_from, item.quiet_until) if text]
    quiet = Quiet(*hours) if hours else None
    return Preferences(item.mail, item.sms, item.push, item.reminders, quiet, item.version)


def put_preferences(tx: Transaction, member_id: str, *, wishes: Preferences) -> None:
    """Add the next version of a member's preferences."""
    key = key_of(member_id)
    before = wishes.version - 1
    tx.put(
        WishesItem(
            *key,
            mail=wishes.mail,
            sms=wishes.sms,
            push=wishes.push,
            reminders=wishes.reminders,
            quiet_from=text_of(wishes.quiet.starts) if wishes.quiet else None,
            quiet_until=text_of(wishes.quiet.ends) if wishes.quiet else None,
            version=wishes.version,
        ),
        condition=WishesItem.version == before if before else None,
        otherwise=moved(key),
    )


def name_of(held: Held) -> str:
    """Return the one name of a notice by one way, by which the index of wake-ups knows it."""
    return f"{held.notice.member_id}#{held.notice.source}#{held.channel}"


def put_new(tx: Transaction, held: Held) -> None:
    """Add a notice that was not there; `Replayed` where it was."""
    tx.put(_item(held, ttl=None), otherwise=there)


def replace_held(tx: Transaction, before: Held, *, after: Held, now: datetime) -> None:
    """Add a notice's next version; `Replayed` where somebody else has gone on with it.

    `Mistaken` where it is gone, with its member.
    """

    def overtaken(image: RawItem | None) -> Exception:
        return Replayed(image) if image else Mistaken()

    ttl = None if after.due else int((now + KEPT).timestamp())
    condition = NoticeItem.version == before.version
    tx.put(_item(after, ttl=ttl), condition=condition, otherwise=overtaken)


def find(work: Work, name: str) -> Held | None:
    """Return a notice by its name, or None."""
    member_id, _, rest = name.partition("#")
    item = fetch(work, NoticeItem.named(member_id, f"N#{rest}"))
    return None if item is None else _held(item)


def all_of(work: Work, member_id: str) -> Iterator[Held]:
    """Yield every notice to a member that is still kept."""
    return map(_held, query_all(work, NoticeItem, part=Range(member_id, "N#")))


def reminded(work: Work, member_id: str, *, since: datetime) -> tuple[Held, ...]:
    """Return the reminders that were sent to a member since an instant."""
    forgotten = int((since + KEPT).timestamp())
    found = query_all(work, NoticeItem, part=Range(member_id, "N#rd#"))
    sent = (item for item in found if item.outcome == SENT and (item.ttl or 0) >= forgotten)
    return tuple(map(_held, sent))


def erase_all_of(work: Work, member_id: str) -> None:
    """Erase every notice to a member."""
    erase_all(work, Range(member_id, "N#"))


def delete_preferences(tx: Transaction, member_id: str) -> None:
    """Add that no preferences of a member are kept."""
    tx.delete(WishesItem(*key_of(member_id)))


def _item(held: Held, *, ttl: int | None) -> NoticeItem:
    notice, name = held.notice, name_of(held)
    _, _, rest = name.partition("#")
    waits = wake(WAKE, name, at=held.due) if held.due else {}
    return NoticeItem(
        notice.member_id,
        f"N#{rest}",
        kind=notice.kind.code,
        figures=dict(notice.figures),
        dates={key_of_day(day): points for day, points in notice.dates.items()},
        order=notice.order_id,
        due=held.due.isoformat() if held.due else None,
        tries=held.tries,
        version=held.version,
        outcome=held.outcome,
        ttl=ttl,
        wk=waits.get("wk"),
        wa=waits.get("wa"),
    )


def _held(item: NoticeItem) -> Held:
    source, _, channel = item.sort.removeprefix("N#").rpartition("#")
    notice = Notice(
        item.partition,
        source,
        KINDS[item.kind],
        item.figures,
        {day_of_key(key): points for key, points in item.dates.items()},
        item.order,
    )
    return Held(
        notice,
        Channel(channel),
        datetime.fromisoformat(item.due) if item.due else None,
        item.tries,
        item.version,
        item.outcome,
    )

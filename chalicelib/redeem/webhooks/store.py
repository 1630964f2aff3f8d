"""Events of Stripe's as items: `event#id / E`, kept for ever.

An event is put where none is, so that it is kept once however often it is told. It is claimed for
the length of a lease, and it is done by a piece of the very transaction that holds its effect:
whoever dies in between leaves both undone, and two who work it off at once can do it once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.kernel.clock import rfc3339
from chalicelib.redeem.webhooks.model import Event, State, Thing
from chalicelib.storage.reads import fetch
from chalicelib.storage.table import Item, Key, RawItem
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.work import Work

SORT: Final = "E"


class Kept(Exception):
    """The event was put before."""

    def __init__(self, event: Event) -> None:
        """Keep how far it is."""
        super().__init__(event.id)
        self.event = event


class Leased(Exception):
    """Somebody else works the event off just now, or died doing so a moment ago."""


class AlreadyDone(Exception):
    """Everything that follows from the event has been done."""


class EventItem(Item):
    """One event as stored."""

    state = UnicodeAttribute(attr_name="st")
    kind = UnicodeAttribute(attr_name="y")
    thing = UnicodeAttribute(attr_name="k")
    thing_id = UnicodeAttribute(attr_name="i")
    intent_id = UnicodeAttribute(attr_name="pi", null=True)
    order_id = UnicodeAttribute(attr_name="o", null=True)
    is_live = BooleanAttribute(attr_name="l")
    created = UnicodeAttribute(attr_name="c")
    received = UnicodeAttribute(attr_name="a")
    until = UnicodeAttribute(attr_name="u", null=True)


def find(work: Work, event_id: str) -> Event | None:
    """Return an event, or None."""
    item = fetch(work, EventItem.named(*_key(event_id)))
    return None if item is None else _event(item)


def put_event(tx: Transaction, event: Event) -> None:
    """Add an event that is told for the first time; raises `Kept` where it was told before."""
    item = EventItem(
        *_key(event.id),
        state=event.state.value,
        kind=event.type,
        thing=event.thing.value,
        thing_id=event.thing_id,
        intent_id=event.intent_id,
        order_id=event.order_id,
        is_live=event.is_live,
        created=rfc3339(event.created_at),
        received=rfc3339(event.received_at),
    )
    tx.put(item, otherwise=lambda image: Kept(_event_from(image)))


def put_lease(tx: Transaction, event: Event, *, until: datetime) -> None:
    """Add that an event is claimed; raises `Leased` or `AlreadyDone`."""
    is_over = EventItem.until <= rfc3339(tx.work.now)
    is_free = EventItem.state == State.RECEIVED.value
    tx.update(
        EventItem(*_key(event.id)),
        (EventItem.state.set(State.LEASED.value), EventItem.until.set(rfc3339(until))),
        condition=is_free | ((EventItem.state == State.LEASED.value) & is_over),
        otherwise=_taken,
    )


def put_freed(tx: Transaction, event_id: str, *, until: datetime) -> None:
    """Add that a claim is given up; raises `Leased` or `AlreadyDone` where it is nobody's own."""
    is_own = EventItem.until == rfc3339(until)
    tx.update(
        EventItem(*_key(event_id)),
        (EventItem.state.set(State.RECEIVED.value), EventItem.until.remove()),
        condition=(EventItem.state == State.LEASED.value) & is_own,
        otherwise=_taken,
    )


def put_done(tx: Transaction, event_id: str) -> None:
    """Add that an event is done; raises `AlreadyDone` where it was, so that nothing is twice."""
    tx.update(
        EventItem(*_key(event_id)),
        (EventItem.state.set(State.DONE.value), EventItem.until.remove()),
        condition=EventItem.state.is_in(State.RECEIVED.value, State.LEASED.value),
        otherwise=lambda _: AlreadyDone(),
    )


def _taken(image: RawItem | None) -> Exception:
    is_done = _event_from(image).state is State.DONE
    return AlreadyDone() if is_done else Leased()


def _event_from(image: RawItem | None) -> Event:
    assert image is not None, "events are never deleted"
    return _event(EventItem.read(image))


def _event(item: EventItem) -> Event:
    return Event(
        id=item.partition.removeprefix("event#"),
        type=item.kind,
        thing=Thing(item.thing),
        thing_id=item.thing_id,
        intent_id=item.intent_id,
        order_id=item.order_id,
        is_live=item.is_live,
        created_at=datetime.fromisoformat(item.created),
        received_at=datetime.fromisoformat(item.received),
        state=State(item.state),
        leased_until=datetime.fromisoformat(item.until) if item.until else None,
    )


def _key(event_id: str) -> Key:
    return (f"event#{event_id}", SORT)

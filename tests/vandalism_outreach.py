"""Corruptions of what members are told, how they wish it, and of records that were put aside."""

from __future__ import annotations

from typing import Any, Final

from tests import invariants_outreach as outreach
from tests.mall import id_of
from tests.vandalism import Columns, Plants, alter, items, m, n, put, remove, s, strip

NULL: Final[dict[str, Any]] = {"NULL": True}


def waiting() -> Columns:
    """The notice that wen was frozen, which nobody carried."""
    return items("notice", "wen", k="account_frozen")[0]


def sent() -> Columns:
    return items("notice", "wen", k="account_thawed")[0]


def remind_twice() -> None:
    for day, minutes in ((1, 0), (2, 5)):
        one = {"s": s(f"N#rd#2029-01-0{day}#mail"), "k": s("expiry_reminder")}
        put(sent() | one | {"t": n(int(sent()["t"]["N"]) + 60 * minutes)})


def wishes(**columns: dict[str, Any]) -> None:
    alter(items("wishes", "wen")[0], **columns)


def aside() -> Columns:
    """The record that nobody asked for."""
    return items("parked", st="parked")[0]


def asked() -> Columns:
    return items("parked", st="asked")[0]


PLANTS: Final[Plants] = {
    "a notice that waits and is over": (
        outreach.notices_wait_or_are_over,
        lambda: alter(waiting(), st=s("sent")),
    ),
    "a notice that neither waits nor is over": (
        outreach.notices_wait_or_are_over,
        lambda: strip(sent(), "st"),
    ),
    "a notice that is over and never goes": (
        outreach.notices_wait_or_are_over,
        lambda: strip(sent(), "t"),
    ),
    "a notice that goes before it is sent": (
        outreach.notices_wait_or_are_over,
        lambda: alter(waiting(), t=n(1_900_000_000)),
    ),
    "a notice that no job finds": (
        outreach.notices_wait_or_are_over,
        lambda: strip(waiting(), "wk"),
    ),
    "a notice that is found as somebody else's": (
        outreach.notices_wait_or_are_over,
        lambda: alter(sent(), wk=waiting()["wk"], wa=waiting()["wa"]),
    ),
    "a notice that is found an hour late": (
        outreach.notices_wait_or_are_over,
        lambda: alter(waiting(), a=s("2029-01-01T00:00:00+00:00")),
    ),
    "a notice that waits after its last try": (
        outreach.notices_are_tried_a_few_times,
        lambda: alter(waiting(), n=n(12), v=n(12)),
    ),
    "a notice given up too early": (
        outreach.notices_are_tried_a_few_times,
        lambda: alter(sent(), st=s("given_up"), n=n(11), v=n(11)),
    ),
    "a notice that was sent by nobody": (
        outreach.notices_are_tried_a_few_times,
        lambda: alter(sent(), n=n(0)),
    ),
    "a notice that ended in a way of its own": (
        outreach.notices_are_tried_a_few_times,
        lambda: alter(sent(), st=s("lost")),
    ),
    "a notice with more tries than versions": (
        outreach.notices_are_tried_a_few_times,
        lambda: alter(sent(), v=n(1)),
    ),
    "a notice of an entry that is not there": (
        outreach.notices_tell_what_happened,
        lambda: put(sent() | {"s": s("N#J#000000000099#mail")}),
    ),
    "a notice of an entry of somebody else's": (
        outreach.notices_tell_what_happened,
        lambda: put(sent() | {"p": s(id_of("ana"))}),
    ),
    "a notice that tells another story": (
        outreach.notices_tell_what_happened,
        lambda: alter(sent(), k=s("points_adjusted")),
    ),
    "a notice of another balance": (
        outreach.notices_tell_what_happened,
        lambda: alter(sent(), g=m(balance=9)),
    ),
    "a notice of an order that its entry does not name": (
        outreach.notices_tell_what_happened,
        lambda: alter(sent(), o=s("ord_00000000000000000000")),
    ),
    "a reminder that nobody was given": (
        outreach.notices_tell_what_happened,
        lambda: put(sent() | {"s": s("N#rd#2029-01-01#mail"), "k": s("expiry_reminder")}),
    ),
    "two reminders of one day": (
        outreach.reminders_come_once_a_day,
        remind_twice,
    ),
    "wishes of nobody": (
        outreach.wishes_are_whole,
        lambda: put(items("wishes", "wen")[0] | {"p": s("mem_00000000000")}),
    ),
    "half a night": (outreach.wishes_are_whole, lambda: wishes(qu=NULL)),
    "a night that ends as it begins": (outreach.wishes_are_whole, lambda: wishes(qu=s("23:00"))),
    "a night that begins at no hour": (outreach.wishes_are_whole, lambda: wishes(qf=s("24:00"))),
    "a wish that is neither yes nor no": (outreach.wishes_are_whole, lambda: wishes(x=NULL)),
    "a record put aside that nobody lists": (
        outreach.parked_records_are_whole,
        lambda: strip(aside(), "l1"),
    ),
    "a record put aside that goes by itself": (
        outreach.parked_records_are_whole,
        lambda: alter(aside(), t=n(1_900_000_000)),
    ),
    "a record that was read in the end and is still listed": (
        outreach.parked_records_are_whole,
        lambda: alter(asked(), st=s("replayed"), t=n(1_900_000_000)),
    ),
    "a record put aside that nobody read": (
        outreach.parked_records_are_whole,
        lambda: alter(aside(), n=n(0)),
    ),
    "a record that is read again unasked": (
        outreach.parked_records_are_whole,
        lambda: alter(aside(), st=s("asked")),
    ),
    "a record that was asked for, and the log does not have it": (
        outreach.parked_records_are_whole,
        lambda: remove(items("audit", w="parked.replay")[0]),
    ),
    "a record of something else": (
        outreach.parked_records_are_whole,
        lambda: alter(aside(), w=s("program / HEAD")),
    ),
}

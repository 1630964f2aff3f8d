"""Corruptions of what Stripe told, each with the invariant that has to see it."""

from __future__ import annotations

from typing import Final

from tests import invariants_events as events
from tests.vandalism import Columns, Plants, put, s

DONE: Final[Columns] = {
    "p": s("event#evt_1"),
    "s": s("E"),
    "st": s("done"),
    "y": s("payment_intent.succeeded"),
    "k": s("payment_intent"),
    "i": s("pi_1"),
    "pi": s("pi_1"),
    "o": s("ord_0000000000000000test"),
    "l": {"BOOL": False},
    "c": s("2026-11-21T04:00:00.000000Z"),
    "a": s("2026-11-21T04:00:00.000000Z"),
}

PLANTS: Final[Plants] = {
    "an event in a state of its own": (
        events.events_are_whole,
        lambda: put(DONE | {"st": s("lost")}),
    ),
    "an event of something that nobody follows": (
        events.events_are_whole,
        lambda: put(DONE | {"k": s("customer")}),
    ),
    "an event that names nothing": (events.events_are_whole, lambda: put(DONE | {"i": s("")})),
    "an event that is done and leased": (
        events.events_are_whole,
        lambda: put(DONE | {"u": s("2026-11-21T04:00:30.000000Z")}),
    ),
    "an event that is leased for ever": (
        events.events_are_whole,
        lambda: put(DONE | {"st": s("leased")}),
    ),
    "an event of nobody's payment": (
        events.events_are_whole,
        lambda: put({name: DONE[name] for name in DONE if name != "o"}),
    ),
}

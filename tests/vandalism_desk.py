"""Corruptions of corrections over the desk, each with the invariant that has to see it."""

from __future__ import annotations

from typing import Final

from tests import invariants_desk as desk
from tests.vandalism import Columns, Plants, alter, items, n, put, remove, s


def small() -> Columns:
    return items("adjustment", b=40)[0]


def large() -> Columns:
    return items("adjustment", b=-1_500)[0]


def counted() -> Columns:
    return items("alone", "mei")[0]


def rejected() -> Columns:
    return items("adjustment", b=9_000)[0]


PLANTS: Final[Plants] = {
    "a correction that nobody made": (
        desk.corrections_are_made_when_approved,
        lambda: alter(rejected(), st=s("approved"), l1=s("approved#x")),
    ),
    "a correction of more points than its entry": (
        desk.corrections_are_made_when_approved,
        lambda: alter(small(), b=n(41)),
    ),
    "a correction of somebody else": (
        desk.corrections_are_made_when_approved,
        lambda: alter(large(), m=s("mem_00000000000")),
    ),
    "a correction that is gone": (
        desk.corrections_are_made_when_approved,
        lambda: remove(large()),
    ),
    "a correction under another stage": (
        desk.corrections_are_made_when_approved,
        lambda: alter(rejected(), l1=s("proposed#2026-11-21T04:00:00Z")),
    ),
    "a correction that its proposer approved": (
        desk.nobody_decides_alone,
        lambda: alter(large(), dy=large()["y"]),
    ),
    "a decision without its time": (
        desk.nobody_decides_alone,
        lambda: alter(rejected(), dy=s("op-finance"), da={"NULL": True}),
    ),
    "a rejection by nobody": (
        desk.nobody_decides_alone,
        lambda: alter(rejected(), dy={"NULL": True}, da={"NULL": True}),
    ),
    "a proposal that the log does not have": (
        desk.decisions_are_in_the_audit_log,
        lambda: remove(items("audit", w="adjustment.propose")[0]),
    ),
    "an approval by somebody else than the log says": (
        desk.decisions_are_in_the_audit_log,
        lambda: alter(large(), dy=s("op-third")),
    ),
    "a proposal by somebody else than the log says": (
        desk.decisions_are_in_the_audit_log,
        lambda: alter(rejected(), y=s("op-third")),
    ),
    "a decision before its proposal": (
        desk.decisions_are_in_the_audit_log,
        lambda: alter(rejected(), da=s("2026-11-20T00:00:00.000000Z")),
    ),
    "a small correction counted for another operator": (
        desk.what_one_person_moves_alone_is_counted,
        lambda: alter(small(), y=s("op-third")),
    ),
    "a small correction counted on another day": (
        desk.what_one_person_moves_alone_is_counted,
        lambda: put(counted() | {"s": s("Z#2026-11-20")}),
    ),
    "a large correction by one person": (
        desk.what_one_person_moves_alone_is_counted,
        lambda: alter(large(), dy={"NULL": True}, da={"NULL": True}),
    ),
    "a day's points that are not counted": (
        desk.what_one_person_moves_alone_is_counted,
        lambda: alter(items("alone", "mei")[0], n=n(39)),
    ),
    "more than a day's points of a member": (
        desk.what_one_person_moves_alone_is_counted,
        lambda: alter(items("alone", "mei")[0], n=n(1_001)),
    ),
    "more than a day's points of an operator": (
        desk.what_one_person_moves_alone_is_counted,
        lambda: alter(items("alone", p="desk")[0], n=n(10_001)),
    ),
}

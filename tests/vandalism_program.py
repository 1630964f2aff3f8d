"""Corruptions of the program's settings, each with the invariant that has to see it."""

from __future__ import annotations

import json
from typing import Any, Final

from tests import invariants_program as program
from tests.vandalism import Plants, alter, items, m, n, remove, s


def versions() -> list[dict[str, Any]]:
    return [item for item in items("document") if "#program#" in item["s"]["S"]]


def given(**changes: object) -> None:
    """Change what the newest settings gave to points that members had."""
    body = json.loads(versions()[-1]["b"]["S"])
    body["longer"][-1] |= changes
    alter(versions()[-1], b=s(json.dumps(body)))


def newest(**changes: object) -> None:
    """Change the newest settings."""
    alter(versions()[-1], b=s(json.dumps(json.loads(versions()[-1]["b"]["S"]) | changes)))


def moves() -> int:
    """Return how often the head was moved."""
    return int(items("head")[0]["r"]["N"])


PLANTS: Final[Plants] = {
    "settings that are gone": (
        program.the_head_names_what_is_there,
        lambda: remove(versions()[0]),
    ),
    "settings that the head does not name": (
        program.the_head_names_what_is_there,
        lambda: alter(items("head")[0], v=m(program=1, campaigns=2)),
    ),
    "a head that was moved unseen": (
        program.the_head_names_what_is_there,
        lambda: alter(items("head")[0], r=n(999)),
    ),
    "no head": (program.the_head_names_what_is_there, lambda: remove(items("head")[0])),
    "a zone that may change under members": (
        program.the_head_names_what_is_there,
        lambda: alter(items("head")[0], z={"BOOL": False}, r=n(moves() - 1)),
    ),
    "a longer validity that gives nothing": (
        program.longer_validities_follow_from_the_settings,
        lambda: given(months=0),
    ),
    "a longer validity whose days are the wrong way round": (
        program.longer_validities_follow_from_the_settings,
        lambda: given(first="2099-01-31"),
    ),
    "a longer validity up to the middle of a month": (
        program.longer_validities_follow_from_the_settings,
        lambda: given(last="2098-01-15"),
    ),
    "a longer validity that gives nobody anything": (
        program.longer_validities_follow_from_the_settings,
        lambda: newest(longer=[]),
    ),
    "a shorter validity that is forgotten": (
        program.longer_validities_follow_from_the_settings,
        lambda: newest(shortened_on=None),
    ),
}

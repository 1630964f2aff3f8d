"""A record as Lambda hands it on, and the steps of one that nobody could read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from chalicelib.outreach.relay.model import State
from chalicelib.outreach.relay.rules import (
    ASK_AGAIN,
    TRIES_MAX,
    WHY_CHARS_MAX,
    asked,
    is_asked,
    parked,
    parked_again,
    parked_id_of,
    pause_before,
    record_of,
    replayed,
)
from tests.builders import NOW

Image = dict[str, Any]
KEYS: Final[Image] = {"p": {"S": "mem_0Ab1Cd2Ef3G"}, "s": {"S": "J#000000000009"}}
OF_PARKED: Final[Image] = {"p": {"S": "parked"}, "s": {"S": "E#prk_1"}}


def a_raw(new: Image | None, old: Image | None = None, *, keys: Image = KEYS) -> Image:
    """Return a record as it stands in Lambda's event."""
    images = {"NewImage": new, "OldImage": old}
    told = {name: {**keys, **image} for name, image in images.items() if image is not None}
    change = "REMOVE" if new is None else "INSERT" if old is None else "MODIFY"
    return {"eventName": change, "dynamodb": {"Keys": keys, "SequenceNumber": "1", **told}}


def test_bytes_of_a_record_are_read_and_all_else_is_as_it_stands() -> None:
    image: Image = {"h": {"B": "aGFzaA=="}, "n": {"N": "3"}, "m": {"M": {"a": {"N": "1"}}}}
    record = record_of(a_raw(image))
    assert (record.partition, record.sort) == ("mem_0Ab1Cd2Ef3G", "J#000000000009")
    assert record.new == {**KEYS, **image, "h": {"B": b"hash"}}
    assert record.old is None


def test_a_record_is_put_aside_under_one_id_with_what_it_is_about_and_why() -> None:
    raw = a_raw({"n": {"S": "\u6797"}})
    aside = parked({**raw, "eventID": "x"}, why="x" * 500, at=NOW)
    assert aside.what == "mem_0Ab1Cd2Ef3G / J#000000000009"
    assert (len(aside.why), aside.tries, aside.state) == (WHY_CHARS_MAX, 5, State.PARKED)
    assert "\u6797" in aside.record
    assert "eventID" not in aside.record
    assert parked(raw, why="y", at=NOW).id == aside.id
    raw["dynamodb"]["SequenceNumber"] = "2"
    assert parked(raw, why="y", at=NOW).id != aside.id


def test_who_asked_a_moment_ago_asks_again_in_vain() -> None:
    first = asked(parked(a_raw({}), why="KeyError", at=NOW), NOW)
    assert asked(first, NOW + ASK_AGAIN - timedelta(seconds=1)) is first
    again = asked(first, NOW + ASK_AGAIN)
    assert (again.asked_at, again.version) == (NOW + ASK_AGAIN, first.version + 1)
    back = replace(first, state=State.PARKED)
    assert asked(back, NOW).state is State.ASKED
    assert timedelta(minutes=5) == ASK_AGAIN


def test_what_fails_once_more_is_parked_again_and_what_is_read_is_replayed() -> None:
    first = asked(parked(a_raw({}), why="KeyError", at=NOW), NOW)
    back = parked_again(first, why="y" * 500)
    assert (back.state, back.tries, back.version) == (State.PARKED, 2 * TRIES_MAX, 3)
    assert back.why == "y" * WHY_CHARS_MAX
    done = replayed(first)
    assert done == replace(first, state=State.REPLAYED, version=3)


@pytest.mark.parametrize(
    ("old", "new", "keys", "is_so"),
    [
        ({}, {"q": {"S": "now"}}, OF_PARKED, True),
        ({"q": {"S": "then"}}, {"q": {"S": "now"}}, OF_PARKED, True),
        ({"q": {"S": "now"}}, {"q": {"S": "now"}, "n": {"N": "10"}}, OF_PARKED, False),
        (None, {"q": {"S": "now"}}, OF_PARKED, False),
        ({"q": {"S": "now"}}, None, OF_PARKED, False),
        ({}, {"q": {"S": "now"}}, KEYS, False),
    ],
)
def test_a_new_question_about_a_parked_record_asks_for_it(
    old: Image | None, new: Image | None, keys: Image, *, is_so: bool
) -> None:
    record = record_of(a_raw(new, old, keys=keys))
    assert is_asked(record) is is_so
    assert not is_so or parked_id_of(record) == "prk_1"


def test_pauses_between_tries_double_from_a_tenth_of_a_second() -> None:
    assert [pause_before(attempt) for attempt in range(1, TRIES_MAX)] == [0.1, 0.2, 0.4, 0.8]

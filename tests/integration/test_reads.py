"""Reads on a real engine: lists that know their end, and batches that are answered in part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pytest

from chalicelib.kernel.errors import Unavailable
from chalicelib.storage.reads import Range, fetch_raw, query, query_all
from chalicelib.storage.table import IntAttribute, Item, Key, connection
from chalicelib.storage.work import BUDGET_SECONDS, Work
from tests.builders import NOW

pytestmark = pytest.mark.usefixtures("table")

FIVE: Final[Sequence[Key]] = [("p", f"N#{number}") for number in range(5)]


class Numbered(Item):
    """A thing to read."""

    number = IntAttribute(attr_name="n")


class Time:
    """A clock that only pauses move."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def pause(self, seconds: float) -> None:
        self.seconds += seconds

    def elapsed(self) -> float:
        return self.seconds


@pytest.fixture
def work() -> Work:
    time = Time()
    return Work(NOW, pause=time.pause, elapsed=time.elapsed)


@pytest.fixture(autouse=True)
def five(table: str) -> None:  # noqa: ARG001 - they are written into it
    for number, key in enumerate(FIVE):
        Numbered(*key, number=number, l1=f"L#{9 - number}").save()


@contextmanager
def leaving_out(rounds: int) -> Iterator[list[int]]:
    """Take the last item out of the next answers, as DynamoDB does when it is busy; count keys."""
    asked: list[int] = []
    events = connection().connection.client.meta.events

    def note(params: dict[str, Any], **_: object) -> None:
        asked.append(sum(len(part["Keys"]) for part in params["RequestItems"].values()))

    def take(parsed: dict[str, Any], **_: object) -> None:
        if len(asked) <= rounds:
            for name, items in parsed["Responses"].items():
                last = items.pop()
                parsed["UnprocessedKeys"] = {name: {"Keys": [{k: last[k] for k in ("p", "s")}]}}

    # The stubs know only handlers that take every argument.
    before: Any = note
    after: Any = take
    events.register("provide-client-params.dynamodb.BatchGetItem", before)
    events.register("after-call.dynamodb.BatchGetItem", after)
    try:
        yield asked
    finally:
        events.unregister("provide-client-params.dynamodb.BatchGetItem", before)
        events.unregister("after-call.dynamodb.BatchGetItem", after)


def test_keys_that_the_engine_left_out_are_read_again_and_no_others(work: Work) -> None:
    with leaving_out(2) as asked:
        found = fetch_raw(work, FIVE)
    assert asked == [5, 1, 1]
    assert {key: raw["n"]["N"] for key, raw in found.items()} == {
        key: str(number) for number, key in enumerate(FIVE)
    }


def test_keys_that_are_always_left_out_end_with_patience(work: Work) -> None:
    with leaving_out(10_000), pytest.raises(Unavailable):
        fetch_raw(work, FIVE)
    assert work.elapsed() <= BUDGET_SECONDS


@pytest.mark.parametrize("index", [None, "l1"])
@pytest.mark.parametrize("forward", [True, False])
def test_a_last_page_that_is_exactly_full_has_no_next_one(
    work: Work, index: str | None, *, forward: bool
) -> None:
    prefix = "L#" if index else "N#"
    whole = Range("p", prefix, index=index, forward=forward)
    expected = [item.number for item in query_all(work, Numbered, part=whole)]
    assert sorted(expected) == [0, 1, 2, 3, 4]
    for limit, pages in ((1, 5), (2, 3), (4, 2), (5, 1), (6, 1)):
        seen: list[list[int]] = []
        after: str | None = ""
        while after is not None:
            part = Range(
                "p", prefix, index=index, forward=forward, limit=limit, after=after or None
            )
            page = query(work, Numbered, part=part)
            seen.append([item.number for item in page.items])
            after = page.next_position
        assert [number for numbers in seen for number in numbers] == expected
        assert len(seen) == pages


def test_a_prefix_takes_capitals_as_capitals_and_nothing_behind_it(work: Work) -> None:
    for sort in ("n#1", "N", "N$", "O#1"):
        Numbered("p", sort, number=9).save()
    page = query(work, Numbered, part=Range("p", "N#"))
    assert [item.sort for item in page.items] == [sort for _, sort in FIVE]

"""What comes between the look at a member who leaves and the erasure, or the other way round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from chalicelib.storage.table import connection
from chalicelib.storage.wakes import waiting
from chalicelib.storage.work import Work
from tests.events import Reply
from tests.invariants import check_all
from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import ADDRESS, placed, run_expiry
from tests.privacy import erased, told_anywhere
from tests.rows import row

TO_REMIND: Final = datetime(2028, 10, 31, 4, tzinfo=UTC)
"""Thirty days before the last one of points that are earned at the opening."""
PAST: Final = datetime(2028, 12, 1, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def checked(mall: Mall) -> Iterator[None]:
    """Look at every invariant after each test."""
    yield
    check_all(Work(mall.clock.now()))


@contextmanager
def between(happens: Callable[[], object]) -> Iterator[None]:
    """Let something happen right before the first write of the block."""
    events, left = connection().connection.client.meta.events, [happens]

    def look(model: Any, **_: object) -> None:
        if model.name == "TransactWriteItems" and left:
            left.pop()()

    events.register("before-call.dynamodb", look)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb", look)


def test_an_order_in_between_is_seen_and_stands_against_being_erased(mall: Mall) -> None:
    lin, mug = mall.member("lin", points=100), mall.reward(10)
    with between(lambda: placed(lin, mug, address=ADDRESS)):
        refused = lin.delete("/me")
    assert refused.code == "orders_open"
    (order,) = made(lin.get("/orders"), 200)["items"]
    assert made(lin.get(f"/orders/{order['id']}"), 200)["address"]["line1"] == ADDRESS["line1"]


def test_points_that_come_in_between_end_as_well(mall: Mall) -> None:
    lin = mall.member("lin", points=100)
    with between(lambda: mall.earn("lin", 50)):
        assert erased(lin)["points_expired"] == 150


def test_a_reminder_in_between_does_not_stand_against_being_erased(mall: Mall) -> None:
    lin = mall.member("lin", points=100)
    mall.clock.instant = TO_REMIND
    with between(lambda: run_expiry(mall)):
        assert erased(lin)["points_expired"] == 100
    wallet = row(id_of("lin"), "W")
    assert (wallet["rd"], wallet["x"]) == ({"S": "2028-10-31"}, {"BOOL": True})


def test_an_erasure_in_between_leaves_the_sweep_nothing_to_do_and_no_failure(mall: Mall) -> None:
    lin = mall.member("lin", points=100)
    mall.clock.instant = PAST
    with between(lambda: erased(lin)):
        run_expiry(mall)
    assert waiting(Work(mall.clock.now()), "wallet", limit=1).items == []


@pytest.mark.parametrize("path", ["/purchases", "/orders", "/me/notices"])
def test_what_was_judged_before_an_erasure_comes_too_late(mall: Mall, path: str) -> None:
    lin, mug = mall.member("lin", points=100), mall.reward(10)
    ways: Mapping[str, Callable[[], Reply]] = {
        "/purchases": lambda: mall.till.post(path, a_purchase("lin", 10, "late")),
        "/orders": lambda: lin.post(path, {"reward_id": mug, "address": ADDRESS}, key="late"),
        "/me/notices": lambda: lin.put(path, {"sms": True}),
    }
    send = ways[path]
    with between(lambda: erased(lin)):
        late = send()
    assert (late.status, late.code) == (503, "contended")
    assert send().status == (404 if path == "/purchases" else 401)
    assert told_anywhere() == set()

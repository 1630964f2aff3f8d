"""What comes between the look at a member who leaves and the erasure, or the other way round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from chalicelib.gateways.messages.errors import Down
from chalicelib.outreach.notices.rules import TRIES_MAX
from chalicelib.storage.wakes import waiting
from chalicelib.storage.work import Work
from tests.cash import came_late, dear, look, paid_too_late
from tests.events import Api, Reply
from tests.faults import Crashed, Fault, faults
from tests.invariants import check_all, snapshot
from tests.mall import Mall, a_purchase, id_of, made
from tests.orders import ADDRESS, placed, run_expiry, send
from tests.privacy import SECRETS, a_full_life, between, erased, told_anywhere
from tests.relaying import Desk, a_desk
from tests.rows import of_sort, overwrite, row
from tests.stripes import LocalStripe, taking_money
from tests.tape import Tape

TO_REMIND: Final = datetime(2028, 10, 31, 4, tzinfo=UTC)
"""Thirty days before the last one of points that are earned at the opening."""
PAST: Final = datetime(2028, 12, 1, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def checked(mall: Mall) -> Iterator[None]:
    """Look at every invariant after each test."""
    yield
    check_all(Work(mall.clock.now()))


def test_an_order_in_between_stands_against_being_erased_and_nothing_is_lost(mall: Mall) -> None:
    lin, mug = a_full_life(mall), mall.reward(10)
    after: list[bytes] = []

    def come() -> None:
        placed(lin, mug, address=ADDRESS)
        after.append(snapshot(Work(mall.clock.now())))

    with between(come):
        refused = lin.delete("/me")
    assert refused.code == "orders_open"
    assert after == [snapshot(Work(mall.clock.now()))]
    assert told_anywhere() == set(SECRETS)


@pytest.mark.parametrize("word", [{"tracking": "left at neighbour Wang's"}, {"state": "pending"}])
def test_no_word_about_a_parcel_outlives_its_member(mall: Mall, word: dict[str, str]) -> None:
    lin, mug = mall.member("lin", points=100), mall.reward(10)
    order = placed(lin, mug, address=ADDRESS)
    made(send(mall, order), 200)
    with between(lambda: made(send(mall, order, **word), 200)):
        erased(lin)
    told = made(mall.support.get(f"/admin/orders/{order['id']}"), 200)
    assert (told["fulfilment"], told["tracking"], told["address"]) == ("sent", None, None)
    assert send(mall, order, **word).code == "nothing_to_send"
    assert told_anywhere() == set()


def test_an_operators_word_that_was_judged_before_comes_too_late(mall: Mall) -> None:
    lin, mug = mall.member("lin", points=100), mall.reward(10)
    order = placed(lin, mug, address=ADDRESS)
    made(send(mall, order), 200)
    with between(lambda: erased(lin)):
        late = send(mall, order, tracking="left at neighbour Wang's")
    assert (late.status, late.code) == (409, "nothing_to_send")
    assert told_anywhere() == set()


def dies_over_it(lin: Api) -> None:
    """Let a member be erased by a process that dies before it has cleared anything away."""
    with faults({1: Fault.CRASH_BEFORE}, only="TransactWriteItems"), pytest.raises(Crashed):
        lin.delete("/me")


def test_whoever_dies_over_it_has_forgotten_nothing_that_the_relay_does_not_forget(
    mall: Mall,
) -> None:
    lin, tape = a_full_life(mall), Tape()
    dies_over_it(lin)
    assert told_anywhere() == {"林小雨", "南京西路", "left at"}
    assert tape.play(mall) == []
    assert told_anywhere() == set()
    assert of_sort("N#") == []


def test_two_who_erase_at_once_erase_once(mall: Mall) -> None:
    lin = a_full_life(mall)
    with between(lambda: erased(lin)):
        late = lin.delete("/me")
    assert (late.status, late.code) == (503, "contended")
    assert lin.delete("/me").status == 401


@pytest.fixture
def desk(mall: Mall) -> Iterator[Desk]:
    """Return the mall with its relay."""
    with a_desk(mall) as opened:
        yield opened


def freeze(mall: Mall) -> None:
    """Do what lin is told of."""
    path = f"/admin/members/{id_of('lin')}/freeze"
    made(mall.support.post(path, {"reason": "a stolen phone"}), 200)


def test_a_fact_heard_before_is_told_to_nobody_who_was_erased(desk: Desk) -> None:
    lin = desk.lin()
    freeze(desk.mall)
    with between(lambda: erased(lin)):
        assert desk.play() == []
    assert (desk.outbox.sent, of_sort("N#"), desk.parked()) == ([], [], [])


def test_what_waited_for_the_morning_is_sent_to_nobody_who_was_erased(desk: Desk) -> None:
    lin = desk.lin()
    made(lin.put("/me/notices", {"push": True}), 200)
    desk.mall.clock.advance(hours=11)
    freeze(desk.mall)
    assert (desk.play(), len(desk.waiting())) == ([], 1)
    desk.outbox.sent.clear()
    desk.mall.clock.advance(hours=12)
    with between(lambda: erased(lin)):
        desk.run_job()
    assert (desk.outbox.sent, of_sort("N#")) == ([], [])


def test_the_last_try_is_made_for_nobody_whose_erasure_stopped_half_way(desk: Desk) -> None:
    """The notice is still there, and the last try of all leaves no wake-up that needs somebody."""
    lin = desk.lin()
    freeze(desk.mall)
    desk.outbox.failures.append(Down("throttled"))
    assert desk.play() == []
    (kept,) = of_sort("N#")
    overwrite(kept, n={"N": str(TRIES_MAX - 1)})
    desk.mall.clock.advance(minutes=5)
    with between(lambda: dies_over_it(lin)):
        desk.run_job()
    assert (desk.outbox.sent, len(of_sort("N#"))) == ([], 1)
    assert (desk.play(), of_sort("N#")) == ([], [])


@pytest.fixture
def stripe(mall: Mall, tmp_path: Path) -> Iterator[LocalStripe]:
    """Return a local Stripe that takes the mall's money, by the mall's clock."""
    with taking_money(mall, tmp_path) as local:
        yield local


def test_money_that_brings_an_order_back_in_between_finds_its_address(
    mall: Mall, stripe: LocalStripe
) -> None:
    lin, mug = mall.member("lin", points=500), dear(mall)
    order = placed(lin, mug, address=ADDRESS)
    paid_too_late(mall, stripe, lin, order)
    with between(lambda: came_late(mall, order)):
        assert lin.delete("/me").code == "orders_open"
    told = look(lin, order)
    assert (told["status"], told["fulfilment"]) == ("settled", "pending")
    assert told["address"]["line1"] == ADDRESS["line1"]


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
    assert late.code == ("unauthenticated" if path == "/me/notices" else "contended")
    assert send().status == (404 if path == "/purchases" else 401)
    assert told_anywhere() == set()

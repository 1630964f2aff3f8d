"""Each known bug is caught, and here stands by which part of the harness.

Every control runs twice: in the sound product, where nothing may be found, and in the build with
the bug, where this part must find it in these words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest

from app import app
from chalicelib.storage.work import Work
from tests import crash_requests as requests
from tests.api.till import meanwhile
from tests.controls import bugs
from tests.controls.bugs import Slip, a_build_with
from tests.crash_requests import Clients
from tests.crashes import Hours, Loaded, Matrix, UseCase
from tests.faults import Fault
from tests.invariants import check_all
from tests.mall import Mall, a_purchase, made
from tests.properties.deeds import enrolling, placing, reporting
from tests.properties.world import World

ONE_UNIT: Final = {"mode": "counted", "units": 1, "peak_per_second": 1}
NUMBERS: Final = ((r'{"N": "-?[0-9]+"}', "number"), (r"J#[0-9]{12}", "J#"))
"""What a crash matrix leaves out of sight where clients share a member."""


@dataclass(frozen=True, slots=True)
class Control:
    """A bug, the part of the harness that catches it, and what it says then."""

    bug: tuple[Slip, ...]
    part: Callable[[Mall], None]
    says: str


def two_purchases_at_once(mall: Mall) -> None:
    """The state machine's race: the second purchase comes between reading and writing."""
    world = World.opened(mall)
    world.do(enrolling(mall, "lin"), [])
    first, second = (
        reporting(mall, a_purchase("lin", 100, f"raced-{number}")) for number in range(2)
    )
    world.race(first, second)
    world.all_agrees()


def invariants_after_two_purchases_at_once(mall: Mall) -> None:
    """The invariants, of a table in which two purchases met."""
    mall.member("lin", points=50)
    with meanwhile(lambda: mall.earn("lin", 20)):
        mall.earn("lin", 10)
    check_all(Work(mall.clock.now()))


def two_orders_for_one_unit(mall: Mall) -> None:
    """The invariants, of a table in which two buyers met at the last unit."""
    mug = mall.reward(10, stock=ONE_UNIT)
    lin, wang = mall.member(points=10), mall.member(points=10)
    with meanwhile(lambda: wang.post("/orders", {"reward_id": mug}, key="k")):
        lin.post("/orders", {"reward_id": mug}, key="k")
    check_all(Work(mall.clock.now()))


def a_crash_between_writes(mall: Mall) -> None:
    """The crash matrix: the process dies before and after each transaction of an order."""
    hours, before = Hours(), (app.pause, app.elapsed, app.dice)
    app.pause, app.elapsed, app.dice = hours.pause, hours.elapsed, Loaded()
    try:
        mall.member("first")
        clients = Clients(mall)
        case = UseCase("redeem", lambda: requests.redeem(clients), again=201, masks=NUMBERS)
        matrix = Matrix(case)
        calm = matrix.cell({})
        for at, call in enumerate(calm.made[: calm.calls_first]):
            if call == "TransactWriteItems":
                matrix.judged({at: Fault.CRASH_BEFORE}, calm)
                matrix.judged({at: Fault.CRASH_AFTER}, calm)
        check_all(matrix.work)
    finally:
        app.pause, app.elapsed, app.dice = before


def a_leap_past_a_date(mall: Mall) -> None:
    """The state machine's model: it knows when points can no longer be used."""
    world = World.opened(mall)
    world.do(enrolling(mall, "lin"), [])
    world.do(reporting(mall, a_purchase("lin", 100, "old")), [])
    world.move_to(world.program.now + timedelta(days=800))
    world.wallets_agree()
    ask = {"reward_id": world.rewards[0], "option": 0, "quantity": 1}
    world.do(placing(mall, "lin", "k", ask), [])


def a_redemption_past_a_date(mall: Mall) -> None:
    """The invariants, of a table in which points were spent after their date."""
    lin = mall.member("lin", points=100)
    mug = mall.reward(100)
    mall.clock.advance(days=800)
    lin.post("/orders", {"reward_id": mug}, key="k")
    check_all(Work(mall.clock.now()))


def a_cancelled_order_with_limits(mall: Mall) -> None:
    """The invariants, of a table in which an order with limits was cancelled."""
    lin = mall.member(points=100)
    mug = mall.reward(10, limits=[{"per": "ever", "units": 3}])
    order = made(lin.post("/orders", {"reward_id": mug, "quantity": 2}, key="k"), 201)
    made(lin.post(f"/orders/{order['id']}/cancel", key="c"), 200)
    check_all(Work(mall.clock.now()))


CONTROLS: Final = {
    "a blind add: the state machine's race": Control(
        bugs.BLIND_ADD, two_purchases_at_once, "503 contended"
    ),
    "a blind add over the journal: the state machine's race": Control(
        bugs.BLIND_ADD_OVER_ENTRIES, two_purchases_at_once, "lin"
    ),
    "a blind add over the journal: the invariants": Control(
        bugs.BLIND_ADD_OVER_ENTRIES, invariants_after_two_purchases_at_once, "entries"
    ),
    "stock read, then written: the invariants after a race": Control(
        bugs.READ_THEN_WRITE, two_orders_for_one_unit, "orders do not hold them"
    ),
    "a receipt before its transaction: the crash matrix": Control(
        bugs.RECEIPT_FIRST, a_crash_between_writes, "CRASH"
    ),
    "a receipt after its transaction: the crash matrix": Control(
        bugs.RECEIPT_AFTER, a_crash_between_writes, "CRASH"
    ),
    "expiry by job only: the state machine's model": Control(
        bugs.EXPIRY_BY_JOB, a_leap_past_a_date, "lin"
    ),
    "expiry by job only: the invariants": Control(
        bugs.EXPIRY_BY_JOB,
        a_redemption_past_a_date,
        "does not take the soonest points that are good",
    ),
    "a release that forgets limits: the invariants": Control(
        bugs.LIMITS_FORGOTTEN, a_cancelled_order_with_limits, "its orders"
    ),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_a_known_bug_is_caught_by_this_part(mall: Mall, name: str) -> None:
    control = CONTROLS[name]
    with a_build_with(control.bug), pytest.raises(AssertionError, match=control.says):
        control.part(mall)


PARTS: Final = {control.part.__name__: control.part for control in CONTROLS.values()}


@pytest.mark.parametrize("name", PARTS)
def test_the_same_part_finds_nothing_in_the_product_itself(mall: Mall, name: str) -> None:
    PARTS[name](mall)


def test_a_build_is_gone_when_its_control_is_over(mall: Mall) -> None:
    lin = mall.member("lin", points=100)
    with a_build_with(bugs.EXPIRY_BY_JOB):
        pass
    mall.clock.advance(days=800)
    assert lin.get("/me/wallet")["available"] == 0

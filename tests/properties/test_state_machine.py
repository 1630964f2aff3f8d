"""Purchases, orders, what becomes of both, leaps of time, replays and crashes against the model.

`JIFEN_HYPOTHESIS=long` looks for an hour or so, each time elsewhere; otherwise the runs are few and
always the same, so that a red test stays red.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from app import app
from chalicelib.settings import settings
from chalicelib.web.logs import logger
from infra.local.engines import RunningEngine
from infra.local.table import create_table
from tests.conftest import SETTINGS
from tests.depth import IS_WHOLE
from tests.faults import Fault
from tests.mall import Hands, Mall, id_of
from tests.properties.deeds import (
    LATECOMER,
    Body,
    enrolling,
    hearing,
    placing,
    refunding,
    reporting,
)
from tests.properties.order_deeds import Target, fetching, giving_back
from tests.properties.shelves import CODED
from tests.properties.stories import StoryMachine
from tests.properties.world import World

PHASES: Final = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""Explaining a failure runs it many times more, and says little of a state machine."""
SHORT: Final = hypothesis_settings(
    max_examples=30 if IS_WHOLE else 10,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    phases=PHASES,
)
LONG: Final = hypothesis_settings(
    max_examples=2000, stateful_step_count=100, deadline=None, phases=PHASES
)
MONTHS: Final = 85
"""More than the 72 dates that a wallet keeps."""
_numbers = itertools.count(1)


@pytest.fixture
def open_mall(
    engine: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Mall]]:
    """Return what opens a mall over a new table, as often as Hypothesis likes."""
    clock, level = app.clock, logger().log_level
    logger().setLevel(logging.ERROR)

    def opened() -> Mall:
        name = f"jifen-machine-{next(_numbers)}"
        create_table(engine.endpoint, name)
        for variable, value in (SETTINGS | {"JIFEN_TABLE": name}).items():
            monkeypatch.setenv(variable, value)
        settings.cache_clear()
        app.clock = hands = Hands()
        return Mall(app, hands)

    yield opened
    app.clock = clock
    logger().setLevel(level)


def a_report(channel: str, purchase_id: str, amount: int) -> Body:
    """Return a purchase of lin's."""
    return {
        "channel": channel,
        "purchase_id": purchase_id,
        "member_id": id_of("lin"),
        "paid": {"amount": amount, "currency": "cny"},
    }


@pytest.mark.timeout(7200)
def test_the_program_does_what_the_model_says(open_mall: Callable[[], Mall]) -> None:
    chosen = LONG if os.environ.get("JIFEN_HYPOTHESIS") == "long" else SHORT
    # Any factory will do; the annotation knows only classes.
    machine: Any = partial(StoryMachine, open_mall)
    run_state_machine_as_test(machine, settings=chosen)


def test_a_wallet_of_too_many_dates_merges_them(open_mall: Callable[[], Mall]) -> None:
    mall = open_mall()
    world = World.opened(mall)
    world.do(enrolling(mall, "lin"), [])
    world.exempt("lin", date(2080, 1, 1), [])
    for month in range(MONTHS):
        world.tick()
        name = ("web", f"p-{month}")
        world.do(reporting(mall, a_report(*name, amount=(10 + month) * 100)), [])
        world.do(refunding(mall, name, "r", 300), [])
        world.move_to(world.program.now + timedelta(days=31 + month % 3 * 20))
        world.wallets_agree()
    assert len(world.program.wallet("lin")["lots"]) == 72
    world.do(refunding(mall, ("web", "p-3"), "all", 10 * 100), [])
    world.do(
        placing(mall, "lin", "k", {"reward_id": world.rewards[0], "option": 1, "quantity": 20}), []
    )
    world.wallets_agree()
    world.all_agrees()


def test_a_code_that_was_seen_is_shown_to_nobody_else(open_mall: Callable[[], Mall]) -> None:
    """One unit comes back seen, the other one unseen: only that is sold again."""
    mall = open_mall()
    world = World.opened(mall)
    coded = world.rewards[CODED]
    for subject, amount in (("lin", 10_000), ("wang", 10_000)):
        world.do(enrolling(mall, subject), [])
        report = {**a_report("web", subject, amount), "member_id": id_of(subject)}
        world.do(reporting(mall, report), [])
    for number, is_fetched in enumerate((True, False)):
        world.tick()
        ask = {"reward_id": coded, "option": 0, "quantity": 2}
        order = world.do(placing(mall, "lin", f"k-{number}", ask), [])
        target = Target(("lin", f"k-{number}"), order["id"])
        if is_fetched:
            world.do(fetching(mall, "lin", target, world.saw), [])
        world.do(giving_back(mall, f"k-{number}", target, 1, restock=True), [])
        world.do(giving_back(mall, f"l-{number}", target, None, restock=True), [])
    assert world.program.rewards[coded].told() == {"made": 4, "free": 2, "taken": 0, "withdrawn": 2}
    order = world.do(
        placing(mall, "wang", "k", {"reward_id": coded, "option": 0, "quantity": 2}), []
    )
    world.do(fetching(mall, "wang", Target(("wang", "k"), order["id"]), world.saw), [])
    assert sum(map(len, world.seen.values())) == 4
    world.all_agrees()


def test_what_a_newcomer_gives_back_is_taken_from_the_referrer(
    open_mall: Callable[[], Mall],
) -> None:
    """Heard of after each step, through a crash: half of it takes nothing, all of it everything."""
    mall = open_mall()
    world = World.opened(mall)
    for subject in ("lin", LATECOMER):
        world.do(enrolling(mall, subject), [])
    for number, part in enumerate((10_000, 4_000, 6_000)):
        world.tick()
        name = ("web", "p-0")
        sale = {**a_report(*name, amount=10_000), "member_id": id_of(LATECOMER)}
        world.do(
            refunding(mall, name, f"r-{number}", part) if number else reporting(mall, sale), []
        )
        world.do(hearing(mall), [{5: Fault.CRASH_AFTER}])
        world.wallets_agree()
    assert world.program.wallet("lin")["available"] == 0
    assert world.program.referral is not None
    assert world.program.referral.is_back
    world.all_agrees()

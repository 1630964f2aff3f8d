"""Numbered units and imports of codes: plans that no rule would make are refused by the table."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from chalicelib.catalog.codes import store as codes
from chalicelib.catalog.codes.model import Import, State
from chalicelib.catalog.stock import store as stock
from chalicelib.catalog.stock.model import Mode, StockPlan
from chalicelib.catalog.supply import service as supply
from chalicelib.catalog.units import store as units
from chalicelib.catalog.units.model import Hand
from chalicelib.catalog.units.rules import WITHDRAWN
from chalicelib.kernel.errors import Contended, KeyReused
from chalicelib.storage.transaction import Moved, Replayed
from tests.builders import NOW, REWARD_ID
from tests.mutation.plans import WORK, Add, Wrong, columns, handed, refused

DROP: Final = StockPlan(REWARD_ID, Mode.NUMBERED, units=5, made=5)
POOL: Final = StockPlan(REWARD_ID, Mode.CODED, made=5, reserved=5)
UNIT: Final = units.key_of(REWARD_ID, 2)
FILE: Final = Import("imp_0Ab1Cd2Ef3G", REWARD_ID, NOW, State.PREVIEWED, 9, 9, ())
RUNNING: Final = replace(FILE, state=State.RUNNING, base=5)


def claimed(plan: StockPlan, owner: str = "ord_a", number: int = 2) -> Add:
    return lambda tx: units.claim(tx, plan, number=number, hand=Hand(owner, [number]))


def disowned(owner: str) -> Add:
    return lambda tx: units.disown(tx, DROP, number=2, owner=owner)


def retired(owner: str) -> Add:
    return lambda tx: units.retire(tx, DROP, number=2, owner=owner)


def a_code(code: bytes = b"sealed") -> Add:
    return lambda tx: units.put_code(tx, UNIT, code=code)


def uploaded(fingerprint: bytes = b"one") -> Add:
    return lambda tx: codes.put_import(tx, FILE, fingerprint=fingerprint)


def begun(base: int = 5) -> Add:
    return lambda tx: codes.begin(tx, replace(RUNNING, base=base))


def saved(done: int, state: State = State.RUNNING) -> Add:
    told = replace(RUNNING, done=done, imported=done, state=state)
    return lambda tx: codes.save(tx, told)


def a_chunk(*lines: str) -> Add:
    return lambda tx: codes.put_chunk(tx, FILE.id, number=0, codes=lines)


def emptied(number: int = 0) -> Add:
    return lambda tx: codes.empty_chunk(tx, FILE.id, number=number)


def a_claim(number: int, reward_id: str = REWARD_ID) -> Add:
    return lambda tx: codes.put_claims(tx, reward_id, batch={"CODE": number})


RUNS: Final = (uploaded(), begun())
WRONG: Final = {
    "a unit that has an owner": Wrong(claimed(DROP, "ord_b"), Moved, (claimed(DROP),)),
    "a code that has an owner": Wrong(claimed(POOL, "ord_b"), Moved, (a_code(), claimed(POOL))),
    "a hole among the codes": Wrong(claimed(POOL), Moved),
    "a unit that was withdrawn": Wrong(claimed(DROP, WITHDRAWN), Moved, (claimed(DROP),)),
    "a unit given back by a stranger": Wrong(disowned("ord_b"), Contended, (claimed(DROP),)),
    "a unit given back by an earlier name": Wrong(disowned("ord_"), Contended, (claimed(DROP),)),
    "a unit given back that is free": Wrong(disowned("ord_a"), Contended),
    "a unit retired by a stranger": Wrong(retired("ord_b"), Contended, (claimed(DROP),)),
    "a unit retired by an earlier name": Wrong(retired("ord_"), Contended, (claimed(DROP),)),
    "a code put over another": Wrong(a_code(b"other"), Contended, (a_code(),)),
    "an import again": Wrong(uploaded(), Replayed, (uploaded(),)),
    "another import of its key": Wrong(uploaded(b"two"), KeyReused, (uploaded(),)),
    "an import begun twice": Wrong(begun(7), codes.Overtaken, RUNS),
    "an import begun after its end": Wrong(
        begun(7), codes.Overtaken, (*RUNS, saved(9, State.DONE))
    ),
    "less done than was": Wrong(saved(3), codes.Overtaken, (*RUNS, saved(4))),
    "progress of an import that does not run": Wrong(saved(3), codes.Overtaken, (uploaded(),)),
    "progress of an import that is done": Wrong(
        saved(9), codes.Overtaken, (*RUNS, saved(9, State.DONE))
    ),
    "a chunk put over another": Wrong(a_chunk("B"), Contended, (a_chunk("A"),)),
    "a chunk emptied that never was": Wrong(emptied(1), Contended, (a_chunk("A"),)),
    "a code of the same reward": Wrong(a_claim(2), codes.Claimed, (a_claim(1),)),
    "a code of another reward": Wrong(a_claim(1, "rwd_other"), codes.Claimed, (a_claim(1),)),
}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_plan_is_refused_by_the_table(name: str) -> None:
    refused(WRONG[name])


@pytest.mark.usefixtures("table")
def test_a_unit_has_one_owner_or_none_or_is_gone_for_ever() -> None:
    for step, owner in (
        (claimed(DROP), {"o": "ord_a"}),
        (disowned("ord_a"), {}),
        (claimed(DROP, "ord_b"), {"o": "ord_b"}),
        (retired("ord_b"), {"o": WITHDRAWN}),
    ):
        handed(step)
        assert columns(UNIT, "o") == owner


@pytest.mark.usefixtures("table")
def test_a_dispenser_hints_every_number_once_and_stops_at_the_end() -> None:
    assert units.draw(WORK, DROP, quantity=2) == range(2)
    assert units.draw(WORK, DROP, quantity=4) is None
    assert units.draw(WORK, DROP, quantity=3) == range(2, 5)
    assert units.draw(WORK, DROP, quantity=1) is None
    assert units.drawn(WORK, [DROP]) == {REWARD_ID: 5}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("hinted", [0, 4])
def test_a_dispenser_is_moved_to_the_end_and_never_back(hinted: int) -> None:
    if hinted:
        units.draw(WORK, DROP, quantity=hinted)
    units.exhaust(WORK, DROP)
    assert units.drawn(WORK, [DROP]) == {REWARD_ID: 5}
    units.exhaust(WORK, replace(DROP, made=5))
    units.exhaust(WORK, replace(DROP, made=3))
    assert units.drawn(WORK, [DROP]) == {REWARD_ID: 5}


@pytest.mark.usefixtures("table")
def test_an_import_runs_from_its_base_to_its_end_and_may_say_so_again() -> None:
    handed(uploaded())
    for step, told in (
        (begun(), (State.RUNNING, 5, 0, 0)),
        (saved(4), (State.RUNNING, 5, 4, 4)),
        (saved(4), (State.RUNNING, 5, 4, 4)),
        (saved(9, State.DONE), (State.DONE, 5, 9, 9)),
    ):
        handed(step)
        raw = codes.find_raw(WORK, FILE.id)
        assert raw is not None
        found = codes.import_from(raw)
        assert (found.state, found.base, found.done, found.imported) == told


@pytest.mark.usefixtures("table")
def test_an_emptied_chunk_is_there_and_holds_nothing() -> None:
    handed(a_chunk("A", "B"))
    assert codes.read_chunk(WORK, FILE.id, number=0) == ["A", "B"]
    handed(emptied())
    assert codes.read_chunk(WORK, FILE.id, number=0) is None


@pytest.mark.usefixtures("table")
def test_a_block_tells_who_owns_what() -> None:
    handed(a_code())
    handed(claimed(DROP, "ord_b", 3))
    assert units.read_block(WORK, POOL, block=0).owners == {2: None, 3: "ord_b"}


@pytest.mark.usefixtures("table")
def test_a_numbered_unit_goes_back_to_where_it_came_from() -> None:
    handed(claimed(DROP))
    handed(lambda tx: supply.give_back(tx, DROP, taken={2: 1}, owner="ord_a"))
    assert columns(UNIT, "o") == {}


@pytest.mark.usefixtures("table")
def test_a_code_that_was_seen_is_gone_and_a_number_is_free_again() -> None:
    handed(a_code())
    handed(claimed(POOL))
    handed(lambda tx: supply.retire(tx, POOL, taken={2: 1}, owner="ord_a"))
    assert columns(UNIT, "o") == {"o": WITHDRAWN}
    handed(claimed(DROP, "ord_b", 3))
    handed(lambda tx: supply.retire(tx, DROP, taken={3: 1}, owner="ord_b"))
    assert columns(units.key_of(REWARD_ID, 3), "o") == {}


@pytest.mark.usefixtures("table")
def test_counted_units_go_back_to_their_shards() -> None:
    plan = StockPlan(REWARD_ID, Mode.COUNTED, units=4, peak_per_second=1, shards=1)
    shard = stock.key_of(REWARD_ID, 0)
    handed(lambda tx: stock.put_shard(tx, shard, units=4))
    handed(lambda tx: stock.take_units(tx, shard, quantity=3, otherwise=lambda _: Contended()))
    handed(lambda tx: supply.give_back(tx, plan, taken={0: 2}, owner="ord_a"))
    assert columns(shard, "f", "k") == {"f": 3, "k": 1}
